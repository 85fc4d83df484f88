"""``timetrial history results/``: each benchmark over its stored runs, and the commits where it changed."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def run(argv: Sequence[str]) -> int:
    """Returns 0, or 1 where a file could not be read; raises ResultsError where there is nothing to show."""
    options = _parser().parse_args(argv)

    from timetrial.report.escaped import shown
    from timetrial.report.history import BARS, PLAIN_BARS, history_lines
    from timetrial.report.text import few
    from timetrial.results.history import read_history

    history = read_history(options.directory, absolute=options.absolute)
    bars = BARS if (sys.stdout.encoding or "").lower().replace("-", "") == "utf8" else PLAIN_BARS
    print(shown(history_lines(history, options.least / 100, bars)))
    if history.left_out:
        print(shown(few([f"left out: {each}" for each in history.left_out])), file=sys.stderr)
    return 1 if history.left_out else 0


def _percent(text: str) -> float:
    with suppress(ValueError):
        if 0 <= (number := float(text)) < math.inf:
            return number
    raise argparse.ArgumentTypeError(f"{text}: a percentage from 0 on, such as 5")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial history",
        description="Show each benchmark over the runs stored in a directory, find where it changed, name the commit. "
        "Exit status 1 if a file could not be read.",
    )
    parser.add_argument(
        "directory", nargs="?", type=Path, default=Path("results"), metavar="DIR", help="default: results"
    )
    parser.add_argument(
        "--absolute", action="store_true", help="show seconds also where a benchmark has a reference in its run"
    )
    parser.add_argument(
        "--least", type=_percent, default=2.0, metavar="PERCENT", help="tell no smaller change (default: %(default)s)"
    )
    return parser
