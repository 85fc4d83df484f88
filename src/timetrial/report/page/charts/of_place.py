"""A place's workloads seen together: what starting costs, when it has paid, and what common ways of doing it cost."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.languages import Text
from timetrial.report.draw.marks import look_of
from timetrial.report.draw.rows import Dot, Row, draw_rows
from timetrial.report.draw.same import same
from timetrial.report.page.figure import Figure, Table, source_of
from timetrial.report.page.figures import duration_tick, ratio, span
from timetrial.report.page.ranking import Ranking
from timetrial.report.text import duration
from timetrial.results.trials import StoredTrial
from timetrial.stats.lead import Lead

_USUAL: Final = ("[article]", "[usual]")
_MOST_ROWS: Final = 16
_WORKLOAD: Final = Text("workload", "工作负载")
_MODEL: Final = Text("model", "模型")
_TEST: Final = Text("test", "测试")


@dataclass(frozen=True)
class _Chart:
    """What a chart of named rows says of itself."""

    kind: str
    title: Text
    axis: Text
    tick: Callable[[float], str]
    head: Sequence[Text]
    source: Text
    note: Text

    def figure(self, key: str, rows: Sequence[tuple[Row, Sequence[object]]]) -> Figure:
        """The figure of these rows, each with its cells in the table."""
        svg, anchors = draw_rows([row for row, _ in rows], self.axis, self.tick)
        return Figure(
            key=f"{key}-{self.kind}",
            title=self.title,
            subject="",
            svg=svg,
            table=Table(self.head, [[*map(same, cells)] for _, cells in rows]),
            source=self.source,
            along="y",
            anchors=anchors,
            note=self.note,
        )


_STARTUP: Final = _Chart(
    "startup",
    Text("Start-up by model", "各模型的启动时间"),
    Text("to the first result", "到第一个结果"),
    duration_tick,
    (_MODEL, Text("middle", "中位数"), Text("shortest", "最短"), Text("longest", "最长"), Text("trials", "测试项")),
    Text("all trials of this place", "此环境的全部测试项"),
    Text(
        "From nothing to the first item's result; the line spans all workloads.",
        "从零开始到第一项的结果；横线涵盖所有工作负载。",
    ),
)
_BREAK_EVEN: Final = _Chart(
    "breakeven",
    Text("When starting it has paid", "多少项之后启动才划算"),
    Text("items to pay for the start", "抵消启动所需的项数"),
    lambda value: f"{value:,.0f}",
    (_WORKLOAD, _MODEL, Text("pays from, items", "回本项数"), _TEST),
    Text("start-up and time an item of the trials", "由各测试项的启动时间与每项耗时算出"),
    Text(
        "From that many items on, the fastest model is faster than serial with its start-up counted in.",
        "从这个项数起，算上启动时间，最快的模型也快于串行。",
    ),
)
_USUAL_WAYS: Final = _Chart(
    "usual",
    Text("What the usual way costs", "常见写法的代价"),
    Text("times as long as the best", "耗时是最佳做法的倍数"),
    lambda value: f"{value:,.4g}×" if value < 1_000 else f"{value:,.0f}×",
    (
        _WORKLOAD,
        Text("its way", "该做法"),
        Text("the best", "最佳做法"),
        Text("takes × the best (95 %)", "耗时倍数（95% 区间）"),
        _TEST,
    ),
    Text("trials named [article] or [usual]", "名为 [article] 或 [usual] 的测试项"),
    Text(
        "[article]: as a widely read tutorial does it; [usual]: as most people do. Same work, same results.",
        "[article]：一篇广为流传的教程的写法；[usual]：多数人的写法。工作相同，结果相同。",
    ),
)


def startup_figure(rankings: Sequence[Ranking], key: str) -> Figure | None:
    """Each model's start-up over all workloads: the middle one, and from the shortest to the longest."""
    found: dict[str, list[float]] = {}
    for trial in (trial for ranking in rankings for trial in ranking.trials):
        if startup_s := trial.number("startup_s"):
            found.setdefault(trial.way.model.partition("[")[0], []).append(startup_s)
    if len(found) < 2:
        return None
    spans = {model: (statistics.median(all_s), min(all_s), max(all_s)) for model, all_s in found.items()}
    ordered = sorted(spans.items(), key=lambda each: each[1])
    rows = [(Row(model, [Dot(*three)]), (model, *map(duration, three), len(found[model]))) for model, three in ordered]
    return _STARTUP.figure(key, rows)


def break_even_figure(rankings: Sequence[Ranking], key: str) -> Figure | None:
    """From how many items on the advised way beats serial, its start included."""
    found = [
        (answer.pays_from_items, ranking, answer.choice.advised)
        for ranking in rankings
        if (answer := ranking.answer) is not None and answer.pays_from_items is not None
    ]
    if len(found) < 2:
        return None
    ordered = sorted(found, key=lambda each: each[0])[:_MOST_ROWS]
    rows = [
        (
            Row(_of(ranking), [Dot(float(items))], look=look_of(way.model)),
            (_of(ranking), way, items, source_of(ranking)),
        )
        for items, ranking, way in ordered
    ]
    return _BREAK_EVEN.figure(key, rows)


def usual_figure(rankings: Sequence[Ranking], key: str) -> Figure | None:
    """What the ways of a widely read tutorial, and of most people, take beside the best there is."""
    clearest: dict[tuple[str, str], tuple[Ranking, StoredTrial, Lead]] = {}
    usual = (each for ranking in rankings for each in _usual_ones(ranking))
    for of, trial, lead in usual:
        name = of.name, trial.way.model
        if name not in clearest or clearest[name][2].low < lead.low:
            clearest[name] = of, trial, lead
    if not clearest:
        return None
    ordered = sorted(clearest.values(), key=lambda each: -each[2].ratio)[:_MOST_ROWS]
    return _USUAL_WAYS.figure(key, [_usual_row(*each) for each in ordered])


def _usual_ones(ranking: Ranking) -> Iterator[tuple[Ranking, StoredTrial, Lead]]:
    """A workload's fair trials of that kind, unless one is the best itself."""
    for row in ranking.rows:
        if row.place is not None and row.behind is not None and row.trial.way.model.endswith(_USUAL):
            yield ranking, row.trial, row.behind


def _usual_row(ranking: Ranking, trial: StoredTrial, lead: Lead) -> tuple[Row, Sequence[object]]:
    dot, best = Dot(lead.ratio, lead.low, lead.high), ranking.best
    told = f"{ratio(lead.ratio)} ({span(lead.low, lead.high)})"
    cells = (_of(ranking), trial.way, best.way if best else "", told, f"{trial.file.name} · {trial.name}")
    return Row(f"{ranking.name} {trial.way.model}", [dot], look=look_of(trial.way.model)), cells


def _of(ranking: Ranking) -> str:
    return f"{ranking.name} {ranking.parameters}".strip()
