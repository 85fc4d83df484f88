"""``timetrial models``: which concurrency models can run here, and with ``--costs`` what each costs by itself."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from timetrial.errors import TimetrialError


def run(argv: Sequence[str]) -> int:
    """Prints a line a model, or the tables of their costs; raises TimetrialError where these can't be measured."""
    parser = argparse.ArgumentParser(
        prog="timetrial models", description="The concurrency models, and whether each can run here."
    )
    parser.add_argument("--costs", action="store_true", help="measure what each costs by itself: a few seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="with --costs, write the figures there as well")
    arguments = parser.parse_args(argv)
    if arguments.json is not None and not arguments.costs:
        raise TimetrialError("--json goes with --costs")
    print("\n".join(_costs(arguments.json) if arguments.costs else _availability()))
    return 0


def _availability() -> list[str]:
    from timetrial import models
    from timetrial.report.text import columns

    return columns([(name, models.get(name).unavailable() or "can run here") for name in models.NAMES])


def _costs(file: Path | None) -> list[str]:
    from timetrial import models
    from timetrial.environment.record import environment
    from timetrial.models.costs import costs_apart
    from timetrial.report.costs import cost_lines
    from timetrial.system.files import replace_file, try_to_write, writing
    from timetrial.system.strict_json import dumps

    if file is not None:
        with writing(file):
            try_to_write(file)
    costs = [costs_apart(name) for name in models.NAMES]
    if file is not None:
        content = {"schema_version": 1, "environment": environment(), "models": [cost.as_dict() for cost in costs]}
        with writing(file):
            replace_file(file, dumps(content).encode())
    return cost_lines(costs)
