"""The last gate's verdicts, judged anew from its raw pairs: whether anything got slower, and by how much."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timetrial.errors import GateError, ResultsError
from timetrial.gate.families import judge_families
from timetrial.gate.findings import ExitCode, Finding, Verdict, exit_code
from timetrial.gate.store import StoredGate, read_gate
from timetrial.gate.verdicts import judge
from timetrial.languages import Text, message_of
from timetrial.report.draw.marks import look_of
from timetrial.report.draw.rows import Dot, Row, draw_rows
from timetrial.report.draw.same import same
from timetrial.report.gate.rows import worst_first
from timetrial.report.gate.table import effect_of, interval_of, time_of
from timetrial.report.page.figure import Figure, Table

_MOST_DRAWN: Final = 30
_WORDS: Final = {
    Verdict.REGRESSED: Text("regressed", "变慢"),
    Verdict.IMPROVED: Text("improved", "变快"),
    Verdict.UNCHANGED: Text("unchanged", "无变化"),
    Verdict.INCONCLUSIVE: Text("inconclusive", "尚无定论"),
    Verdict.NEW: Text("new", "新增"),
    Verdict.EXCUSED: Text("excused", "豁免"),
}
_ENDS: Final = {
    ExitCode.PASS: Text("Passed", "通过"),
    ExitCode.REGRESSION: Text("Failed: something got slower", "未通过：有变慢"),
    ExitCode.NOTHING_ASSERTED: Text("Could assert nothing for some", "部分无法断定"),
}
_HEAD: Final = (
    Text("benchmark", "基准测试"),
    Text("base", "基线"),
    Text("candidate", "候选"),
    Text("effect", "差异"),
    Text("interval", "区间"),
    Text("launches", "启动次数"),
    Text("verdict", "结论"),
)


@dataclass(frozen=True)
class Gate:
    """One gate: what it came to, between whom, and each benchmark's verdict."""

    came_to: Text
    looks: str
    """confirmed, refuted or open: as a claim's verdict looks."""
    between: Text
    table: Table
    figure: Figure | None
    file: str


def gate_of(folders: Iterable[Path], left_out: list[str]) -> Gate | None:
    """The newest gate in ``gate/`` of these folders; None where there was none. One that is broken is told."""
    files = sorted(
        (each for folder in folders for each in (folder / "gate").glob("*.json")), key=lambda path: path.name
    )
    if not files:
        return None
    try:
        stored = read_gate(max(files, key=lambda path: path.name))
        findings = judge(stored.records, stored.policy, cut_off=not stored.complete)
        families = judge_families(stored.records, stored.policy)
    except (ResultsError, GateError) as error:
        left_out.append(message_of(error))
        return None
    return _gate(stored, worst_first([*findings, *families]), exit_code(findings, families))


def _gate(stored: StoredGate, findings: Sequence[Finding], code: int) -> Gate:
    base, candidate = (stored.about.get(side, {}).get("label", side) for side in ("base", "candidate"))
    looks = {ExitCode.PASS: "confirmed", ExitCode.REGRESSION: "refuted"}.get(code, "open")
    file = f"gate/{stored.path.name}"
    return Gate(
        _ENDS[code],
        looks,
        Text(f"{candidate} against {base}", f"{_zh(candidate)}，对比{_zh(base)}"),
        Table(_HEAD, [_row(each) for each in findings]),
        _figure(findings, file),
        file,
    )


def _zh(label: str) -> str:
    return label.replace("the candidate", "候选").replace("the base", "基线")


def _row(finding: Finding) -> list[Text]:
    times = (finding.base_s_per_execution, finding.candidate_s_per_execution)
    figures = (*map(time_of, times), effect_of(finding), interval_of(finding), finding.launches)
    return [_name(finding), *map(same, figures), _WORDS[finding.verdict]]


def _name(finding: Finding) -> Text:
    """The benchmark's, or the test's whose variants are judged together."""
    if finding.variants is None:
        return same(finding.benchmark)
    return Text(
        f"{finding.benchmark}, its {finding.variants} variants together",
        f"{finding.benchmark}，{finding.variants} 个变体合计",
    )


def _figure(findings: Sequence[Finding], file: str) -> Figure | None:
    """Effects with their intervals, as long as there are few enough to be told apart."""
    drawn = [(each, each.effect) for each in findings if each.effect is not None][:_MOST_DRAWN]
    if not drawn:
        return None
    rows = [
        Row(each.benchmark.rpartition("::")[2], [_dot(effect, each)], look=look_of(each.benchmark.partition("[")[2]))
        for each, effect in drawn
    ]
    axis = Text("candidate / base", "候选 / 基线")
    svg, anchors = draw_rows(rows, axis, _percent, around=1.0)
    return Figure(
        key="gate-effects",
        title=Text("How much slower or faster", "快慢的幅度"),
        subject="",
        svg=svg,
        table=Table(_HEAD, [_row(each) for each, _ in drawn]),
        source=same(file),
        along="y",
        anchors=anchors,
    )


def _percent(ratio: float) -> str:
    return f"{ratio - 1:+.0%}" if abs(ratio - 1) > _NOTHING else "0%"


_NOTHING: Final = 1e-9


def _dot(effect: float, finding: Finding) -> Dot:
    if finding.low is None or finding.high is None or not math.isfinite(finding.high):
        return Dot(1 + effect)
    return Dot(1 + effect, 1 + finding.low, 1 + finding.high)
