"""How much of a gate's time is left, and what its launches have cost so far."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

_GRACE: Final = 0.05
"""A launch may be under way for so much of the budget after its end; twice that is where it is cut off."""
_FEW: Final = 5
SHORTEST_S: Final = 30.0
"""The first launch has so long, however small the budget."""


class BudgetClock:
    """Begins to run when it is made; ``budget_s`` is what no launch begins after."""

    def __init__(self, budget_s: float, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._began_s = clock_s()
        self._budget_s = budget_s
        self.grace_s = _GRACE * budget_s
        """How long a launch may go on after the budget, in seconds."""
        self.ends_s = self._began_s + max(SHORTEST_S, budget_s + 2 * self.grace_s)
        """When all waiting ends, by the clock."""

    @property
    def left_s(self) -> float:
        """Of the budget; nothing or less once it is over."""
        return self._budget_s - (self._clock_s() - self._began_s)

    def over_with(self, cost_s: float) -> bool:
        """Whether something that takes so long would go past what a launch may take."""
        allowed_s = max(SHORTEST_S, self._budget_s + self.grace_s)
        return self._clock_s() - self._began_s + cost_s > allowed_s


@dataclass
class Costs:
    """What the launches so far have taken, in seconds."""

    start_s: float = 0.0
    """From the start of both sides to their first benchmark, and from the last one to their end: the longest so far."""
    in_launch_s: dict[str, float] = field(default_factory=dict)
    """Each benchmark in its last launch."""
    _begun_s: float = 0.0
    _ended_s: float = 0.0
    _slowness: dict[str, float] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether a launch has come to its end."""
        return self._ended_s > 0

    def note_start(self, seconds: float) -> None:
        """How long it was until both sides had collected."""
        self._begun_s = max(self._begun_s, seconds)
        self.start_s = self._begun_s + self._ended_s

    def note_end(self, seconds: float) -> None:
        """How long it took until both were gone."""
        self._ended_s = max(self._ended_s, seconds)
        self.start_s = self._begun_s + self._ended_s

    def note(self, name: str, seconds: float, expected_s: float = 0.0) -> None:
        """How long a benchmark took in a launch, and how long it should have."""
        self.in_launch_s[name] = seconds
        if expected_s:
            self._slowness[name] = seconds / expected_s

    @property
    def slowness(self) -> float:
        """How many times longer than expected the median benchmark took, once a few are known."""
        return statistics.median(self._slowness.values()) if len(self._slowness) >= _FEW else 1.0

    def launch_s(self, names: Sequence[str]) -> float:
        """What a launch of these is expected to take."""
        return self.start_s + sum(self.in_launch_s.get(name, 0.0) for name in names)

    def fitting(self, names: Sequence[str], left_s: float) -> list[str]:
        """As many of them as a launch of ``left_s`` has time for, those that take least first."""
        left_s -= self.start_s
        fitting = []
        for name in sorted(names, key=lambda each: self.in_launch_s.get(each, 0.0)):
            left_s -= self.in_launch_s.get(name, 0.0)
            if left_s < 0:
                break
            fitting.append(name)
        return fitting
