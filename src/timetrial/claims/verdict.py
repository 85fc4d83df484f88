"""What judging a claim comes to: the outcome, the figures that it rests on, and what would settle an open one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from timetrial.claims.claim import Claim
from timetrial.claims.evidence import Evidence, Outcome
from timetrial.languages import NOTHING, Text


@dataclass(frozen=True)
class Settle:
    """What would settle it: a command, how often, and about how long that takes; nothing where ``command`` is empty."""

    command: str
    launches: int
    duration_s: float
    text: Text


@dataclass(frozen=True)
class Verdict:
    """A claim, and what the stored results say of it.

    ``level`` is the claim's own: the chance of a false verdict is at most 1 - level. None for an open one, and where
    the figures are counts or rest on an allowance.
    """

    claim: Claim
    outcome: Outcome
    why: Text
    """One sentence: what the figures come to, what is missing, or why it can't be tested here."""
    evidence: tuple[Evidence, ...] = ()
    settle: Settle | None = None
    """Of an inconclusive one."""
    level: float | None = None
    missing: bool = False
    """Whether it is open because what tests it was not measured here."""

    @property
    def id(self) -> str:
        """The claim's."""
        return self.claim.id

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers, for JSON; texts as {"en": …, "zh": …}."""
        claim = self.claim
        return {
            "id": claim.id,
            "sentence": claim.sentence.as_dict(),
            "outcome": self.outcome.value,
            "why": self.why.as_dict(),
            "level": self.level,
            "threshold": {
                "at_least": claim.threshold.at_least,
                "at_most": claim.threshold.at_most,
                "unit": claim.threshold.unit,
                "of": claim.threshold.of.as_dict(),
                "because": claim.threshold.because.as_dict(),
            },
            "published": [{"figure": each.figure.as_dict(), "source": each.source} for each in claim.published],
            "benchmark": {"command": claim.benchmark.command, "duration_s": claim.benchmark.duration_s},
            "evidence": [_evidence_dict(each) for each in self.evidence],
            "settle": None
            if self.settle is None
            else {
                "command": self.settle.command,
                "launches": self.settle.launches,
                "duration_s": self.settle.duration_s,
                "text": self.settle.text.as_dict(),
            },
            "missing": self.missing,
        }


def _evidence_dict(evidence: Evidence) -> dict[str, Any]:
    interval = evidence.interval
    return {
        "what": evidence.what,
        "value": evidence.value,
        "unit": evidence.unit,
        "interval": None
        if interval is None
        else {
            "low": interval.low,
            "high": interval.high,
            "level": interval.level,
            "basis": interval.basis.as_dict(),
        },
        "at_least": evidence.at_least,
        "at_most": evidence.at_most,
        "outcome": evidence.outcome.value if evidence.outcome else None,
        "launches": evidence.launches,
        "trials": [{"file": each.file, "test": each.test} for each in evidence.trials],
    }


@dataclass(frozen=True)
class Tally:
    """How many verdicts of each kind, and how many false ones are to be expected among them at most."""

    confirmed: int
    refuted: int
    inconclusive: int
    not_testable: int
    false_at_most: float
    """The sum of 1 - level over those that have one."""
    without_level: int
    """Decided by counts or with an allowance: no rate of error is known for them."""

    @property
    def decided(self) -> int:
        """Confirmed and refuted ones."""
        return self.confirmed + self.refuted


def tally(verdicts: list[Verdict]) -> Tally:
    """Of any selection of verdicts."""
    count = {outcome: sum(each.outcome is outcome for each in verdicts) for outcome in Outcome}
    decided = [each for each in verdicts if each.outcome.decided]
    return Tally(
        count[Outcome.CONFIRMED],
        count[Outcome.REFUTED],
        count[Outcome.INCONCLUSIVE],
        count[Outcome.NOT_TESTABLE],
        sum(1 - each.level for each in decided if each.level is not None),
        sum(each.level is None for each in decided),
    )


def open_verdict(claim: Claim, why: Text = NOTHING) -> Verdict:
    """An inconclusive one without any figure."""
    return Verdict(claim, Outcome.INCONCLUSIVE, why)
