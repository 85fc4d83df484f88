"""One way, opened: its model's executor, warm and proved, and rounds as long as the clock and the budget want them."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from timetrial import models
from timetrial.models.base import Executor
from timetrial.results.ways import Way
from timetrial.search.proof import Proof
from timetrial.workload import Workload

_ROUND_ITEMS_PER_WORKER: Final = 4


@dataclass(frozen=True)
class RoundSize:
    """How long a round should be: not shorter and, where one can help it, not longer.

    ``most_items`` is how many results there is room for.
    """

    shortest_s: float
    longest_s: float
    most_items: int

    def laps(self, items: int, concurrency: int, s_per_item: float) -> int:
        """How many times a round takes all items, so that it is long enough, and has some for every worker."""
        for_time = self.shortest_s / s_per_item if s_per_item > 0 else self.most_items
        affordable = max(concurrency, self.longest_s / s_per_item if s_per_item > 0 else self.most_items)
        wanted = min(max(for_time, _ROUND_ITEMS_PER_WORKER * concurrency), affordable, self.most_items)
        return max(1, round(wanted / items))


class Contestant:
    """A context manager around an executor; ``round`` gives seconds an item."""

    def __init__(self, way: Way, workload: Workload, items: Sequence[Any], proof: Proof, size: RoundSize) -> None:
        self.way = way
        self._workload = workload
        self._lap = list(items)
        self._proof = proof
        self._size = size
        self._laps = 1
        self._stack = ExitStack()
        self.startup_s = 0.0
        self.teardown_s = 0.0
        self.latest_s = 0.0
        """How long the latest round lasted, a warm-up counted."""
        self.durations_s: list[float] = []
        self.details: Mapping[str, object] = {}

    @property
    def items_per_round(self) -> int:
        """How many items a round takes by now."""
        return self._laps * len(self._lap)

    def open(self) -> None:
        """Starts the model, runs one item, and proves and warms up with rounds until they are long enough.

        Raises VoidTrialError for other work, and what the task or the model raises.
        """
        name, way = models.resolve(self.way.model, self._workload)
        model = models.get(name)
        began_s = time.perf_counter()
        with ExitStack() as stack:
            opened = model.open(way, self.way.concurrency)
            self._executor: Executor = stack.enter_context(opened)
            self._executor.run(self._lap[:1])
            self.startup_s = time.perf_counter() - began_s
            self.details = dict(self._executor.details)
            self._grow(self._warm_up(first=True) / len(self._lap))
            self._stack = stack.pop_all()
        gc.collect()

    def round(self) -> float:
        """One timed round, proved afterwards."""
        items = self._lap * self._laps
        began_ns = time.perf_counter_ns()
        results = self._executor.run(items)
        seconds = (time.perf_counter_ns() - began_ns) / 1e9
        self._proof.sample(results, self._laps, str(self.way))
        self.latest_s = seconds
        self.durations_s.append(seconds)
        return seconds / len(items)

    def close(self) -> None:
        """Ends the model; raises what that raises."""
        began_s = time.perf_counter()
        self._stack.close()
        self.teardown_s = time.perf_counter() - began_s

    def _grow(self, s_per_item: float) -> None:
        """Makes rounds as long as they should be, and warms up with them; a first pace is seldom the later one."""
        self._laps = self._size.laps(len(self._lap), self.way.concurrency, s_per_item)
        while self._laps > 1:
            seconds, before = self._warm_up(first=False), self._laps
            self._laps = self._size.laps(len(self._lap), self.way.concurrency, seconds / self.items_per_round)
            if self._laps <= 2 * before:
                return

    def _warm_up(self, *, first: bool) -> float:
        items = self._lap * self._laps
        began_s = time.perf_counter()
        results = self._executor.run(items)
        seconds = time.perf_counter() - began_s
        self.latest_s = seconds
        prove = self._proof.whole if first else self._proof.sample
        prove(results, self._laps, str(self.way))
        return seconds
