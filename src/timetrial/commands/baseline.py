"""``timetrial baseline accept FILE``: makes a run the baseline, on purpose; nothing else ever does."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_DIRECTORY: Final = Path("results", "baselines")


def run(argv: Sequence[str]) -> int:
    """Copies the file to its place in one step; raises ResultsError for one that can't be a baseline."""
    options = _parser().parse_args(argv)

    from timetrial.gate.stored.baseline import accept, name_for, read_baseline
    from timetrial.gate.stored.compare import FEWEST_OF_BASE

    run = read_baseline(options.file)
    to = options.to or _DIRECTORY / name_for(run)
    accept(options.file, to)
    print(f"baseline: {to}, {len(run.entries)} benchmarks in {len(run.launches)} launches")
    if len(run.launches) < FEWEST_OF_BASE:
        print("with so few launches nothing can be asserted against it: timetrial measure --launches 10 -o FILE")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial baseline",
        description="Make a stored run the baseline for --trial-gate and timetrial gate BASE.json CANDIDATE.json.",
    )
    commands = parser.add_subparsers(required=True, metavar="accept")
    command = commands.add_parser("accept", help="validate a file, and put it where baselines are kept")
    command.add_argument("file", type=Path, metavar="FILE", help="what timetrial measure -o FILE wrote")
    command.add_argument(
        "--to", type=Path, metavar="FILE", help=f"default: {_DIRECTORY}/ with the name of the Python that ran it"
    )
    return parser
