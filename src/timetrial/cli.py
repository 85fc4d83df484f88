"""The ``timetrial`` command: subcommands that only delegate."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from timetrial.errors import TimetrialError

_USAGE_ERROR = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand; returns the process's exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["serve"]:  # it has a command line of its own
        from timetrial.mockserver.serve import main as serve

        return serve(given[1:])
    arguments = _parser().parse_args(given)
    try:
        print("\n".join(arguments.lines(arguments)))
    except TimetrialError as error:
        print(f"timetrial: {error}", file=sys.stderr)
        return _USAGE_ERROR
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial",
        description="Run one workload under every concurrency model, prove equal work, time it fairly.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    models = commands.add_parser("models", help="the concurrency models, and whether each can run here")
    models.set_defaults(lines=_models)
    where = commands.add_parser("environment", help="what matters of this machine, of a file's, or between two files'")
    where.add_argument("files", nargs="*", type=Path, metavar="FILE", help="up to two files of results")
    where.set_defaults(lines=_environment)
    commands.add_parser("serve", help="run the mock HTTP server by hand", add_help=False)
    return parser


def _models(_arguments: argparse.Namespace) -> list[str]:
    from timetrial import models
    from timetrial.report.text import columns

    return columns([(name, models.get(name).unavailable() or "can run here") for name in models.NAMES])


def _environment(arguments: argparse.Namespace) -> list[str]:
    from timetrial.measure.environment import environment
    from timetrial.report.environment import difference_lines
    from timetrial.results.read import environment_of

    records = [environment_of(path) for path in arguments.files]
    if len(records) > 2:
        raise TimetrialError("environment compares two files at most")
    if len(records) == 2:
        return difference_lines(*records)
    return [json.dumps(records[0] if records else environment(), indent=2)]


if __name__ == "__main__":
    sys.exit(main())
