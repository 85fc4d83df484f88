"""What a gate concludes: a verdict for each benchmark, with the interval that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What can be said of one benchmark."""

    REGRESSED = "regressed"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    INCONCLUSIVE = "inconclusive"
    NEW = "new"
    EXCUSED = "excused"  # missing, skipped or void, and the policy names it


class ExitCode:
    """How ``timetrial gate`` ends."""

    PASS = 0
    REGRESSION = 1
    USAGE = 2
    NOTHING_ASSERTED = 3


@dataclass(frozen=True)
class Finding:
    """One benchmark's verdict.

    ``effect``, ``low`` and ``high`` are ratios candidate/base less 1 (0.05: 5 % slower), the interval at
    ``confidence``; None where nothing was measured. ``launches`` is how many launch pairs they rest on. ``reason``
    says what stands behind an inconclusive or excused verdict, and what would settle it. Where two stored files are
    compared, ``against`` is the benchmark of the same run that it is measured by, and ``noise_floor``, a ratio, how far
    a session's mood may move it.
    """

    benchmark: str
    verdict: Verdict
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    launches: int = 0
    base_s_per_execution: float | None = None
    candidate_s_per_execution: float | None = None
    """Seconds an execution on either side, in the median launch; None where nothing was measured."""
    reason: str | None = None
    against: str | None = None
    noise_floor: float | None = None
    variants: int | None = None
    """How many variants a test has, where this is the verdict on all of them together; None for a benchmark's own."""
    more_launches: int | None = None
    """About how many more launches would settle an inconclusive one; None where more would not help."""
    same_code: bool = False
    """Whether both sides run the same code, by all that was noted of them."""


def exit_code(findings: Sequence[Finding], families: Sequence[Finding] = ()) -> int:
    """A regression fails, of a benchmark or of all variants of a test together (``families``).

    Otherwise whatever is inconclusive, or nothing at all, keeps the gate from passing.
    """
    verdicts = {finding.verdict for finding in findings}
    if Verdict.REGRESSED in verdicts | {family.verdict for family in families}:
        return ExitCode.REGRESSION
    asserted = verdicts & {Verdict.UNCHANGED, Verdict.IMPROVED}
    return ExitCode.PASS if asserted and Verdict.INCONCLUSIVE not in verdicts else ExitCode.NOTHING_ASSERTED
