"""What a piece of work does with its time: computing with the GIL held, computing without it, waiting.

Two looks, each of which lets the work run in the calling thread. The first one tells waiting from computing: the
thread's CPU time is its computing. What it spent ready to run while others had the cores is neither, and left out,
where the system counts it (Linux). What else is lost while a thread computes (to the host of a virtual machine; to the
others, where nobody counts) looks like waiting; so it is measured by computing for a moment that is known not to wait,
and taken out as well. Work that never gave its core away has not waited at all.

The second look tells the two kinds of computing apart (see gil_samples).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from timetrial.environment.interpreter import gil_enabled
from timetrial.measure.gil_samples import ENOUGH_SAMPLES, GilSampler, part_without_gil
from timetrial.measure.run_queue import RunQueue

_SHORTEST_SPIN_S: Final = 0.001
_LONGEST_SPIN_S: Final = 0.005
"""Computing that is known not to wait: as much as the work beside it computed, within these bounds."""

_FEWEST_SAMPLES: Final = 20
"""Work that computes little needs few: what chance does to them is that much smaller a part of its time."""


@dataclass(frozen=True)
class TimeShares:
    """Parts of the work's own time, which add up to 1; both kinds of computing are None where they can't be told.

    ``uncertain`` is by how much chance may have moved ``without_gil`` to or from ``with_gil``. ``beside`` is CPU time
    of this process's other threads, as a part of the same time: a pool of the work's own. ``s_per_run`` is the own time
    of a run. ``gil`` says whether this Python has one.
    """

    waiting: float
    with_gil: float | None
    without_gil: float | None
    uncertain: float
    beside: float
    s_per_run: float
    gil: bool

    @property
    def computing(self) -> float:
        """Both kinds of it."""
        return 1 - self.waiting


@dataclass(frozen=True)
class Stretch:
    """What a thread's clocks say of a piece of work.

    ``wall_s`` is without the time in the queue for a core; ``waited`` says whether it gave its core away of itself.
    """

    wall_s: float
    cpu_s: float
    waited: bool

    @property
    def rest_s(self) -> float:
        """Neither computing nor in the queue: waiting, or lost."""
        return max(0.0, self.wall_s - self.cpu_s)


@dataclass(frozen=True)
class _Look:
    waiting_s: float
    cpu_s: float
    beside_s: float
    runs: int

    @property
    def own_s(self) -> float:
        return self.waiting_s + self.cpu_s


def time_shares(parts: Sequence[Callable[[], object]], limit_s: float) -> TimeShares:
    """Runs the work again and again, for about ``limit_s`` at most, but each of both looks at least once.

    ``parts`` together, in their order, are a run of the work; the more of them, the better is told what was lost.
    """
    look = _undisturbed(parts, limit_s / 3)
    own_s = look.own_s or 1.0
    waiting, computing = look.waiting_s / own_s, 1 - look.waiting_s / own_s
    beside, s_per_run = look.beside_s / own_s, look.own_s / look.runs
    if not gil_enabled():
        return TimeShares(waiting, 0.0, computing, 0.0, beside, s_per_run, gil=False)
    free, uncertain = _without_gil(parts, limit_s * 2 / 3, max(_FEWEST_SAMPLES, round(ENOUGH_SAMPLES * computing**2)))
    held = None if free is None else computing * (1 - free)
    without = None if free is None else computing * free
    return TimeShares(waiting, held, without, computing * uncertain, beside, s_per_run, gil=True)


def waiting_s(work: Sequence[Stretch], known: Sequence[Stretch]) -> float:
    """How long the work waited, where ``known`` is computing beside it that didn't."""
    lost = _lost_per_cpu_s([*known, *(each for each in work if not each.waited)])
    return sum(max(0.0, each.rest_s - lost * each.cpu_s) for each in work if each.waited)


def _lost_per_cpu_s(computing: Sequence[Stretch]) -> float:
    """Without the worst fifth: one long stall among a few short stretches says nothing of the others."""
    usable = sorted((each for each in computing if each.cpu_s > 0), key=lambda each: each.rest_s / each.cpu_s)
    kept = usable[: len(usable) - -(-len(usable) // 5)]
    return sum(each.rest_s for each in kept) / sum(each.cpu_s for each in kept) if kept else 0.0


def _undisturbed(parts: Sequence[Callable[[], object]], limit_s: float) -> _Look:
    work: list[Stretch] = []
    known: list[Stretch] = []
    runs, began_s, others_s = 0, time.perf_counter(), _other_threads_cpu_s()
    with RunQueue() as queue:
        while not runs or time.perf_counter() - began_s < limit_s:
            for part in parts:
                work.append(_stretch(part, queue))
                if work[-1].waited:
                    spin_s = min(max(work[-1].cpu_s, _SHORTEST_SPIN_S), _LONGEST_SPIN_S)
                    known.append(_stretch(lambda: _spin(spin_s), queue))  # noqa: B023 - it is called at once
            runs += 1
    others_s = max(0.0, _other_threads_cpu_s() - others_s)
    return _Look(waiting_s(work, known), sum(each.cpu_s for each in work), others_s, runs)


def _other_threads_cpu_s() -> float:
    return time.process_time() - time.thread_time()


def _stretch(work: Callable[[], object], queue: RunQueue) -> Stretch:
    gave_way, queued_s = _times_it_gave_way(), queue.waited_s()
    wall_s, cpu_s = time.perf_counter(), time.thread_time()
    work()
    cpu_s, wall_s = time.thread_time() - cpu_s, time.perf_counter() - wall_s
    queued_s = queue.waited_s() - queued_s
    return Stretch(wall_s - queued_s, cpu_s, waited=gave_way is None or _times_it_gave_way() != gave_way)


def _spin(seconds: float) -> None:
    until_s = time.thread_time() + seconds
    while time.thread_time() < until_s:
        pass


def _times_it_gave_way() -> int | None:
    """How many times this thread gave its core away of itself, to wait for something; None where nobody counts."""
    if sys.platform != "linux":
        return None
    from resource import RUSAGE_THREAD, getrusage

    return getrusage(RUSAGE_THREAD).ru_nvcsw


def _without_gil(parts: Sequence[Callable[[], object]], limit_s: float, enough: int) -> tuple[float | None, float]:
    """Which part of the computing happens without the GIL, and how much chance may have moved it."""
    if not GilSampler.works_here():
        return _by_a_watcher(parts, limit_s), 0.0
    sampler = GilSampler()
    with sampler.sampling():
        began_s = time.perf_counter()
        while True:
            for part in parts:
                part()
            if time.perf_counter() - began_s >= limit_s or sampler.found >= enough:
                break
    return part_without_gil(sampler.samples)


def _by_a_watcher(parts: Sequence[Callable[[], object]], limit_s: float) -> float | None:
    """Where threads can't be looked at from outside: a second one holds the GIL whenever it can.

    Its own CPU time is then all the time in which the worker did not hold the GIL. That is only so on a machine with a
    core to spare, so a busy one makes the part that needs no GIL look small.
    """
    with _holding_the_gil() as held_by_others_s:
        began_s, cpu_s = time.perf_counter(), time.thread_time()
        runs = 0
        while not runs or time.perf_counter() - began_s < limit_s:
            for part in parts:
                part()
            runs += 1
        cpu_s, wall_s = time.thread_time() - cpu_s, time.perf_counter() - began_s
    held_s = max(0.0, wall_s - held_by_others_s[0])
    return max(0.0, 1 - held_s / cpu_s) if cpu_s > 0 else None


@contextmanager
def _holding_the_gil() -> Iterator[list[float]]:
    """Gives a list in which the watcher's CPU time is, once it ended."""
    started, ended, cpu_s = threading.Event(), threading.Event(), [0.0]

    def watch() -> None:
        began_s = time.thread_time()
        started.set()
        while not ended.is_set():
            pass
        cpu_s[0] = time.thread_time() - began_s

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    started.wait()
    try:
        yield cpu_s
    finally:
        ended.set()
        thread.join()
