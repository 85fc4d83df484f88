"""How long items take under each of a workload's models, from the shortest to the longest; open loops beside closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from timetrial.languages import Text
from timetrial.report.draw.distributions import Distribution, draw_distributions
from timetrial.report.page.costs import quantiles_s
from timetrial.report.page.details import Details
from timetrial.report.page.figure import Behind, Figure, source_of
from timetrial.report.page.figures import duration_tick
from timetrial.report.page.ranking import Ranked

_MOST_LINES: Final = 6
_SHARE: Final = Text("of all items take at most", "的项不超过")
_LATENCY: Final = Text("latency of an item", "单项延迟")


def latency_figure(details: Details, rows: Sequence[tuple[int, Ranked]]) -> Figure | None:
    """Of rows with their numbers in the table; None where fewer than two models have latencies."""
    found = [(number, line) for number, row in rows for line in _lines(row)][:_MOST_LINES]
    if len({number for number, _ in found}) < 2:
        return None
    svg, anchors = draw_distributions([line for _, line in found], _SHARE, _LATENCY, duration_tick)
    ranking = details.ranking
    opened = any(line.beside for _, line in found)
    return Figure(
        key=f"{details.key}-latency",
        title=_OPENED if opened else _CLOSED,
        subject=f"{ranking.name} {ranking.parameters}".strip(),
        svg=svg,
        table=Behind(details.key, [number for number, _ in found], details.numbers(*_COLUMNS)),
        source=source_of(ranking),
        along="xy",
        anchors=anchors,
    )


_CLOSED: Final = Text("Latency of an item", "单项延迟")
_OPENED: Final = Text("Latency of an item, open loop and closed", "单项延迟：开环与闭环")
_COLUMNS: Final = ("p50", "p99", "closed", "open", "slowest")


def _lines(row: Ranked) -> Iterator[Distribution]:
    """The open loop's with the closed one's beside it, else the accounting round's."""
    trial, model = row.trial, row.trial.way.model
    opened, closed = (quantiles_s(trial, loop) for loop in ("open", "closed"))
    if opened and closed:
        yield Distribution(model, opened)
        yield Distribution(model, closed, beside=True)
    elif accounted := quantiles_s(trial, "accounting"):
        yield Distribution(model, accounted)
