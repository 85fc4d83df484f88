"""Machines and Pythons side by side: for each workload that several measured, what each found best, never mixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.claims.text import Text
from timetrial.report.draw.marks import look_of
from timetrial.report.draw.rows import Dot, Row, draw_rows
from timetrial.report.draw.same import same
from timetrial.report.page.figure import Figure, Table
from timetrial.report.page.figures import NOTHING, rate, rate_tick
from timetrial.report.page.headline import way_name
from timetrial.report.page.ranking import Ranking, interval_s
from timetrial.results.trials import workload_key

_MOST_DRAWN: Final = 12


@dataclass(frozen=True)
class SideBySide:
    """A table with a column for each place, and a chart of the same."""

    table: Table
    figure: Figure


def side_by_side(names: Sequence[str], rankings: Sequence[Sequence[Ranking]]) -> SideBySide | None:
    """``rankings`` of each place, in the order of their ``names``; None where no workload is common to two."""
    by_key: dict[tuple[str, ...], dict[str, Ranking]] = {}
    for name, own in zip(names, rankings, strict=True):
        for ranking in own:
            if ranking.best is not None:
                by_key.setdefault(workload_key(ranking.trials[0]), {})[name] = ranking
    common = [each for each in by_key.values() if len(each) > 1]
    if not common:
        return None
    head = [Text("workload", "工作负载"), *map(same, names)]
    return SideBySide(Table(head, [_row(each, names) for each in common]), _figure(common[:_MOST_DRAWN]))


def short_names(labels: Sequence[str]) -> list[str]:
    """What sets places apart: the Python, and the machine where there are several; numbered where that is alike."""
    parts = [label.replace("cpython", "CPython", 1).partition(" on ") for label in labels]
    machines = {machine for _, _, machine in parts}
    short = [python if len(machines) == 1 else f"{python}, {machine.partition(',')[0]}" for python, _, machine in parts]
    return [name if short.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(short, start=1)]


def _row(found: dict[str, Ranking], names: Sequence[str]) -> list[Text]:
    first = next(iter(found.values()))
    return [same(f"{first.name} {first.parameters}".strip()), *(_cell(found.get(name)) for name in names)]


def _cell(ranking: Ranking | None) -> Text:
    best = ranking.best if ranking is not None else None
    if best is None or best.median_s_per_item <= 0:
        return NOTHING
    way, told = way_name(best.way), rate(1 / best.median_s_per_item)
    return Text(f"{told} by {way.en}", f"{told}，{way.zh}")


def _figure(common: Sequence[dict[str, Ranking]]) -> Figure:
    rows, cells = [], []
    for found in common:
        for index, (name, ranking) in enumerate(found.items()):
            best = ranking.best
            if best is None or best.median_s_per_item <= 0:
                continue
            low_s, high_s = interval_s(best)
            dot = Dot(1 / best.median_s_per_item, 1 / high_s, 1 / low_s if low_s > 0 else None)
            of = f"{ranking.name} {ranking.parameters}".strip()
            rows.append(Row(of, look=look_of("serial"), heading=True)) if not index else None
            rows.append(Row(name, [dot], look=look_of(best.way.model)))
            cells.append([same(f"{of} · {name}"), _cell(ranking)])
    svg, anchors = draw_rows(rows, Text("items/s at best", "最佳吞吐量，项/秒"), rate_tick)
    anchors = [anchor for anchor, row in zip(anchors, rows, strict=True) if not row.heading]
    return Figure(
        key="places",
        title=Text("The best of each place", "各环境的最佳结果"),
        subject="",
        svg=svg,
        table=Table((Text("where", "环境"), Text("best", "最佳")), cells),
        source=Text("the newest run of each workload in each place", "各环境中各工作负载的最近一次运行"),
        along="y",
        anchors=anchors,
    )
