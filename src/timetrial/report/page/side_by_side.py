"""Machines and Pythons side by side: for each workload that several measured, what each found best, never mixed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.languages import Text
from timetrial.report.draw.marks import look_of
from timetrial.report.draw.rows import Dot, Row, draw_rows
from timetrial.report.draw.same import same
from timetrial.report.page.figure import Figure, Table
from timetrial.report.page.figures import NOTHING, rate, ratio, span
from timetrial.report.page.headline import way_name
from timetrial.report.page.ranking import Ranking
from timetrial.results.trials import workload_key
from timetrial.stats.lead import Lead, unpaired_lead

_MOST_DRAWN: Final = 12


@dataclass(frozen=True)
class SideBySide:
    """A table with a column for each place, and a chart of the same."""

    table: Table
    figure: Figure | None
    """None where the files hold no single rounds."""


def side_by_side(
    names: Sequence[str], rankings: Sequence[Sequence[Ranking]], unfair: Collection[str] = ()
) -> SideBySide | None:
    """``rankings`` of each place, in the order of their ``names``; None where no workload is common to two.

    The first one measured is what the others are compared with. ``unfair`` are the names of those that are no fair
    baseline: they come last, and say so.
    """
    pairs = sorted(zip(names, rankings, strict=True), key=lambda pair: pair[0] in unfair)
    names, rankings = [name for name, _ in pairs], [own for _, own in pairs]
    by_key: dict[tuple[str, ...], dict[str, Ranking]] = {}
    for name, own in zip(names, rankings, strict=True):
        for ranking in own:
            if ranking.best is not None:
                by_key.setdefault(workload_key(ranking.trials[0]), {})[name] = ranking
    common = [each for each in by_key.values() if len(each) > 1]
    if not common:
        return None
    head = [Text("workload", "工作负载"), *(_head(name, fair=name not in unfair) for name in names)]
    return SideBySide(Table(head, [_row(each, names) for each in common]), _figure(common[:_MOST_DRAWN], names[0]))


def _head(name: str, *, fair: bool) -> Text:
    return same(name) if fair else Text(f"{name}: no fair baseline", f"{name}：不宜作为基准")


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


def _figure(common: Sequence[dict[str, Ranking]], first: str) -> Figure | None:
    """How fast each place's best is beside that of the first place that measured the workload."""
    rows: list[Row] = []
    cells: list[Sequence[Text]] = []
    for found in common:
        (base, base_ranking), *others = found.items()
        own = [(name, ranking, lead) for name, ranking in others if (lead := _lead(base_ranking, ranking)) is not None]
        of = f"{base_ranking.name} {base_ranking.parameters}".strip()
        rows += [Row(of if base == first else f"{of}, × {base}", heading=True)] if own else []
        for name, ranking, lead in own:
            rows.append(
                Row(
                    name,
                    [Dot(lead.ratio, lead.low, lead.high)],
                    look=look_of(ranking.best.way.model if ranking.best else ""),
                )
            )
            told = same(f"{ratio(lead.ratio)} ({span(lead.low, lead.high)})")
            cells.append([same(f"{of} · {name}"), told, _cell(ranking), _cell(base_ranking)])
    if not rows:
        return None
    axis = Text(f"times as fast as {first}", f"速度是 {first} 的倍数")
    values = [value for row in rows for dot in row.dots for value in (dot.low, dot.high) if value is not None]
    near = all(_NEAR[0] < value < _NEAR[1] for value in values)
    svg, anchors = draw_rows(rows, axis, lambda value: f"{value:.3g}×", around=1.0 if near else None)
    return Figure(
        key="places",
        title=Text("The best of each place", "各环境的最佳结果"),
        subject="",
        svg=svg,
        table=Table((Text("where", "环境"), axis, Text("best", "最佳"), same(first)), cells),
        source=Text("the newest run of each workload in each place", "各环境中各工作负载的最近一次运行"),
        along="y",
        anchors=[anchor for anchor, row in zip(anchors, rows, strict=True) if not row.heading],
        note=Text(
            "Lines are intervals of 95 %. Places were measured at different times, for which 5 % are allowed.",
            "横线为 95% 置信区间。各环境并非同时测量，区间已为此放宽 5%。",
        ),
    )


def _lead(base: Ranking, other: Ranking) -> Lead | None:
    """How many times as fast the other's best is; their rounds took no turns."""
    one, two = base.best, other.best
    if one is None or two is None:
        return None
    return unpaired_lead(one.rounds_s_per_item, two.rounds_s_per_item, fewest=1)


_NEAR: Final = (0.4, 2.5)
