"""The ``timetrial`` command: finds the subcommand, runs it, and turns what goes wrong into a line and a status."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import Final

from timetrial.errors import TimetrialError

# Only the module of the command that was asked for is imported.
_COMMANDS: Final = {
    "run": "which model, and how many at once, for a function of yours",
    "advise": "which model to use for each workload of stored runs, and when it would be another one",
    "claims": "advice that people repeat, tested on what was measured here; with --measure, measure what is missing",
    "gate": "did the code get slower? passes, fails, or says that it could assert nothing",
    "baseline": "accept a file as the baseline, on purpose",
    "report": "stored runs as one page that answers at a glance, with charts",
    "history": "each benchmark over its stored runs, and where it changed",
    "bisect": "find the commit that slowed a benchmark",
    "measure": "the benchmarks in several fresh interpreters, kept apart in one file",
    "models": "the concurrency models, and whether each can run here; with --costs, what each costs",
    "curves": "each model's curve over what a sweep varied, and where they cross, from a file",
    "environment": "what matters of this machine, of a file's, or between two files'",
    "serve": "run the mock HTTP server by hand",
}
_USAGE_ERROR: Final = 2
_INTERRUPTED: Final = 130  # as a shell reports a command that Ctrl-C ended
_NOBODY_READS: Final = 141  # and one that SIGPIPE did, as it does most tools behind a pipe that was closed


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand; returns the process's exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    _escape_what_has_no_encoding()
    command = _parser().parse_args(given[:1]).command
    try:
        status: int = import_module(f"timetrial.commands.{command}").run(given[1:])
        sys.stdout.flush()  # here, where a reader that is gone can still be told from a mistake
    except TimetrialError as error:
        _complain(command, error)
        return _USAGE_ERROR
    except OSError as error:
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            return _NOBODY_READS
        _complain(command, error)
        return _USAGE_ERROR
    except Exception:  # noqa: BLE001 - Python's own status for it is 1, which a gate says of a regression
        traceback.print_exc()
        print(f"timetrial {command}: this is a mistake of timetrial's own; please report it", file=sys.stderr)
        return _USAGE_ERROR
    except KeyboardInterrupt as stop:  # with what a command has to say of it
        _complain(command, f"interrupted{f': {stop}' if str(stop) else ''}")
        return _INTERRUPTED
    return status


def _complain(command: str, error: Exception | str) -> None:
    """One error, whatever it quotes."""
    from timetrial.report.escaped import lines_in_terminal

    print(lines_in_terminal(f"timetrial {command}: {error}"), file=sys.stderr)


def _escape_what_has_no_encoding() -> None:
    """A name that the terminal's encoding lacks is shown by its escapes, and not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _nobody_reads() -> bool:
    """Whether it was standard output whose reader is gone, such as head's; Python then writes nothing more to it."""
    try:
        print(flush=True)
    except BrokenPipeError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, _COMMANDS)) + 2
    parser = argparse.ArgumentParser(
        prog="timetrial",
        usage="timetrial COMMAND [OPTION ...]",
        description="Run one workload under every concurrency model, prove equal work, time it fairly.",
        epilog="\n".join(["commands:", *(f"  {name:{width}}{what}" for name, what in _COMMANDS.items())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show timetrial's version and Python's, and exit")
    parser.add_argument("command", choices=_COMMANDS, metavar="COMMAND", help="one of those below; each has a --help")
    return parser


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: a command's start is not to wait for it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"timetrial {version('timetrial')} (Python {sys.version.split()[0]})")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
