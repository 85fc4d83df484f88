"""Draws runs as text.

    python -m benchmarks.figures results/                              bars of all groups in the folder
    python -m benchmarks.figures results/FILE.json images              of those whose name has "images" in it
    python -m benchmarks.figures results/ --into docs/workloads.md     every figure of the page anew

Of several files in a folder the newest that has a group counts for it, as long as it was measured on the same machine
with the same Python as the newest of all. Void trials are left out. With --into, figures whose group was not measured
stay as they are: they are named, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures.draw import Group, bars, groups_of
from benchmarks.figures.page import redrawn, with_where
from timetrial.errors import ResultsError
from timetrial.results.history import machine_label
from timetrial.results.read import read_run


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints or rewrites, and returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        runs = _alike(options.results)
    except ResultsError as error:
        print(error, file=sys.stderr)
        return 2
    groups: dict[str, Group] = {name: group for run in runs for name, group in groups_of(run).items()}
    if options.into:
        return _rewrite(options.into, groups, runs[-1])
    chosen = [(name, group) for name, group in groups.items() if options.part in name]
    print("\n".join(line for name, group in chosen for line in bars(name, group)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.figures", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, help="a file of results, or a folder of them")
    parser.add_argument("part", nargs="?", default="", help="part of a group's name")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="a page of Markdown whose figures are drawn anew")
    return parser


def _alike(path: Path) -> list[Mapping[str, Any]]:
    """The runs of one machine and Python, the oldest first; raises ResultsError where there is none."""
    runs = [read_run(each) for each in (path.glob("*.json") if path.is_dir() else [path])]
    if not runs:
        raise ResultsError(f"{path} holds no files of results: run pytest --benchmark-only")
    runs.sort(key=lambda run: str(run["datetime"]))
    of_the_newest = _where(runs[-1])
    return [run for run in runs if _where(run) == of_the_newest]


def _where(run: Mapping[str, Any]) -> str:
    return machine_label(run["timetrial"].get("environment") or {})


def _rewrite(path: Path, groups: Mapping[str, Group], newest: Mapping[str, Any]) -> int:
    page = redrawn(path.read_text(encoding="utf-8"), groups)
    path.write_text(with_where(page.text, newest), encoding="utf-8")
    print(f"{path}: {page.figures} figures drawn anew")
    for name in page.missing:
        print(f"not measured, and left as it was: {name}", file=sys.stderr)
    return 1 if page.missing else 0


if __name__ == "__main__":
    sys.exit(main())
