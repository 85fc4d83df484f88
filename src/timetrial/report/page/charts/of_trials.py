"""A workload's models side by side: latencies, CPU time by role, and speed against memory, each at its best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from timetrial.languages import Text
from timetrial.report.draw.marks import look_of
from timetrial.report.draw.rows import Row, draw_rows
from timetrial.report.draw.scatter import Place, draw_scatter
from timetrial.report.page.charts.latencies import latency_figure
from timetrial.report.page.costs import ROLES, cpu_s_per_item, memory_bytes
from timetrial.report.page.details import Details
from timetrial.report.page.figure import Behind, Figure, source_of
from timetrial.report.page.figures import duration_tick, rate_tick, size_tick
from timetrial.report.page.ranking import Ranked

_MOST: Final = 6


def figures_of_trials(details: Details) -> Iterator[Figure]:
    """Those of the charts for which the accounting round, or the open loop, has figures of two models and more."""
    rows = _best_of_each_model(details.ranking.rows)
    for chart in (latency_figure, _cpu, _pareto):
        found = chart(details, rows)
        if found is not None:
            yield found


def _best_of_each_model(rows: Sequence[Ranked]) -> list[tuple[int, Ranked]]:
    """With their numbers in the table; no void ones, which mean nothing."""
    found: dict[str, tuple[int, Ranked]] = {}
    for number, row in enumerate(rows):
        if row.place is not None:
            found.setdefault(row.trial.way.model, (number, row))
    return list(found.values())[:_MOST]


def _cpu(details: Details, rows: Sequence[tuple[int, Ranked]]) -> Figure | None:
    drawn = []
    for number, row in rows:
        parts = [(f"r-{role}", used) for role in ROLES if (used := cpu_s_per_item(row.trial, role))]
        if parts:
            drawn.append((number, Row(str(row.trial.way), parts=parts, look=look_of(row.trial.way.model))))
    if len(drawn) < 2:
        return None
    svg, anchors = draw_rows([row for _, row in drawn], Text("CPU time an item", "每项 CPU 时间"), duration_tick)
    return _figure(
        details,
        "cpu",
        Text("CPU time by role", "按角色划分的 CPU 时间"),
        svg,
        anchors,
        [number for number, _ in drawn],
        ROLES,
        "y",
    )


def _pareto(details: Details, rows: Sequence[tuple[int, Ranked]]) -> Figure | None:
    places, numbers = [], []
    for number, row in rows:
        memory, median_s = memory_bytes(row.trial), row.trial.median_s_per_item
        if memory and median_s > 0:
            places.append(Place(row.trial.way.model, str(row.trial.way), memory, 1 / median_s))
            numbers.append(number)
    if len(places) < 2:
        return None
    svg, anchors = draw_scatter(places, Text("peak memory", "内存峰值"), Text("items/s", "项/秒"), size_tick, rate_tick)
    return _figure(
        details,
        "pareto",
        Text("Throughput against memory", "吞吐量与内存"),
        svg,
        anchors,
        numbers,
        ("rate", "memory"),
        "xy",
    )


def _figure(
    details: Details,
    kind: str,
    title: Text,
    svg: str,
    anchors: Sequence[tuple[float, float]],
    rows: Sequence[int],
    columns: Sequence[str],
    along: str,
) -> Figure:
    ranking = details.ranking
    return Figure(
        key=f"{details.key}-{kind}",
        title=title,
        subject=f"{ranking.name} {ranking.parameters}".strip(),
        svg=svg,
        table=Behind(details.key, rows, details.numbers(*columns)),
        source=source_of(ranking),
        along=along,
        anchors=anchors,
    )
