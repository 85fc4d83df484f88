"""What ``timetrial run`` found, as a page of its own: the answer, why, what it costs, when it would be another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from timetrial.advice.answer import Answer, Cost
from timetrial.advice.because import Shares
from timetrial.advice.changes import Crossing
from timetrial.advice.of_findings import code_of, left_out_lines, reasons
from timetrial.advice.stored_run import run_benchmarks
from timetrial.languages import Text, joined, text
from timetrial.report.draw.rows import Row, draw_rows
from timetrial.report.draw.same import same
from timetrial.report.page.figure import Figure, Table
from timetrial.report.page.figures import bytes_, ratio, roughly, seconds, span
from timetrial.report.page.headline import model_name, way_name
from timetrial.report.page.page import Page, place_part
from timetrial.report.page.run_part import RunPart
from timetrial.report.run_command import remark_lines, stopped_lines
from timetrial.report.text import three_digits
from timetrial.results.collect import Place
from timetrial.results.history import machine_label
from timetrial.results.trials import stored_trials, workload_key
from timetrial.results.ways import Way
from timetrial.search.findings import Findings


def page_of_run(findings: Findings, found: Answer | None, printed: str) -> Page:
    """The page; without an answer it says why there is none."""
    part = _run_part(findings, found, printed)
    return Page(part.answer, [place_part(_place(findings), "p1", [])] if findings.rounds.of else [], run=part)


def _place(findings: Findings) -> Place:
    environment = findings.environment or {}
    label = machine_label(environment) if environment else ""
    place = Place(label, environment, recorded_at=str(environment.get("recorded_at") or ""), complete=findings.complete)
    file = Path("timetrial run")
    for trial in stored_trials(file, {"benchmarks": run_benchmarks(findings)}):
        place.trials.setdefault(workload_key(trial), []).append(trial)
    place.files.append(file)
    return place


def _run_part(findings: Findings, found: Answer | None, printed: str) -> RunPart:
    target = findings.target or {"name": "", "items": {"described": ""}}
    described = f"{target['name']} · {target['items']['described']}"
    remarks = [*remark_lines(findings, printed)]
    if found is None:
        failed = findings.failure is not None
        why = _lines([*reasons(findings), *_hints(findings)]) if failed else map(_sentence, reasons(findings))
        notes = [*why, *map(_sentence, remarks)]
        return RunPart(described, Text("No answer.", "没有答案。"), None, (), None, None, None, notes)
    remarks += [*stopped_lines(findings, found), *left_out_lines(findings)]
    return RunPart(
        described,
        _answer(found),
        _because(found),
        [*_pays(found), *map(_changes, found.crossings)],
        _shares(found.shares) if found.shares is not None else None,
        _costs(found),
        code_of(findings, found.choice.advised),
        [*map(_sentence, remarks)],
    )


def _sentence(told: Text) -> Text:
    return Text(f"{told.en[:1].upper()}{told.en[1:]}.", f"{told.zh}。")


def _lines(told: Iterable[Text]) -> list[Text]:
    """A failure's text has several, with their own full stops, as many in both languages."""
    return [Text(*pair) for each in told for pair in zip(each.en.splitlines(), each.zh.splitlines(), strict=False)]


def _hints(findings: Findings) -> list[Text]:
    return [] if findings.failure is None else [*map(text, findings.failure.notes)]


def _answer(found: Answer) -> Text:
    choice = found.choice
    way = way_name(choice.advised)
    if choice.is_reference:
        return Text("Stay serial: nothing that was tried is faster.", "保持串行即可：试过的模型都不更快。")
    if choice.speedup is None:
        return Text(f"Use {way.en}.", f"请用{way.zh}。")
    lead = choice.speedup
    english = f"Use {way.en}: {ratio(lead.ratio)} as fast as one after the other ({span(lead.low, lead.high)})"
    chinese = f"请用{way.zh}：速度是逐项执行的 {three_digits(lead.ratio)} 倍（{span(lead.low, lead.high)}）"
    tied = [model_name(rival.way.model) for rival in choice.tied]
    if tied:
        names = joined(tied, ", ", "、")
        return Text(f"{english}; {names} would do as well.", f"{chinese}；{names.zh}与之持平。")
    return Text(f"{english}.", f"{chinese}。")


def _because(found: Answer) -> Text | None:
    if found.reason is None:
        return None
    return Text(f"Because {found.reason}.", f"因为{found.reason.zh}。")


def _parts(shares: Shares) -> Iterator[tuple[Text, str, float]]:
    """Where an item's time goes, as far as it can be told apart."""
    yield Text("waiting", "等待"), "s-waiting", shares.waiting
    if not shares.gil or not shares.told_apart or shares.with_gil is None or shares.without_gil is None:
        yield Text("computing", "计算"), "s-computing", shares.computing
        return
    yield Text("computing with the GIL held", "持有 GIL 的计算"), "s-gil", shares.with_gil
    yield Text("computing without it", "不持有 GIL 的计算"), "s-free", shares.without_gil


def _shares(shares: Shares) -> Figure:
    parts = [*_parts(shares)]
    rows = [Row("", parts=[(class_, share)], continues=True, note=name) for name, class_, share in parts]
    svg, anchors = draw_rows(rows, Text("share of an item's time", "占每项时间的比例"), lambda value: f"{value:.0%}")
    head = (Text("an item's time", "每项的时间"), Text("share", "比例"))
    return Figure(
        key="shares",
        title=Text("Where an item's time goes", "每项的时间花在哪里"),
        subject="",
        svg=svg,
        table=Table(head, [[name, same(f"{share:.0%}")] for name, _, share in parts]),
        source=Text("one item at a time, looked at from outside", "逐项执行时从外部观察"),
        along="y",
        anchors=anchors,
    )


def _pays(found: Answer) -> Iterator[Text]:
    items = found.pays_from_items
    if items is not None and items > 1:
        yield Text(
            f"It pays from about {roughly(items)} items on: with fewer, one after the other is done before the "
            f"workers have started.",
            f"大约从 {roughly(items)} 项起才划算：再少，worker 还没启动，逐项执行就已完成。",
        )


def _changes(each: Crossing) -> Text:
    at = roughly(each.at) if each.at is not None else f"{each.low}–{each.high}"
    before, after = model_name(each.before), model_name(each.after)
    return Text(
        f"With fewer at once {before} win; at about {at} at once it changes to {after}.",
        f"并发数较小时{before.zh}更快；大约到 {at} 时，{after.zh}更快。",
    )


def _costs(found: Answer) -> Table:
    """The advised way, those that tie, the next best and the reference, with what each takes besides time."""
    choice = found.choice
    rivals = [each.way for each in (*choice.tied, *filter(None, [choice.next_best]))]
    ways = dict.fromkeys([choice.advised, *rivals, *([choice.reference] if choice.reference else [])])
    head = (
        Text("way", "做法"),
        Text("an item", "每项耗时"),
        Text("start-up", "启动"),
        Text("CPU an item", "每项 CPU"),
        Text("memory", "内存"),
    )
    return Table(head, [_cost_row(way, found) for way in ways])


def _cost_row(way: Way, found: Answer) -> list[Text]:
    cost = found.costs.get(way, Cost(None))
    times = (found.s_per_item.get(way), cost.startup_s, cost.cpu_s_per_item)
    return [way_name(way), *map(seconds, times), bytes_(cost.memory_bytes)]
