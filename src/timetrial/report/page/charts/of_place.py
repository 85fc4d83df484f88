"""A place's workloads seen together: what starting costs, when it has paid, and what common ways of doing it cost."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final

from timetrial.claims.text import Text
from timetrial.report.draw.marks import look_of
from timetrial.report.draw.rows import Dot, Row, draw_rows
from timetrial.report.draw.same import same
from timetrial.report.page.figure import Figure, Table
from timetrial.report.page.figures import duration_tick, ratio, span
from timetrial.report.page.ranking import Ranking
from timetrial.report.text import duration
from timetrial.results.trials import StoredTrial
from timetrial.stats.lead import unpaired_lead

_USUAL: Final = ("[article]", "[usual]")


def startup_figure(rankings: Sequence[Ranking], key: str) -> Figure | None:
    """Each model's start-up over all workloads: the middle one, and from the shortest to the longest."""
    found: dict[str, list[float]] = {}
    for ranking in rankings:
        for trial in ranking.trials:
            startup_s = trial.number("startup_s")
            if startup_s:
                found.setdefault(trial.way.model.partition("[")[0], []).append(startup_s)
    if len(found) < 2:
        return None
    ordered = sorted(found.items(), key=lambda each: statistics.median(each[1]))
    rows = [Row(model, [Dot(statistics.median(all_s), min(all_s), max(all_s))]) for model, all_s in ordered]
    svg, anchors = draw_rows(rows, Text("to the first result", "到第一个结果"), duration_tick)
    head = (
        Text("model", "模型"),
        Text("middle", "中位数"),
        Text("shortest", "最短"),
        Text("longest", "最长"),
        Text("trials", "测试项"),
    )
    table = Table(
        head,
        [
            [same(model), *(same(duration(each)) for each in (statistics.median(s), min(s), max(s))), same(len(s))]
            for model, s in ordered
        ],
    )
    return Figure(
        key=f"{key}-startup",
        title=Text("Start-up by model", "各模型的启动时间"),
        subject="",
        svg=svg,
        table=table,
        source=Text("all trials of this place", "此环境的全部测试项"),
        along="y",
        anchors=anchors,
        note=Text(
            "From nothing to the first item's result; the line spans all workloads.",
            "从零开始到第一项的结果；横线涵盖所有工作负载。",
        ),
    )


def break_even_figure(rankings: Sequence[Ranking], key: str) -> Figure | None:
    """From how many items on the advised way beats serial, its start included."""
    found = [
        (ranking, answer.choice.advised, answer.pays_from_items)
        for ranking in rankings
        if (answer := ranking.answer) is not None and answer.pays_from_items is not None
    ]
    if len(found) < 2:
        return None
    found = sorted(found, key=lambda each: each[2])[:_MOST_ROWS]
    rows = [Row(_of(ranking), [Dot(float(items))], look=look_of(way.model)) for ranking, way, items in found]
    svg, anchors = draw_rows(
        rows, Text("items to pay for the start", "抵消启动所需的项数"), lambda value: f"{value:,.0f}"
    )
    head = (Text("workload", "工作负载"), Text("model", "模型"), Text("pays from, items", "回本项数"))
    table = Table(head, [[same(_of(ranking)), same(way), same(items)] for ranking, way, items in found])
    return Figure(
        key=f"{key}-breakeven",
        title=Text("When starting it has paid", "多少项之后启动才划算"),
        subject="",
        svg=svg,
        table=table,
        source=Text("start-up and time an item of the trials", "由各测试项的启动时间与每项耗时算出"),
        along="y",
        anchors=anchors,
        note=Text(
            "From that many items on, the fastest model is faster than serial with its start-up counted in.",
            "从这个项数起，算上启动时间，最快的模型也快于串行。",
        ),
    )


def usual_figure(rankings: Sequence[Ranking], key: str) -> Figure | None:
    """What the ways of a widely read tutorial, and of most people, take beside the best there is."""
    found: list[tuple[Ranking, StoredTrial, float, float, float]] = []
    for ranking in rankings:
        best = ranking.best
        for row in ranking.rows:
            trial = row.trial
            if best is None or row.place is None or not trial.way.model.endswith(_USUAL) or trial is best:
                continue
            lead = row.behind or unpaired_lead(trial.rounds_s_per_item, best.rounds_s_per_item, fewest=1)
            if lead is not None:
                found.append((ranking, trial, lead.ratio, lead.low, lead.high))
    if not found:
        return None
    found = sorted(found, key=lambda each: -each[2])[:_MOST_ROWS]
    rows = [
        Row(f"{ranking.name} {trial.way.model}", [Dot(value, low, high)], look=look_of(trial.way.model))
        for ranking, trial, value, low, high in found
    ]
    svg, anchors = draw_rows(
        rows,
        Text("times as long as the best", "耗时是最佳做法的倍数"),
        lambda value: f"{value:,.4g}×" if value < 1_000 else f"{value:,.0f}×",
    )
    head = (
        Text("workload", "工作负载"),
        Text("its way", "该做法"),
        Text("the best", "最佳做法"),
        Text("takes × the best (95 %)", "耗时倍数（95% 区间）"),
    )
    cells = [
        [
            same(_of(ranking)),
            same(trial.way),
            same(ranking.best.way if ranking.best else ""),
            same(f"{ratio(value)} ({span(low, high)})"),
        ]
        for ranking, trial, value, low, high in found
    ]
    return Figure(
        key=f"{key}-usual",
        title=Text("What the usual way costs", "常见写法的代价"),
        subject="",
        svg=svg,
        table=Table(head, cells),
        source=Text("trials named [article] or [usual]", "名为 [article] 或 [usual] 的测试项"),
        along="y",
        anchors=anchors,
        note=Text(
            "[article]: as a widely read tutorial does it; [usual]: as most people do. Same work, same results.",
            "[article]：一篇广为流传的教程的写法；[usual]：多数人的写法。工作相同，结果相同。",
        ),
    )


_MOST_ROWS: Final = 16


def _of(ranking: Ranking) -> str:
    return f"{ranking.name} {ranking.parameters}".strip()
