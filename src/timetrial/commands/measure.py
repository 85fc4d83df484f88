"""``timetrial measure``: the benchmarks in several fresh interpreters, kept apart in one file to compare with later."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from timetrial.commands.machines import add_machines, require_scheduler

if TYPE_CHECKING:
    from timetrial.launches.run import MeasurePlan

_MOST_LAUNCHES: Final = 100  # the gate compares no more


def run(argv: Sequence[str]) -> int:
    """Returns 0 once all is measured, 1 if a benchmark failed on the way; raises GateError for a launch that broke."""
    parser = _parser()
    options, for_pytest = parser.parse_known_args(argv)
    if not 1 <= options.launches <= _MOST_LAUNCHES:
        parser.error(f"--launches {options.launches}: from 1 to {_MOST_LAUNCHES}, and 10 to compare with")
    if options.output.exists() and not options.overwrite:
        parser.error(f"{options.output} is there already: choose another name, or say --overwrite")
    require_scheduler(options)

    from timetrial.launches.run import MeasurePlan
    from timetrial.report.progress.launches import LaunchesProgress
    from timetrial.system.signals import endings_unwind
    from timetrial.system.warden import warden

    progress = LaunchesProgress(sys.stderr)
    selection = [each for each in for_pytest if each != "--"]
    if options.on:
        from timetrial.commands.selection import in_any_copy

        selection = in_any_copy(selection)
    plan = MeasurePlan(options.launches, options.output, selection, options.interleave, progress, progress.say)
    with endings_unwind(), warden():
        try:
            content = _measured(plan, options.dask_scheduler if options.on else None)
        finally:
            progress.clear()
    return _conclude(options.output, content)


def _measured(plan: MeasurePlan, scheduler: str | None) -> Mapping[str, Any]:
    if scheduler is None:
        from timetrial.launches.run import measure

        return measure(plan)
    from timetrial.machines.measuring import disagreements, measure_on

    content = measure_on(plan, scheduler)
    for line in disagreements(content):
        plan.say(line)
    return content


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial measure",
        usage="timetrial measure -o FILE [--launches N] [pytest argument ...]",
        description="Run the selected benchmarks in several fresh interpreters, one after the other, and keep the "
        "launches apart in one file, for timetrial gate BASE.json CANDIDATE.json.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--launches", type=int, default=10, metavar="N", help="how many interpreters (default: %(default)s)")
    add("-o", "--output", type=Path, required=True, metavar="FILE", help="the file to write")
    add("--overwrite", action="store_true", help="replace the file if there is one")
    add(
        "--no-interleave",
        dest="interleave",
        action="store_false",
        help="run each model's rounds in a row, instead of the models of a group in turn",
    )
    add_machines(parser)
    return parser


def _conclude(file: Path, content: Mapping[str, Any]) -> int:
    """Says what there is now, and what went wrong on the way."""
    from timetrial.report.escaped import shown
    from timetrial.report.text import few

    about = content["timetrial"]
    troubles = [each for each in about["troubles"] if each["kind"] != "skipped"]
    lines = [
        f"launch {each['launch']}: {each['kind']}: {each['benchmark']}: {' '.join(each['reason'].split())}"
        for each in troubles
    ]
    if lines:
        print(shown(few(lines)), file=sys.stderr)
    print(f"{len(about['launches'])} launches of {len(content['benchmarks'])} benchmarks: {file}")
    return 1 if troubles else 0
