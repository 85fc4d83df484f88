"""Each benchmark over the stored runs of its place: those that changed as charts, all of them as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from timetrial.languages import Text
from timetrial.report.draw.same import same
from timetrial.report.draw.series import Level, draw_series
from timetrial.report.history import sparkline
from timetrial.report.page.figure import Figure, Table
from timetrial.report.page.figures import duration_tick, ratio
from timetrial.report.text import duration
from timetrial.results.collect import Place
from timetrial.results.history import Run, Series, groups_of
from timetrial.stats.change_points import change_points, levels

_FEWEST_RUNS: Final = 3
_LEAST: Final = 0.02
_MOST_CHARTS: Final = 24
_MOST_ROWS: Final = 600


@dataclass(frozen=True)
class History:
    """Charts of what changed, and a line for every benchmark."""

    figures: Sequence[Figure]
    table: Table
    runs: int
    changed: int


def history_of(place: Place, key: str) -> History | None:
    """None for fewer than three runs."""
    if len(place.runs) < _FEWEST_RUNS:
        return None
    (group,) = groups_of(place.runs)
    shown = [each for each in group.series if len(each.logs) >= _FEWEST_RUNS]
    cuts = change_points([each.logs for each in shown], math.log1p(_LEAST))
    pairs = sorted(zip(shown, cuts, strict=True), key=lambda each: -_largest(*each))
    changed = [each for each in pairs if each[1]]
    figures = [
        _figure(one, own, f"{key}-h{number}") for number, (one, own) in enumerate(changed[:_MOST_CHARTS], start=1)
    ]
    return History(figures, Table(_HEAD, [_row(*each) for each in pairs[:_MOST_ROWS]]), len(group.runs), len(changed))


_HEAD: Final = (
    Text("benchmark", "基准测试"),
    Text("runs", "运行次数"),
    Text("over time", "走势"),
    Text("now", "当前"),
    Text("against", "基线"),
    Text("changes", "变化"),
)


_LEVEL_HEAD: Final = (
    Text("from run", "起始运行"),
    Text("runs", "运行次数"),
    Text("level", "水平"),
    Text("change", "变化"),
)


def _largest(series: Series, cuts: Sequence[int]) -> float:
    parts = levels(series.logs, cuts)
    return max((abs(new - old) for old, new in pairwise(parts)), default=0.0)


def _row(series: Series, cuts: Sequence[int]) -> list[Text]:
    parts = levels(series.logs, cuts)
    changes = ", ".join(f"{math.expm1(new - old):+.1%}" for old, new in pairwise(parts))
    against = same(series.reference) if series.reference else Text("the clock", "时钟")
    now = _told(parts[-1], series)
    return [
        same(series.name),
        same(len(series.logs)),
        same(sparkline(series.logs)),
        same(now),
        against,
        same(changes or "–"),
    ]


def _told(log: float, series: Series) -> str:
    return ratio(math.exp(log)) if series.reference else duration(math.exp(log))


def _figure(series: Series, cuts: Sequence[int], key: str) -> Figure:
    parts, edges = levels(series.logs, cuts), [0, *cuts, len(series.logs)]
    found = [
        Level(start, end, math.exp(value), f"{math.expm1(value - before):+.0%}" if start else "")
        for start, end, value, before in zip(edges, edges[1:], parts, [parts[0], *parts], strict=False)
    ]
    first, last = series.runs[0], series.runs[-1]
    reference = series.reference
    axis = same(f"÷ {reference.partition('[')[2].removesuffix(']')}") if reference else Text("a round", "每轮")
    svg, anchors = draw_series(
        [math.exp(each) for each in series.logs],
        found,
        (first.when[:10], last.when[:10]),
        axis,
        (lambda value: f"{value:.3g}×") if reference else duration_tick,
    )
    rows = [
        [*map(same, (_named(series.runs[each.start]), each.end - each.start, _told(value, series), each.change or "–"))]
        for each, value in zip(found, parts, strict=True)
    ]
    runs = len(series.logs)
    return Figure(
        key=key,
        title=Text(
            f"{len(cuts)} change{'' if len(cuts) == 1 else 's'} in {runs} runs", f"{runs} 次运行中有 {len(cuts)} 处变化"
        ),
        subject=series.name,
        svg=svg,
        table=Table(
            (Text("from run", "起始运行"), Text("runs", "运行次数"), Text("level", "水平"), Text("change", "变化")),
            rows,
        ),
        source=same(f"{first.path.name} – {last.path.name}"),
        along="x",
        anchors=anchors,
    )


def _named(run: Run) -> str:
    commit = f" {run.commit[:10]}{'+' if run.dirty else ''}" if run.commit else ""
    return f"{run.when[:16].replace('T', ' ')}{commit}"
