"""How items are dealt out as Dask's tasks: all before the first begins, since Dask hands them to whoever is free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from timetrial.models.pool.batches import MOST_HELD_BACK, held_back_after

_BATCHES_A_THREAD: Final = 4
"""As the other pools that aren't ours share items out."""


class Batches:
    """For so many ``threads``; after a round in which all batches went at about one pace there are half as many.

    A task costs Dask a millisecond or two, so that few are better, as long as nobody is left with more than the others.
    """

    def __init__(self, threads: int, *, one_at_a_time: bool) -> None:
        self._threads = threads
        self._one_at_a_time = one_at_a_time
        self._held_back = MOST_HELD_BACK

    def of(self, count: int) -> list[range]:
        """The indices of so many items, batch by batch."""
        if self._one_at_a_time or not count:
            return [range(index, index + 1) for index in range(count)]
        if self._held_back == MOST_HELD_BACK:
            return _alike(0, count, _BATCHES_A_THREAD * self._threads)
        rest = int(count * self._held_back)
        return [*_alike(0, count - rest, self._threads), *_alike(count - rest, count, self._threads)]

    def learn(self, paces_s: Sequence[float]) -> None:
        """Is told after a round what an item took in each of its batches, in seconds."""
        if paces_s:
            self._held_back = held_back_after(paces_s)


def _alike(start: int, stop: int, most: int) -> list[range]:
    """As many batches at the most, of one size but for the last."""
    size = max(1, -(-(stop - start) // most))
    return [range(first, min(first + size, stop)) for first in range(start, stop, size)]
