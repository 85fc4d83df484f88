"""``timetrial curves``: each model's curve over what a sweep varied, and where they cross, from a results file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path


def run(argv: Sequence[str]) -> int:
    """Prints tables or JSON; raises ResultsError for a file that can't be read."""
    parser = argparse.ArgumentParser(
        prog="timetrial curves", description="A sweep's curves and where they cross, from a file of results."
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    arguments = parser.parse_args(argv)

    from timetrial.environment.identity import baseline_lines
    from timetrial.report.curves import curve_lines
    from timetrial.report.escaped import shown
    from timetrial.results.curves import python_of_file, read_shapes

    found = read_shapes(arguments.file)
    if arguments.json:
        print(json.dumps([each.as_dict() for each in found], indent=2))
    else:
        none = f"{arguments.file} holds no sweep: run one with --benchmark-only --trial-sweep"
        python = python_of_file(arguments.file)
        print(
            shown(
                [f"{arguments.file.name}, {python}", *curve_lines(found), *baseline_lines(python)] if found else [none]
            )
        )
    return 0
