"""What a gate found, as Markdown for a comment on a pull request: what matters on top, the rest folded away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.report.escaped import code_in_markdown, cut_in_the_middle, in_markdown
from timetrial.report.gate.reasons import one_line, reason_lines
from timetrial.report.gate.rows import ALL_SHOWN_UP_TO, worst_first
from timetrial.report.gate.table import (
    GateHeader,
    conclusion,
    effect_of,
    family_line,
    interval_of,
    leaning_lines,
    replay_lines,
    same_code_lines,
    time_of,
    title,
)

_MOST_CHARACTERS: Final = 60_000  # GitHub refuses a comment of more than 65,536
_LONGEST_NAME: Final = 200
_LONGEST_REASON: Final = 1_000
_ROOM_FOR_REASONS: Final = 10_000
_HEAD: Final = "| benchmark | base | candidate | effect | interval | launches | verdict |"
_RULE: Final = "| --- | ---: | ---: | ---: | --- | ---: | --- |"


def gate_markdown(
    findings: Sequence[Finding], policy: GatePolicy, header: GateHeader, families: Sequence[Finding] = ()
) -> str:
    """The comment; however many benchmarks there are, it stays short enough to be posted."""
    ordered = worst_first(findings)
    notable = [each for each in ordered if each.verdict is not Verdict.UNCHANGED]
    unchanged = [each for each in ordered if each.verdict is Verdict.UNCHANGED]
    head = in_markdown(cut_in_the_middle(title(header), _LONGEST_REASON))
    parts = [f"### {head}", f"**{conclusion(findings, policy, families)}**"]
    if families:
        parts.append(_notes([family_line(each) for each in worst_first(families)]))
    parts += [in_markdown(each) for each in same_code_lines(findings)]
    parts += [in_markdown(each) for each in leaning_lines(findings, policy, header.launch_s)]
    reasons = reason_lines(notable) if len(notable) > ALL_SHOWN_UP_TO else []
    room = _MOST_CHARACTERS - sum(map(len, (*parts, _notes(header.notes)))) - 1_000
    if notable:
        parts.append(_table(notable, room - 2_000 - _ROOM_FOR_REASONS * bool(reasons), reasons=not reasons))
    if reasons:
        parts.append(_cut(_notes(reasons), _ROOM_FOR_REASONS))
    if unchanged:
        plural = "" if len(unchanged) == 1 else "s"
        table = _table(unchanged, room - sum(map(len, parts)), reasons=True)
        parts.append(
            f"<details><summary>{len(unchanged)} benchmark{plural} unchanged</summary>\n\n{table}\n\n</details>"
        )
    if header.notes:
        parts.append(_notes(header.notes))
    parts += [in_markdown(each) for each in replay_lines(header)]
    return "\n\n".join(parts) + "\n"


def _notes(lines: Sequence[str]) -> str:
    return "\n".join(f"- {in_markdown(cut_in_the_middle(each.strip(), _LONGEST_REASON))}" for each in lines)


def _cut(text: str, most_characters: int) -> str:
    """As many whole lines as there is room for."""
    if len(text) <= most_characters:
        return text
    return f"{text[:most_characters].rpartition(chr(10))[0]}\n- …"


def _table(findings: Sequence[Finding], most_characters: int, *, reasons: bool) -> str:
    """As many rows as there is room for, and how many more there are; of many, reasons are told below."""
    lines, used = [_HEAD, _RULE], 0
    for index, finding in enumerate(findings):
        row = _row(finding, finding.reason if reasons else None)
        used += len(row) + 1
        if used > most_characters:
            lines.append(f"\n… and {len(findings) - index} more")
            break
        lines.append(row)
    return "\n".join(lines)


def _row(finding: Finding, why: str | None) -> str:
    verdict = f"**{finding.verdict}**" if finding.verdict is Verdict.REGRESSED else str(finding.verdict)
    reason = f": {in_markdown(cut_in_the_middle(one_line(why), _LONGEST_REASON))}" if why else ""
    cells = (
        code_in_markdown(cut_in_the_middle(finding.benchmark, _LONGEST_NAME)),
        time_of(finding.base_s_per_execution),
        time_of(finding.candidate_s_per_execution),
        effect_of(finding),
        interval_of(finding),
        str(finding.launches) if finding.launches else "-",
        f"{verdict}{reason}",
    )
    return f"| {' | '.join(cells)} |"
