"""What a gate found, for people at a terminal; and the words that all its formats share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from timetrial.gate.findings import ExitCode, Finding, Verdict, exit_code
from timetrial.gate.policy import GatePolicy
from timetrial.report.gate.reasons import reason_lines
from timetrial.report.gate.rows import More, hidden, rows_of, worst_first
from timetrial.report.text import about, columns, duration

_HEAD = ("benchmark", "base", "candidate", "effect", "interval", "launches", "verdict")


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
    launch_s: float | None = None
    """Seconds that a benchmark took in a launch, its share of the start included."""


def gate_lines(
    findings: Sequence[Finding],
    policy: GatePolicy,
    header: GateHeader,
    families: Sequence[Finding] = (),
    *,
    every: bool = False,
) -> list[str]:
    """The table, the worst first; then the reasons; the last line says what it comes to.

    ``families`` are the verdicts on all variants of a test together. Of many benchmarks, those that did not change are
    only counted, unless ``every`` one is wanted.
    """
    rows = rows_of(findings, every=every)
    return [
        title(header),
        *(_table(rows) if rows else []),
        *_uncounted(hidden(findings, rows)),
        *map(family_line, worst_first(families)),
        *reason_lines(worst_first([each for each in findings if not is_untimed(each)])),
        *same_code_lines(findings),
        *header.notes,
        *replay_lines(header),
        *leaning_lines(findings, policy, header.launch_s),
        conclusion(findings, policy, families),
    ]


def is_untimed(finding: Finding) -> bool:
    """Whether nothing had to be measured, since both sides run the same code."""
    return finding.same_code and finding.verdict is Verdict.UNCHANGED


def same_code_lines(findings: Sequence[Finding]) -> list[str]:
    """How many run the same code on both sides; nothing where none does."""
    same = [each for each in findings if each.same_code]
    if not same:
        return []
    measured = sum(each.launches > 0 for each in same)
    was = "was" if measured == 1 else "were"
    but = f" ({measured}, one in ten by lot, {was} all the same)" if measured else ""
    runs = "runs" if len(same) == 1 else "run"
    return [f"{_benchmarks(len(same))} {runs} the same code on both sides: not measured{but}"]


def family_line(family: Finding) -> str:
    """The verdict on a test, by all its variants together."""
    return (
        f"{family.verdict}: {family.benchmark}: its {family.variants} variants together {effect_of(family)} "
        f"({interval_of(family)}), {family.launches} launches"
    )


def _uncounted(findings: Sequence[Finding]) -> list[str]:
    """How many are in no row, by verdict."""
    counts = Counter(each.verdict for each in findings)
    return [f"{count} more {verdict} (-v shows each)" for verdict, count in counts.items()]


def leaning_lines(findings: Sequence[Finding], policy: GatePolicy, launch_s: float | None) -> list[str]:
    """What a gate saw of what it had to leave open, and how much more time would settle that; nothing for others.

    ``launch_s``: seconds that a benchmark took in a launch of this gate; None where that is unknown.
    """
    open_ones = [each for each in findings if each.verdict is Verdict.INCONCLUSIVE and each.effect is not None]
    said = [
        line
        for word, sign in (("slower", 1), ("faster", -1))
        if (line := _leaning([sign * (each.effect or 0.0) for each in open_ones], policy.flag, word))
    ]
    more = [each.more_launches for each in findings if each.more_launches]
    if more and launch_s:
        number = "it" if len(more) == 1 else "them"
        said.append(f"about {about(sum(more) * launch_s)} more would settle {number}")
    return ["; ".join(said)] if said else []


def _leaning(sizes: Sequence[float], least: float, word: str) -> str:
    """Of many, where the middle half of them lies: the ends are chance's."""
    leaning = sorted(size for size in sizes if size > least)
    if not leaning:
        return ""
    quarter = len(leaning) // 4
    low, high = f"{leaning[quarter]:.1%}", f"{leaning[-1 - quarter]:.1%}"
    by = low if low == high else f"{low} to {high}"
    half = "half of them " if quarter else ""
    verb = "leans" if len(leaning) == 1 else "lean"
    return f"{_benchmarks(len(leaning))} {verb} to {word}, {half}by {by}"


def title(header: GateHeader) -> str:
    """Who was compared with whom."""
    took = f", {about(header.took_s)}" if header.took_s is not None else ""
    return f"gate: {header.candidate} against {header.base}{took}"


def replay_lines(header: GateHeader) -> list[str]:
    """How the same verdicts can be had again, if the raw pairs were kept."""
    return [f"all pairs are in {header.record}; timetrial gate --replay judges them again"] if header.record else []


def conclusion(findings: Sequence[Finding], policy: GatePolicy, families: Sequence[Finding] = ()) -> str:
    """What the exit status means, and what was asserted."""
    code = exit_code(findings, families)
    counts = {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in Verdict}
    inconclusive = counts[Verdict.INCONCLUSIVE]
    asserted = counts[Verdict.UNCHANGED] + counts[Verdict.IMPROVED]
    if code == ExitCode.REGRESSION:
        slower = sum(each.verdict is Verdict.REGRESSED for each in families)
        tests = f"{slower} test{'' if slower == 1 else 's'} by all variants together"
        also = f", and {inconclusive} left open" if inconclusive else ""
        by_themselves = f"{counts[Verdict.REGRESSED]} of {_benchmarks(len(findings))}"
        return f"FAIL: {by_themselves}{f' and {tests}' if slower else ''} regressed{also} (exit {code})"
    same = sum(is_untimed(each) for each in findings)
    if code == ExitCode.PASS and same == asserted:
        which = "the one benchmark" if asserted == 1 else f"all {asserted} benchmarks"
        return f"PASS: both sides run the same code in {which} compared (exit {code})"
    if code == ExitCode.PASS and same:
        rest = f"; in any of the other {asserted - same} a slowdown of {percent(policy.detect)} would have shown"
        return f"PASS: both sides run the same code in {_benchmarks(same)}{rest} (exit {code})"
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


def _table(rows: Sequence[Finding | More]) -> list[str]:
    """With what each is compared with in its run, and how far a session's mood may move it, where that is known."""
    cells = [_HEAD, *map(_row, rows)]
    if any(isinstance(each, Finding) and each.against for each in rows):
        more = [("against", "noise floor"), *map(_against, rows)]
        cells = [(*row[:-1], *extra, row[-1]) for row, extra in zip(cells, more, strict=True)]
    return columns(cells, right=(1, 2, 3, 5, 7) if len(cells[0]) > len(_HEAD) else (1, 2, 3, 5))


def _against(row: Finding | More) -> tuple[str, str]:
    return ("", "") if isinstance(row, More) else (row.against or "-", _floor(row))


def _floor(finding: Finding) -> str:
    return "-" if finding.noise_floor is None else f"{finding.noise_floor:.1%}"


def _row(row: Finding | More) -> Sequence[str]:
    if isinstance(row, More):
        return (more_of(row), "", "", "", effects_of(row.findings), "", row.findings[0].verdict)
    return (
        row.benchmark,
        time_of(row.base_s_per_execution),
        time_of(row.candidate_s_per_execution),
        effect_of(row),
        interval_of(row),
        str(row.launches) if row.launches else "-",
        f"{row.verdict}: {row.reason}" if is_untimed(row) else row.verdict,
    )


def more_of(row: More) -> str:
    """What stands for variants without rows of their own."""
    return f"… and {len(row.findings)} more{f' of {row.family}' if row.family else ''}"


def effects_of(findings: Sequence[Finding]) -> str:
    """From the smallest to the largest effect; nothing where none was measured."""
    effects = [each.effect for each in findings if each.effect is not None]
    return f"effects {min(effects):+.1%} to {max(effects):+.1%}" if effects else ""
