"""``timetrial models``: which concurrency models can run here, and with ``--costs`` what each costs by itself."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from timetrial.errors import TimetrialError

if TYPE_CHECKING:
    from timetrial.models.costs import ModelCosts


def run(argv: Sequence[str]) -> int:
    """Prints a line a model, or the tables of their costs; raises TimetrialError where these can't be measured."""
    parser = argparse.ArgumentParser(
        prog="timetrial models", description="The concurrency models, and whether each can run here."
    )
    parser.add_argument("--costs", action="store_true", help="measure what each costs by itself: a few seconds")
    parser.add_argument(
        "--models",
        metavar="MODEL,…",
        help="with --costs, measure these, or all; default: those that run by themselves",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="with --costs, write the figures there as well")
    parser.add_argument(
        "--format", choices=("text", "markdown"), help="with --costs, the tables for a terminal, or one for a page"
    )
    arguments = parser.parse_args(argv)
    if not arguments.costs and {arguments.json, arguments.models, arguments.format} != {None}:
        raise TimetrialError("--json, --models and --format go with --costs")
    print("\n".join(_costs(arguments) if arguments.costs else _availability()))
    return 0


def _availability() -> list[str]:
    from timetrial import models
    from timetrial.report.text import columns

    return [
        *columns([(name, models.get(name).unavailable() or _able(name)) for name in models.names()]),
        "",
        "Ask for one by its name, --trial-models='processes[spawn]', or for every one with --trial-models=all.",
    ]


def _able(name: str) -> str:
    from timetrial import models

    return "can run here" if name in models.NAMES else "can run here, when asked for"


def _chosen(text: str | None) -> Sequence[str]:
    """The models to measure; raises TimetrialError for one that there isn't."""
    from timetrial import models

    if text is None or text == "all":
        return models.NAMES if text is None else models.names()
    chosen = [each.strip() for each in text.split(",")]
    for each in chosen:
        models.settings_of(each)
    return chosen


def _costs(arguments: argparse.Namespace) -> list[str]:
    from timetrial.environment.identity import baseline_lines, this_python
    from timetrial.environment.record import environment
    from timetrial.report.costs import cost_lines, cost_markdown
    from timetrial.system.files import replace_file, try_to_write, writing
    from timetrial.system.strict_json import dumps

    file, chosen = arguments.json, _chosen(arguments.models)
    if file is not None:
        with writing(file):
            try_to_write(file)
    costs = [_measured(name) for name in chosen]
    if file is not None:
        content = {"schema_version": 2, "environment": environment(), "models": [cost.as_dict() for cost in costs]}
        with writing(file):
            replace_file(file, dumps(content).encode())
    lines = cost_markdown(costs) if arguments.format == "markdown" else cost_lines(costs)
    return [*lines, *baseline_lines(this_python())]


def _measured(name: str) -> ModelCosts:
    """One model's costs; a failure is told in their place, and the others are kept."""
    from timetrial.models.costs import ModelCosts, costs_apart

    try:
        return costs_apart(name)
    except TimetrialError as error:
        return ModelCosts(name, " ".join(str(error).split()))
