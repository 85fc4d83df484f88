"""``timetrial advise results/``: which model to use for each workload of stored runs, and when it would be another."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

# 1: each workload's file and answer. 2: its Python, and several entries where several Pythons measured it.
SCHEMA_VERSION: Final = 2


def run(argv: Sequence[str]) -> int:
    """Returns 0, or 1 where a file could not be read; raises ResultsError where there is nothing to advise on."""
    parser = argparse.ArgumentParser(
        prog="timetrial advise",
        description="Say for each workload of stored runs which model to use at which concurrency, how sure that is, "
        "what it costs, and when it would be another one. Of several runs of a workload the newest counts.",
    )
    parser.add_argument("path", nargs="?", type=Path, default=Path("results"), help="a file or a folder of results")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    options = parser.parse_args(argv)

    from timetrial.advice.answer import as_dict
    from timetrial.advice.of_results import advise_on
    from timetrial.report.advise import advise_lines
    from timetrial.report.escaped import in_terminal, shown
    from timetrial.report.run_command import can_draw
    from timetrial.system.strict_json import dumps

    found, broken = advise_on(options.path)
    if options.json:
        answers = [
            {
                "workload": each.name,
                "file": each.file,
                "python": each.python.as_dict(),
                "no_fair_baseline": each.python.is_no_fair_baseline,
                "answer": as_dict(each.answer) if each.answer else None,
            }
            for each in found
        ]
        content = {"schema_version": SCHEMA_VERSION, "workloads": answers}
        print(json.dumps(json.loads(dumps(content)), indent=2))
    else:
        print(shown(advise_lines(found, can_draw=can_draw(sys.stdout))))
    for each in broken:
        print(in_terminal(f"left out: {each}"), file=sys.stderr)
    return 1 if broken else 0
