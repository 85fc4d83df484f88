"""What a reader of Chinese sees of a page: no sentence in English, but for names, code, sources and quotations."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("msgspec")
pytest.importorskip("numpy")

from tests.unit.report.page.made_up import environment, history, others, results, suite, trial, write
from tests.unit.report.page.test_page import GATE
from tests.unit.report.page.test_run import findings
from timetrial import models
from timetrial.advice.of_findings import answer_of
from timetrial.errors import VoidTrialError
from timetrial.languages import Text, text
from timetrial.models import eventloops
from timetrial.report.page.page import page_of
from timetrial.report.page.render import render
from timetrial.report.page.run import page_of_run
from timetrial.results.collect import collect
from timetrial.search.findings import Failure, Findings
from timetrial.trial import traffic_reasons
from timetrial.trial.void import Kind, Void, void_of

_UNSEEN = ("e-", "style", "script", "code", "pre", "cite", "title")
_WORD = r"[A-Za-z][a-z']*"
_SENTENCE = re.compile(rf"\b{_WORD}(?:,? {_WORD}){{3,}}")
"""Four words in a row and more."""
_QUOTED = re.compile(r"“[^”]*”|「[^」]*」")


@dataclass
class Reader(HTMLParser):
    """Collects the text that is shown in Chinese."""

    inside: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Counts what is not shown."""
        if tag in _UNSEEN or ("lang", "en") in attrs:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Its end."""
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        """What is between."""
        if not self.inside and data.strip():
            self.told.append(data)


def english(html: str) -> list[str]:
    """Sentences that a reader of Chinese would stumble over."""
    reader = Reader()
    reader.feed(html)
    return [found[0] for told in reader.told if (found := _SENTENCE.search(_QUOTED.sub("", told)))]


def voided(kind: str, reason: Text, number: int) -> dict[str, Any]:
    """A trial that is void, as it is stored today."""
    made = trial(f"t.py::test_{number}", f"w{number}", "threads", 1.0)
    made["extra_info"]["timetrial"]["void"] = [Void(Kind(kind), reason).as_dict()]
    return made


def test_the_walker_finds_english_where_there_is_some() -> None:
    """And lets names, code and quotations be."""
    assert english("<p><e->so it is told</e-><z->所以</z-> <code>run it like this</code> “no such file there”") == []
    assert english("<p><z->原因：it was far too slow</z->") == ["it was far too slow"]
    assert english('<text lang="en">a b c d</text><text lang="zh-CN">what is it then</text>') == ["what is it then"]


def test_a_whole_report_has_no_english_sentence_on_its_chinese_page(tmp_path: Path) -> None:
    """Claims, charts, two places, voids, a gate, a history, and files that were left out."""
    seen = [
        (Kind.REQUESTS, traffic_reasons.answered(3, 1, 4)),
        (Kind.CONCURRENCY, traffic_reasons.too_many_at_once(9, 8)),
        (Kind.POOL, traffic_reasons.few_connections(2, 8)),
        (Kind.POOL, traffic_reasons.steady_peak(4, 8)),
        (Kind.SERVER_BOUND, traffic_reasons.near_ceiling(0.9, 1_000.0, 0.7)),
        (Kind.LIMIT, traffic_reasons.no_ports(30_000, 28_000)),
    ]
    voids = [voided(str(kind), reason, number) for number, (kind, reason) in enumerate(seen)]
    fair = [each for each in suite(1, accounted=True, opened=True) if not each["extra_info"]["timetrial"]["void"]]
    write(tmp_path, "a.json", results([*fair, *voids]))
    elsewhere = [each for each in others() if not each["extra_info"]["timetrial"]["void"]]
    write(tmp_path, "b.json", results(elsewhere, where=environment("3.14.1", "Another CPU")))
    history(tmp_path, 8, changed_at=4)
    broken: Mapping[str, Any] = {
        "half": "{",
        "list": "[]",
        "other": '{"benchmarks": [{"stats": 3}]}',
        "deep": "[" * 9**5,
    }
    for name, content in broken.items():
        (tmp_path / f"{name}.json").write_text(content, encoding="utf-8")
    (tmp_path / "gate").mkdir()
    shutil.copy(GATE, tmp_path / "gate" / "1.json")
    found = page_of(collect([tmp_path]), [tmp_path])
    assert len(found.left_out) == len(broken)
    assert found.gate is not None
    assert english(render(found)) == []


def test_a_broken_gate_is_told_in_chinese_too(tmp_path: Path) -> None:
    """As broken runs are."""
    write(tmp_path, "a.json", results(others()))
    (tmp_path / "gate").mkdir()
    for content in ("{}", '{"timetrial_gate": {}}', '{"timetrial_gate": {"schema_version": 99}}'):
        (tmp_path / "gate" / "1.json").write_text(content, encoding="utf-8")
        left_out = page_of(collect([tmp_path]), [tmp_path]).left_out
        assert [english(text(each).zh) for each in left_out] == [[]], left_out


def test_a_limit_that_was_reached_is_told_in_both_languages() -> None:
    """With what the system said, as it said it."""
    void = void_of(OSError(errno.EMFILE, "no more"))
    assert void is not None
    assert void.as_dict()["reason_zh"].startswith("此进程不能再打开更多文件（EMFILE）：OSError")


def test_a_void_that_fails_its_test_keeps_both_languages() -> None:
    """On its way through the error."""
    with pytest.raises(VoidTrialError) as caught:
        raise Void(Kind.REQUESTS, traffic_reasons.answered(3, 2, 4)).error("w, threads")
    again = void_of(caught.value)
    assert again is not None
    assert again.as_dict()["reason_zh"] == "2 轮应有 4 个请求，服务器却应答了 3 个"


def test_a_runs_page_has_no_english_sentence_in_chinese() -> None:
    """With its notes, and without an answer, whatever went wrong."""
    found = findings()
    reasons = {name: models.get(name).unavailable() for name in models.names()}
    found.left_out = {name: text(reason) for name, reason in reasons.items() if reason is not None}
    found.left_out["coroutines[winloop]"] = text(str(eventloops.unavailable("none")))
    assert english(render(page_of_run(found, answer_of(found), "printed"))) == []
    for failure in (None, Failure("function", "ValueError: no")):
        nothing = Findings(failure=failure)
        assert english(render(page_of_run(nothing, None, ""))) == []
