"""What a bisection found, for people at a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from timetrial.gate.bisect import Another, Bisection
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.git_bisect import Commit
from timetrial.report.gate.reasons import one_line
from timetrial.report.gate.table import effect_of, interval_of


def bisection_lines(bisection: Bisection, good: str, bad: str, given: Sequence[str] = ()) -> list[str]:
    """The commit with its effect and interval; or the range that can't be told apart; or why there is nothing.

    ``given`` are the words of the command without the two commits: with others, it finds other slowdowns.
    """
    if not bisection.slower:
        return _nothing(bisection.compared, good, bad)
    others = [line for each in bisection.others for line in _another(each, good, given)]
    return [*_found(bisection, good), *others]


def _another(another: Another, good: str, given: Sequence[str]) -> list[str]:
    """Where it lies, and how it is found."""
    start, end = _short(another.good), _short(another.bad)
    size = "smaller" if another.good == good else "second"
    command = shlex.join(["timetrial", "bisect", "--good", start, "--bad", end, *given])
    return [f"a {size} slowdown lies between {start} and {end}:", f"  {command}"]


def _short(ref: str) -> str:
    return ref[:12] if len(ref) >= 40 else ref


def _found(bisection: Bisection, good: str) -> list[str]:
    if bisection.culprit is not None:
        return [f"slower since {bisection.culprit}", *_effects(bisection.findings or bisection.slower, good)]
    return [
        f"slower since one of these {len(bisection.suspects)} commits, which could not be told apart:",
        *(line for each in bisection.suspects for line in _suspect(each, bisection)),
        *_effects(bisection.slower, good),
    ]


def _suspect(commit: Commit, bisection: Bisection) -> list[str]:
    """A commit that may have done it, and why it could not be told."""
    why = bisection.skipped.get(commit.hash)
    return [f"  {commit}", *([f"    skipped: {one_line(why)}"] if why else [])]


def _nothing(compared: Sequence[Finding], good: str, bad: str) -> list[str]:
    """That no benchmark is slower, only where each was measured and none was left open."""
    if not compared:
        return [f"nothing was measured at {good} and {bad}: there is no benchmark to compare; check the selection"]
    open_ones = [each for each in compared if each.verdict not in (Verdict.UNCHANGED, Verdict.IMPROVED)]
    reasons = [
        f"  {each.verdict}: {each.benchmark}: {one_line(each.reason) or 'no reason given'}" for each in open_ones
    ]
    if any(each.verdict is Verdict.INCONCLUSIVE for each in open_ones) or len(open_ones) == len(compared):
        return [
            f"whether a benchmark is slower at {bad} than at {good} can't be told, so the search can't begin:",
            *reasons,
        ]
    return [
        f"no benchmark is slower at {bad} than at {good}, as far as the gate can tell: there is no commit to find",
        *reasons,
        "if it is slower elsewhere, run this there; or select just that benchmark with -k and raise budget_s",
    ]


def _effects(findings: Sequence[Finding], good: str) -> list[str]:
    return [
        f"  {finding.benchmark}: {effect_of(finding)} ({interval_of(finding)}) against {good}" for finding in findings
    ]
