"""A way to run the function: a model at a concurrency; and the rounds of all ways, which pair up by their turn."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from timetrial.stats.lead import FEWEST, Lead, lead_of

SIMPLEST_FIRST = ("serial", "threads", "coroutines", "processes", "processes+coroutines")
"""Among models that tie, the first of these is advised; any other one comes after them."""


@dataclass(frozen=True, order=True)
class Way:
    """A model's id, such as ``threads`` or ``coroutines[to_thread]``, at a concurrency."""

    model: str
    concurrency: int

    def __str__(self) -> str:
        """As test ids have it: ``threads-8``; one at a time needs no number."""
        return self.model if self.model.partition("[")[0] == "serial" else f"{self.model}-{self.concurrency}"

    @property
    def is_serial(self) -> bool:
        """Whether it is one item after the other in the calling thread."""
        return self.model.partition("[")[0] == "serial"

    @property
    def complexity(self) -> tuple[int, int, int, str]:
        """What sorts ways by how much there is to them: the model, whether it is a variant, then the concurrency."""
        name, _, variant = self.model.partition("[")
        rank = SIMPLEST_FIRST.index(name) if name in SIMPLEST_FIRST else len(SIMPLEST_FIRST)
        if variant == "to_thread]":  # threads, with a loop around them
            rank = len(SIMPLEST_FIRST)
        return rank, bool(variant), self.concurrency, self.model


@dataclass
class Rounds:
    """Seconds an item of every timed round: by way, and by the turn in which it was run.

    ``fewest`` is how many rounds a way must have to be compared with one that it took no turns with.
    """

    of: dict[Way, dict[int, float]] = field(default_factory=dict)
    fewest: int = FEWEST

    def add(self, turn: int, s_per_item: Mapping[Way, float]) -> None:
        """A turn is over."""
        for way, seconds in s_per_item.items():
            self.of.setdefault(way, {})[turn] = seconds

    def median_s(self, way: Way) -> float:
        """The way's middle round, in seconds an item; the way must have one."""
        return statistics.median(self.of[way].values())

    def lead(self, slower: Way, faster: Way) -> Lead | None:
        """How many times as long ``slower`` takes."""
        return lead_of(self.of.get(slower, {}), self.of.get(faster, {}), self.fewest)

    def fastest(self, ways: Iterable[Way]) -> Way | None:
        """Of these the one whose pairs beat the others'; medians decide between those that never met."""
        best = None
        for way in ways:
            if not self.of.get(way):
                continue
            if best is None or self._is_faster(way, best):
                best = way
        return best

    def _is_faster(self, way: Way, other: Way) -> bool:
        common = self.of[way].keys() & self.of[other].keys()
        if len(common) >= _ENOUGH:
            return statistics.median(self.of[way][turn] / self.of[other][turn] for turn in common) < 1
        return self.median_s(way) < self.median_s(other)


_ENOUGH = 3
