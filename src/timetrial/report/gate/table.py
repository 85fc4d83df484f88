"""What a gate found, for people at a terminal; and the words that all its formats share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.gate.findings import ExitCode, Finding, Verdict, exit_code
from timetrial.gate.policy import GatePolicy
from timetrial.report.text import about, columns, duration, few

_HEAD = ("benchmark", "base", "candidate", "effect", "interval", "launches", "verdict")
WORST_FIRST: Final = (
    Verdict.REGRESSED,
    Verdict.INCONCLUSIVE,
    Verdict.IMPROVED,
    Verdict.NEW,
    Verdict.EXCUSED,
    Verdict.UNCHANGED,
)


@dataclass(frozen=True)
class GateHeader:
    """What was compared: both sides in words, how long it took, and where the raw pairs are; None where unknown.

    ``notes`` are lines about this gate that a reader of the verdicts has to know.
    """

    base: str
    candidate: str
    took_s: float | None = None
    """Seconds."""
    record: str | None = None
    """The path of the raw pairs."""
    notes: tuple[str, ...] = ()


def gate_lines(findings: Sequence[Finding], policy: GatePolicy, header: GateHeader) -> list[str]:
    """The table, the worst at its end where the eye falls; then the reasons; the last line says what it comes to."""
    shown = worst_first(findings)[::-1]
    table = _table(shown) if shown else []
    return [title(header), *table, *_reasons(shown), *header.notes, *replay_lines(header), conclusion(findings, policy)]


def _reasons(findings: Sequence[Finding]) -> list[str]:
    """Each once, with the benchmarks that share it."""
    sharing: dict[tuple[Verdict, str], list[str]] = {}
    for each in findings:
        if each.reason:
            sharing.setdefault((each.verdict, one_line(each.reason)), []).append(each.benchmark)
    return [line for (verdict, reason), names in sharing.items() for line in _reason(verdict, reason, names)]


def _reason(verdict: Verdict, reason: str, names: Sequence[str]) -> list[str]:
    if len(names) == 1:
        return [f"{verdict}: {names[0]}: {reason}"]
    return [f"{verdict}: {len(names)} benchmarks: {reason}", *few([f"  {name}" for name in names])]


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """By verdict; regressions by their size, the largest first, and the others as they came."""
    return sorted(findings, key=lambda each: (WORST_FIRST.index(each.verdict), _size(each)))


def _size(finding: Finding) -> float:
    return -(finding.effect or 0.0) if finding.verdict is Verdict.REGRESSED else 0.0


def title(header: GateHeader) -> str:
    """Who was compared with whom."""
    took = f", {about(header.took_s)}" if header.took_s is not None else ""
    return f"gate: {header.candidate} against {header.base}{took}"


def replay_lines(header: GateHeader) -> list[str]:
    """How the same verdicts can be had again, if the raw pairs were kept."""
    return [f"all pairs are in {header.record}; timetrial gate --replay judges them again"] if header.record else []


def conclusion(findings: Sequence[Finding], policy: GatePolicy) -> str:
    """What the exit status means, and what was asserted."""
    code = exit_code(findings)
    counts = {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in Verdict}
    inconclusive = counts[Verdict.INCONCLUSIVE]
    asserted = counts[Verdict.UNCHANGED] + counts[Verdict.IMPROVED]
    if code == ExitCode.REGRESSION:
        also = f", and {inconclusive} left open" if inconclusive else ""
        return f"FAIL: {counts[Verdict.REGRESSED]} of {_benchmarks(len(findings))} regressed{also} (exit {code})"
    if code == ExitCode.PASS:
        return f"PASS: a slowdown of {percent(policy.detect)} in {_any_of(asserted)} would have shown (exit {code})"
    if not findings:
        return f"NOTHING ASSERTED: there was no benchmark to compare; check the selection (exit {code})"
    if not inconclusive:
        return f"NOTHING ASSERTED: none of {_benchmarks(len(findings))} could be compared (exit {code})"
    rest = f"; in the other {asserted} a slowdown of {percent(policy.detect)} would have shown" if asserted else ""
    return f"NOTHING ASSERTED: {inconclusive} of {_benchmarks(len(findings))} left open{rest} (exit {code})"


def _benchmarks(count: int) -> str:
    return f"{count} benchmark{'' if count == 1 else 's'}"


def _any_of(count: int) -> str:
    return "the one benchmark compared" if count == 1 else f"any of the {count} benchmarks compared"


def percent(ratio: float) -> str:
    """A share without a sign: ``5%``, ``2.5%``."""
    return f"{100 * ratio:.3g}%"


def effect_of(finding: Finding) -> str:
    """The effect with its sign, ``+5.2%`` for slower; a dash where nothing was measured."""
    return "-" if finding.effect is None else f"{finding.effect:+.1%}"


def interval_of(finding: Finding) -> str:
    """From where to where the effect may lie; a dash where too little was measured."""
    if finding.low is None or finding.high is None:
        return "-"
    return f"{finding.low:+.1%} to {finding.high:+.1%}"


def time_of(seconds: float | None) -> str:
    """Time per execution; a dash where nothing was measured."""
    return "-" if seconds is None else duration(seconds)


def one_line(text: str | None) -> str:
    """A reason without its line breaks; nothing for None."""
    return " ".join((text or "").split())


def _table(findings: Sequence[Finding]) -> list[str]:
    """With what each is compared with in its run, and how far a session's mood may move it, where that is known."""
    rows = [_HEAD, *map(_row, findings)]
    if any(each.against for each in findings):
        more = [("against", "noise floor"), *((each.against or "-", _floor(each)) for each in findings)]
        rows = [(*row[:-1], *extra, row[-1]) for row, extra in zip(rows, more, strict=True)]
    return columns(rows, right=(1, 2, 3, 5, 7) if len(rows[0]) > len(_HEAD) else (1, 2, 3, 5))


def _floor(finding: Finding) -> str:
    return "-" if finding.noise_floor is None else f"{finding.noise_floor:.1%}"


def _row(finding: Finding) -> Sequence[str]:
    return (
        finding.benchmark,
        time_of(finding.base_s_per_execution),
        time_of(finding.candidate_s_per_execution),
        effect_of(finding),
        interval_of(finding),
        str(finding.launches) if finding.launches else "-",
        finding.verdict,
    )
