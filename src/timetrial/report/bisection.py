"""What a bisection found, for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from timetrial.gate.bisect import Bisection
from timetrial.gate.findings import Finding
from timetrial.report.gate import effect_of, interval_of


def bisection_lines(bisection: Bisection, good: str, bad: str) -> list[str]:
    """The commit with its effect and interval; or the range that can't be told apart; or that there is nothing."""
    if not bisection.slower:
        return [
            f"no benchmark is slower at {bad} than at {good}, as far as the gate can tell: there is no commit to find",
            "if it is slower elsewhere, run this there; or select just that benchmark with -k and raise budget_s",
        ]
    if bisection.culprit is not None:
        return [f"slower since {bisection.culprit}", *_effects(bisection.findings or bisection.slower, good)]
    return [
        f"slower since one of these {len(bisection.suspects)} commits, which could not be told apart:",
        *(f"  {each}" for each in bisection.suspects),
        *_effects(bisection.slower, good),
    ]


def _effects(findings: Sequence[Finding], good: str) -> list[str]:
    return [f"  {each.benchmark}: {effect_of(each)} ({interval_of(each)}) against {good}" for each in findings]
