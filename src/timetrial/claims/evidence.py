"""A figure with its interval, what it was held against, and where it can be traced to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from timetrial.languages import Text


class Outcome(StrEnum):
    """The four things that can be said of a claim."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not testable here"

    @property
    def text(self) -> Text:
        """In both languages."""
        return Text(self.value, _IN_CHINESE[self])

    @property
    def decided(self) -> bool:
        """Whether it says that the claim holds, or that it doesn't."""
        return self in (Outcome.CONFIRMED, Outcome.REFUTED)


_IN_CHINESE = {
    Outcome.CONFIRMED: "成立",
    Outcome.REFUTED: "不成立",
    Outcome.INCONCLUSIVE: "尚无定论",
    Outcome.NOT_TESTABLE: "此环境无法测试",
}


@dataclass(frozen=True)
class Interval:
    """Where a figure lies, in the figure's own unit.

    ``level`` is the share of such intervals that hold the true figure, at least; None where ``basis`` is an allowance
    or a count, of which no share is known. Ends may be infinite.
    """

    low: float
    high: float
    level: float | None
    basis: Text
    """How it was come by, such as "12 pairs of rounds of one launch, and 10 % for that launch's luck"."""


@dataclass(frozen=True)
class TrialRef:
    """Where a figure can be traced to."""

    file: str
    """The results file's name."""
    test: str
    """The test's full id in it."""


@dataclass(frozen=True)
class Evidence:
    """One figure, with what it was held against.

    ``what`` names models and parameters, which are the same in every language: ``serial / threads, n=1000000``.
    ``unit`` is ``x`` for a ratio of times (2.0: the first takes twice as long as the second).
    """

    what: str
    value: float
    unit: str
    interval: Interval | None
    """None for what was counted, and for too few rounds."""
    at_least: float | None
    at_most: float | None
    """The bounds that it is held against; both None for a figure that is shown beside the others."""
    outcome: Outcome | None
    """What this figure alone says; None without bounds."""
    launches: int
    """How many fresh interpreters it was measured in."""
    trials: tuple[TrialRef, ...]
