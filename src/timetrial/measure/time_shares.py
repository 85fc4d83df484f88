"""What a piece of work does with its time: computing with the GIL held, computing without it, waiting.

Two looks, each of which lets the work run in the calling thread. The first one tells waiting from computing: the
thread's CPU time is its computing. What it spent ready to run while others had the cores is neither, and left out,
where the system counts it (Linux). What else is lost while a thread computes (to the host of a virtual machine; to the
others, where nobody counts) looks like waiting; so it is measured by computing for a moment that is known not to wait,
and taken out as well. Work that never gave its core away has not waited at all. A long stall would still be
taken for waiting, so this look is taken in thirds and the one in the middle counts: the median of means (Jerrum,
Valiant and Vazirani, 1986).

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

_THIRDS: Final = 3
_AGREE: Final = 0.03
"""Thirds whose waiting is closer together than this, as a part of the time, need no longer look."""

_LONGER: Final = 3
"""So many times as long a look may take until its thirds agree."""

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
    """What so many runs did."""

    waiting_s: float
    cpu_s: float
    runs: int

    @property
    def own_s(self) -> float:
        return self.waiting_s + self.cpu_s

    @property
    def waiting(self) -> float:
        """As a part of the time."""
        return self.waiting_s / (self.own_s or 1.0)


def time_shares(parts: Sequence[Callable[[], object]], limit_s: float) -> TimeShares:
    """Runs the work again and again, for about ``limit_s`` at most, but each of both looks at least once.

    ``parts`` together, in their order, are a run of the work; the more of them, the better is told what was lost.
    """
    look, beside = _undisturbed(parts, limit_s / 3)
    waiting, computing = look.waiting, 1 - look.waiting
    s_per_run = look.own_s / look.runs
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


def _undisturbed(parts: Sequence[Callable[[], object]], limit_s: float) -> tuple[_Look, float]:
    """The third in the middle of all runs, and the CPU time of other threads as a part of all runs' own time."""
    runs: list[list[Stretch]] = []
    known: list[Stretch] = []
    began_s, others_s = time.perf_counter(), _other_threads_cpu_s()
    with RunQueue() as queue:
        while not runs or _longer(runs, known, time.perf_counter() - began_s, limit_s):
            runs.append([])
            for part in parts:
                stretch = _stretch(part, queue)
                runs[-1].append(stretch)
                if stretch.waited:
                    spin_s = min(max(stretch.cpu_s, _SHORTEST_SPIN_S), _LONGEST_SPIN_S)
                    known.append(_stretch(lambda: _spin(spin_s), queue))  # noqa: B023 - it is called at once
    others_s = max(0.0, _other_threads_cpu_s() - others_s)
    return middle(runs, known), others_s / (_look(runs, known).own_s or 1.0)


def _longer(runs: Sequence[Sequence[Stretch]], known: Sequence[Stretch], took_s: float, limit_s: float) -> bool:
    """Whether to look on: for as long as was asked, and then until the thirds agree or too much time has gone."""
    if took_s < limit_s:
        return True
    if took_s >= _LONGER * limit_s:
        return False
    waiting = [third.waiting for third in _thirds(runs, known)]
    return len(waiting) < _THIRDS or max(waiting) - min(waiting) > _AGREE


def middle(runs: Sequence[Sequence[Stretch]], known: Sequence[Stretch]) -> _Look:
    """Of the thirds of the runs, the one that waited neither most nor least; all of them where they are too few."""
    thirds = sorted(_thirds(runs, known), key=lambda third: third.waiting)
    return thirds[1] if len(thirds) == _THIRDS else _look(runs, known)


def _thirds(runs: Sequence[Sequence[Stretch]], known: Sequence[Stretch]) -> list[_Look]:
    """None where there are fewer than three runs."""
    size, rest = divmod(len(runs), _THIRDS)
    if not size:
        return []
    ends = [size + (rest > 0), 2 * size + rest, 3 * size + rest]
    return [_look(runs[start:end], known) for start, end in zip([0, *ends], ends, strict=False)]


def _look(runs: Sequence[Sequence[Stretch]], known: Sequence[Stretch]) -> _Look:
    work = [each for run in runs for each in run]
    return _Look(waiting_s(work, known), sum(each.cpu_s for each in work), len(runs))


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
