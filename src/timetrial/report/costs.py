"""What the models cost by themselves, as two small tables: memory, and the dispatch of an empty item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from timetrial.models.costs import ModelCosts
from timetrial.report.escaped import code_in_markdown, in_markdown
from timetrial.report.text import columns, duration, size

_BATCHES_IN_A_PAGE: Final = {1: "an empty item alone", 100: "in a hundred", 10_000: "in ten thousand"}


def cost_lines(costs: Sequence[ModelCosts]) -> list[str]:
    """The lines of both tables; a model that can't run here is named with its reason."""
    measured = [cost for cost in costs if cost.unavailable is None]
    memory = [
        (
            each.model,
            slope.unit,
            f"{size(slope.bytes_per_unit)} {slope.kind}",
            f"{slope.counts[0]} to {slope.counts[-1]}",
        )
        for each in measured
        for slope in each.memory
    ]
    batches = [each.items_per_batch for each in measured[0].dispatch] if measured else []
    dispatch = [[each.model, *(_overhead(each, batch) for batch in batches)] for each in measured]
    return [
        *columns([("model", "memory of one more", "", "seen with"), *memory], right=(2,)),
        "",
        *columns([("model", "start-up", "a MB there and back"), *map(_handing_over, measured)], right=(1, 2)),
        "",
        "An empty item costs so much more than in a plain loop, in batches of so many items:",
        *columns([["model", *(f"{batch:,}" for batch in batches)], *dispatch], right=range(1, len(batches) + 1)),
        *(f"{cost.model}: {line}" for cost in measured for line in _overheads(cost)),
        *(f"{cost.model}: {cost.unavailable}" for cost in costs if cost.unavailable is not None),
    ]


def cost_markdown(costs: Sequence[ModelCosts]) -> list[str]:
    """One table for a page, and below it the models that can't run here."""
    head = ["model", "start-up", "memory of one more", *_BATCHES_IN_A_PAGE.values(), "a MB there and back"]
    rows = [_page_row(cost) for cost in costs if cost.unavailable is None]
    rest = [cost for cost in costs if cost.unavailable is not None]
    return [
        *("| " + " | ".join(cells) + " |" for cells in (head, ["---", *["--:"] * (len(head) - 1)], *rows)),
        *([""] if rest else []),
        *(f"- {code_in_markdown(cost.model)}: {in_markdown(str(cost.unavailable))}" for cost in rest),
    ]


def _page_row(cost: ModelCosts) -> list[str]:
    _, start, copying = _handing_over(cost)
    memory = (f"{size(each.bytes_per_unit)} ({each.unit.removeprefix('idle ')})" for each in cost.memory)
    dispatch = (_overhead(cost, batch) for batch in _BATCHES_IN_A_PAGE)
    return [code_in_markdown(cost.model), start, ", ".join(memory) or "-", *dispatch, copying]


def _handing_over(cost: ModelCosts) -> tuple[str, str, str]:
    copying = duration(max(0.0, cost.s_per_mb)) if cost.copies and cost.s_per_mb is not None else "not copied"
    return cost.model, duration(cost.start_s) if cost.start_s is not None else "-", copying


def _overheads(cost: ModelCosts) -> Iterator[str]:
    if cost.overhead_cpu_s_per_task:
        parts = (f"{who} {duration(seconds)}" for who, seconds in cost.overhead_cpu_s_per_task.items())
        yield f"a task that does nothing takes so much CPU time: {', '.join(parts)}"


def _overhead(costs: ModelCosts, batch: int) -> str:
    found = next(each for each in costs.dispatch if each.items_per_batch == batch)
    sign = "-" if found.overhead_s_per_item < 0 else ""
    return sign + duration(abs(found.overhead_s_per_item))
