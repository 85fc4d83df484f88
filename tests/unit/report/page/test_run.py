"""The page of ``timetrial run``: what to use for one function, why, what it costs, and the code."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("msgspec")
pytest.importorskip("numpy")

from tests.unit.report.page.made_up import ENVIRONMENT
from timetrial.advice.because import Shares, because
from timetrial.advice.of_findings import answer_of
from timetrial.languages import Text, packed
from timetrial.report.page.render import render
from timetrial.report.page.run import page_of_run
from timetrial.results.ways import Way
from timetrial.search.findings import Failure, Findings
from timetrial.search.notes import Note

SERIAL = Way("serial", 1)


def findings() -> Findings:
    """Of a function that waits, and gains by threads."""
    found = Findings(reference=SERIAL, environment=ENVIRONMENT, complete=True)
    found.target = {"name": "jobs.py:fetch", "workload": "fetch", "items": {"described": "200 items"}, "parts": {}}
    found.probed = {"digest": "x", "s_per_item": 0.01, "items": 200, "of": 200}
    found.profile = {"waiting": 0.9, "with_gil": 0.1, "without_gil": 0.0, "uncertain": 0.0, "gil": True, "beside": 0.0}
    ways = {SERIAL: 1e-2, Way("threads", 4): 2.6e-3, Way("threads", 16): 8e-4, Way("processes", 4): 3e-3}
    for turn in range(8):
        found.rounds.add(turn, {way: s * (1 + turn / 1000) for way, s in ways.items()})
    found.startup_s = dict.fromkeys(ways, 0.05)
    found.items_per_round = dict.fromkeys(ways, 200)
    found.costs[Way("threads", 16)] = {"cpu_s_per_item": 1e-4, "memory_bytes": 4e7, "memory_kind": "pss"}
    return found


def page(found: Findings) -> Any:
    """Its page."""
    return page_of_run(found, answer_of(found), "")


def test_it_begins_with_the_way_to_use_and_the_reason_in_both_languages() -> None:
    """The same numbers in both."""
    part = page(findings()).run
    assert part.answer.en.startswith("Use threads, 16 at once: 12.5× as fast as one after the other (12.5–12.5)")
    assert part.answer.zh.startswith("请用多线程，并发数 16：速度是逐项执行的 12.5 倍")
    assert part.because.en == "Because it waits 90 % of the time, so threads overlap it."
    assert part.because.zh == "因为它有 90% 的时间在等待，多线程可以重叠这些等待。"


def test_it_has_the_curve_the_ranking_the_costs_and_where_time_goes() -> None:
    """As the report on stored runs draws them."""
    found = page(findings())
    (place,) = found.places
    assert [figure.key.rpartition("-")[2] for figure in found.figures] == ["shares", "startup", "throughput"]
    assert len(place.overview[0].ranking.rows) == 4
    assert [str(cell) for cell in found.run.costs.rows[0]] == [
        "threads, 16 at once",
        "803 µs",
        "50.0 ms",
        "100 µs",
        "40.0 MB",
    ]
    html = render(found)
    assert html.count("<h1") == 1
    assert "jobs.py:fetch · 200 items" in html


def test_without_an_answer_it_says_why() -> None:
    """An exception of the function's is shown as text."""
    found = Findings(failure=Failure("function", "ValueError: <b>no</b>"))
    html = render(page(found))
    assert "No answer." in html
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in html


def test_its_reason_and_its_notes_are_in_both_languages() -> None:
    """As they come from the process that tried the function out, over its pipe."""
    found = findings()
    notes = [Note("random", Text("it seeds", "它设置种子"), Text("draw otherwise", "请另行抽取")).told()]
    for event in (
        {"event": "probed", **(found.probed or {}), "notes": notes},
        {"event": "left_out", "model": "processes", "reason": packed(Text("it can't be sent", "无法发送"))},
        {"event": "failed_way", "way": ["threads", 64], "kind": "error", "reason": "OSError: full", "notes": []},
    ):
        found.take(json.loads(json.dumps(event)))
    assert [each.zh for each in page(found).run.notes] == [
        "它设置种子；请另行抽取。",
        "processes 最多试到并发数 4：再多已无助益，或启动太久、超出给定时间。",
        "processes 未参与比较：无法发送。",
        "threads（并发数 64）失败：OSError: full。",
    ]


@pytest.mark.parametrize("model", ["serial", "threads", "coroutines", "processes", "processes+coroutines", "greenlets"])
@pytest.mark.parametrize("shares", [Shares(0.95, 0.04, 0.01), Shares(0.02, 0.9, 0.08), Shares(0.02, 0.02, 0.96)])
def test_every_reason_is_a_chinese_sentence_too(model: str, shares: Shares) -> None:
    """With the same percentages."""
    told = because(Way(model, 1 if model == "serial" else 8), shares, 0.1)
    assert re.findall(r"\d+", told.en) == re.findall(r"\d+", told.zh)
    assert re.search(r"[\u4e00-\u9fff]", told.zh)


def test_without_enough_rounds_it_says_so_in_a_sentence() -> None:
    """In both languages, before what else there is to know."""
    (why,) = page(Findings()).run.notes
    assert why.en == "Too few rounds fitted into the budget to compare anything: give it a longer --budget."
    assert why.zh == "给定时间内的轮数太少，无从比较：请加大 --budget。"
