"""How many items a worker gets at once: a share when all begin, then ever smaller batches (guided self-scheduling)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

_SHORTEST_BATCH_S = 0.005
"""A batch costs its sender, its worker and the scheduler some 0.1 ms: shorter ones than this aren't worth it."""

_LONGEST_BATCH_S = 0.1
"""Longer ones save nothing more, and keep items from workers that have become free."""

MOST_HELD_BACK = 1 / 4
"""The part of the items that the first batches leave for whoever is done first: as much as anybody may need."""

_LEAST_HELD_BACK = 1 / 16
"""The same where workers went on evenly in the last round, as they do with items that are alike."""

_PREFETCH_BELOW_S = 0.02
"""Workers whose items take longer than this get the next one when they ask: waiting for it costs them under 1 %."""


def held_back_after(paces_s: Sequence[float]) -> float:
    """The part of a round's items to hold back where the last one's took so long each: twice by how much that differed.

    ``paces_s`` is seconds an item, of each worker or batch; at least one.
    """
    if not min(paces_s):
        return MOST_HELD_BACK
    differed = (max(paces_s) - min(paces_s)) / max(paces_s)
    return min(MOST_HELD_BACK, max(_LEAST_HELD_BACK, 2 * differed))


class Dealer:
    """Deals the items of one round out to workers, as ranges of indices.

    ``slots`` is, for each worker, how many items it has in flight at once. ``pace_s`` is how long a worker has
    taken for one item so far, or None before anybody knows. ``held_back`` is the part of the items that the first
    batches leave. With ``one_at_a_time`` no item waits behind another one for a worker, at the price of a message for
    each.
    """

    def __init__(
        self,
        items: int,
        slots: Sequence[int],
        pace_s: float | None,
        *,
        held_back: float = MOST_HELD_BACK,
        one_at_a_time: bool = False,
    ) -> None:
        self.pace_s = pace_s
        self._held_back = held_back
        self._first_paces_s: list[float] = []
        self._last_size: int | None = None
        self._one_at_a_time = one_at_a_time
        self._items = items
        self._slots = slots
        self._all_slots = sum(slots)
        self._dealt = 0

    @property
    def remaining(self) -> int:
        """Items that no worker has got yet."""
        return self._items - self._dealt

    def first(self) -> list[range]:
        """The opening deal, one range for each worker (empty where items are fewer than slots).

        Every slot gets something to do first. Beyond that, what is not held back, if items are known to be short.
        """
        known_short = min(int(self._items * (1 - self._held_back)), self._longest() * len(self._slots))
        count = min(self._items, self._all_slots if self._one_at_a_time else max(self._all_slots, known_short))
        bounds = [0]
        for slots in self._slots:
            bounds.append(bounds[-1] + slots)
        # Whole slots go round first, so that a few items are spread over all workers alike.
        edges = [-(-count * bound // self._all_slots) for bound in bounds]
        self._dealt = count
        return [range(low, high) for low, high in itertools.pairwise(edges)]

    def next(self, worker: int) -> range:
        """The next range for this worker; empty when all items are dealt."""
        fair = -(-self.remaining * self._slots[worker] // self._all_slots)
        guided = -(-self.remaining // (2 * len(self._slots)))
        shortest = max(self._slots[worker], self._shortest())
        size = min(fair, max(shortest, min(guided, self._longest())))
        if self.prefetches and self.remaining <= shortest * len(self._slots):
            # The last batches: alike, as halves of what is left would come to batches of an item or two.
            self._last_size = self._last_size or -(-self.remaining // len(self._slots))
            size = min(self._last_size, self.remaining)
        if self._one_at_a_time:
            size = min(1, self.remaining)
        start = self._dealt
        self._dealt += size
        return range(start, self._dealt)

    def report(self, worker_s_per_item: float, *, first: bool) -> None:
        """A worker has delivered: so long has it taken for an item in this round, be it its ``first`` delivery."""
        self.pace_s = worker_s_per_item
        if first:
            self._first_paces_s.append(worker_s_per_item)

    def next_held_back(self) -> float:
        """The part of the next round's items to hold back: twice by how much workers' paces differed in this one."""
        paces_s = self._first_paces_s
        return MOST_HELD_BACK if len(paces_s) < len(self._slots) else held_back_after(paces_s)

    @property
    def prefetches(self) -> bool:
        """Whether items are so short that workers should have the next batch before they are through with one."""
        return not self._one_at_a_time and self.pace_s is not None and self.pace_s < _PREFETCH_BELOW_S

    def _shortest(self) -> int:
        return math.ceil(_SHORTEST_BATCH_S / self.pace_s) if self.pace_s else 1

    def _longest(self) -> int:
        return math.ceil(_LONGEST_BATCH_S / self.pace_s) if self.pace_s else 1


class OneBatch(Dealer):
    """Deals all items at once: to the one worker that there is, which shares them out itself."""

    def first(self) -> list[range]:
        """The whole round."""
        self._dealt = self._items
        return [range(self._items)]
