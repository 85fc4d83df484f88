"""``timetrial environment``: what matters of this machine, of a results file's, or between two files'."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path


def run(argv: Sequence[str]) -> int:
    """Prints one record as JSON, or what differs between two; raises ResultsError for a file that has none."""
    parser = argparse.ArgumentParser(
        prog="timetrial environment",
        description="Describe this machine, Python and libraries, or those of a file; compare those of two files.",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="up to two files of results")
    files = parser.parse_args(argv).files
    if len(files) > 2:
        parser.error("it compares two files at most")

    from timetrial.environment.record import environment
    from timetrial.report.environment import difference_lines
    from timetrial.report.escaped import shown
    from timetrial.results.read import environment_of

    records = [environment_of(path) for path in files]
    if len(records) == 2:
        print(shown(difference_lines(*records)))
    else:
        print(json.dumps(records[0] if records else environment(), indent=2))
    return 0
