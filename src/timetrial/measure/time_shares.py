"""What a piece of work does with its time: computing with the GIL held, computing without it, waiting.

Two looks, each of which lets the work run in the calling thread. The first one, undisturbed, tells waiting from
computing: the thread's CPU time is its computing; what it spent ready to run while others had the cores is taken out,
where the system counts it (Linux), so that a busy machine is not taken for waiting. The second look tells the two kinds
of computing apart: a watching thread holds the GIL whenever it can, and reads the CPU clock of the working thread all
the while. What that clock advances while the watcher holds the GIL was computed without it.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Self

from timetrial.environment.interpreter import gil_enabled

_SWITCH_INTERVAL_S: Final = 0.002
"""How long the worker waits for the GIL that the watcher holds: Python's 5 ms would make many short calls take long."""

_QUICK_S: Final = 0.0003
"""A watcher that was kept from running for less was woken as quickly as a quiet machine does it."""

_FORCED: Final = 0.9
"""A worker that kept the GIL for nearly the whole interval was made to give it up."""

_KNOWN_LOAD_BYTES: Final = 1_000_000
_KNOWN_LOADS: Final = 12

_ENOUGH_CPU_S: Final = 0.15


@dataclass(frozen=True)
class TimeShares:
    """Parts of the work's own time, which add up to 1; both kinds of computing are None where they can't be told.

    ``uncertain`` is how much larger ``without_gil`` may be, and ``with_gil`` smaller. ``beside`` is CPU time of this
    process's other threads, as a part of the same time: a pool of the work's own. ``s_per_run`` is the own time of a
    run. ``gil`` says whether this Python has one.
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
class _Look:
    own_s: float
    cpu_s: float
    beside_s: float
    runs: int


def time_shares(run: Callable[[], object], limit_s: float) -> TimeShares:
    """Runs the work again and again, for about ``limit_s`` altogether, but each of both looks at least once."""
    look = _undisturbed(run, limit_s / 2)
    waiting = max(0.0, 1 - look.cpu_s / look.own_s) if look.own_s > 0 else 0.0
    computing, beside = 1 - waiting, look.beside_s / look.own_s if look.own_s > 0 else 0.0
    s_per_run, gil = look.own_s / look.runs, gil_enabled()
    if not gil:
        return TimeShares(waiting, 0.0, computing, 0.0, beside, s_per_run, gil=False)
    free, uncertain = _without_gil(run, limit_s / 2)
    held = None if free is None else computing * (1 - free)
    without = None if free is None else computing * free
    return TimeShares(waiting, held, without, computing * uncertain, beside, s_per_run, gil=True)


def _undisturbed(run: Callable[[], object], limit_s: float) -> _Look:
    with _Queue() as queue:
        queued_s, cpu_s, all_cpu_s = queue.waited_s(), time.thread_time(), time.process_time()
        began_s = time.perf_counter()
        runs = 0
        while not runs or time.perf_counter() - began_s < limit_s:
            run()
            runs += 1
        wall_s = time.perf_counter() - began_s
        cpu_s, all_cpu_s = time.thread_time() - cpu_s, time.process_time() - all_cpu_s
        own_s = wall_s - (queue.waited_s() - queued_s)
    return _Look(max(own_s, cpu_s), cpu_s, max(0.0, all_cpu_s - cpu_s), runs)


def _without_gil(run: Callable[[], object], limit_s: float) -> tuple[float | None, float]:
    """Which part of the computing happens without the GIL, and how much more it may be."""
    watcher = _ClockWatcher(_wake_s()) if hasattr(time, "pthread_getcpuclockid") else _Watcher()
    with _switch_interval(_SWITCH_INTERVAL_S), watcher.watching():
        began_s, cpu_s = time.perf_counter(), time.thread_time()
        run()
        while time.thread_time() - cpu_s < _ENOUGH_CPU_S and time.perf_counter() - began_s < limit_s:
            run()
        cpu_s = time.thread_time() - cpu_s
        wall_s = time.perf_counter() - began_s
    return watcher.part(cpu_s, wall_s)


def _wake_s() -> float:
    """How long a watcher takes to the GIL that was let go, by a load of which it is known that it needs none."""
    watcher, block = _ClockWatcher(0.0), bytes(_KNOWN_LOAD_BYTES)
    with _switch_interval(_SWITCH_INTERVAL_S), watcher.watching():
        for _ in range(_KNOWN_LOADS):
            hashlib.sha256(block).digest()
    return watcher.typical_loss_s()


class _Watcher:
    """Holds the GIL whenever it can. Its own CPU time is then all the time in which the worker did not hold it.

    That is only so on a machine with a core to spare, so a busy one makes the part that needs no GIL look small.
    """

    def __init__(self) -> None:
        self._stop = False
        self._cpu_s = 0.0
        self._started = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        thread = threading.Thread(target=self._watch, args=(threading.get_ident(),), daemon=True)
        thread.start()
        self._started.wait()
        try:
            yield
        finally:
            self._stop = True
            thread.join()

    def part(self, cpu_s: float, wall_s: float) -> tuple[float | None, float]:
        held_s = max(0.0, wall_s - self._cpu_s)
        return (max(0.0, 1 - held_s / cpu_s), 0.0) if cpu_s > 0 else (None, 0.0)

    def _watch(self, worker: int) -> None:
        del worker
        cpu_s = time.thread_time()
        self._started.set()
        while not self._stop:
            pass
        self._cpu_s = time.thread_time() - cpu_s


@dataclass(frozen=True)
class _Cycle:
    """The worker's CPU time while the watcher had lost the GIL, and while it had it again after that.

    ``queued_s`` is how long the watcher was kept from running in the first stretch.
    """

    lost_s: float
    free_s: float
    queued_s: float

    @property
    def cpu_s(self) -> float:
        return self.lost_s + self.free_s

    def missed_s(self, wake_s: float) -> float:
        """What was computed without the GIL while the watcher, woken quickly, was on its way, which takes ``wake_s``.

        A worker that was made to give the GIL up wants it back, and computes nothing meanwhile.
        """
        given_up = self.lost_s >= _FORCED * _SWITCH_INTERVAL_S
        return 0.0 if given_up or self.queued_s > _QUICK_S else min(self.lost_s, max(wake_s, self.queued_s))


class _ClockWatcher(_Watcher):
    """Reads the worker's CPU clock while it holds the GIL, and notices by its own context switches that it lost it.

    Where others have the cores, it comes late to a GIL that was let go, and what the worker computed meanwhile without
    it looks as if it had been held. Only what followed a quick wake counts, therefore, where there is enough of that.
    """

    def __init__(self, wake_s: float) -> None:
        super().__init__()
        self._cycles: list[_Cycle] = []
        self._wake_s = wake_s

    def typical_loss_s(self) -> float:
        """What the worker computed, in the middle of the quick cycles, before the watcher had the GIL; 0 of none."""
        quick = [each.lost_s for each in self._cycles[1:] if each.queued_s <= _QUICK_S]
        return min(statistics.median(quick), _QUICK_S) if quick else 0.0

    def part(self, cpu_s: float, wall_s: float) -> tuple[float | None, float]:
        """Of the quickest wakes: all that were quick enough, and in any case a third of the computing."""
        del cpu_s, wall_s
        total_s = sum(each.cpu_s for each in self._cycles)
        if total_s <= 0:
            return None, 0.0
        taken_s = free_s = late_s = 0.0
        for each in sorted(self._cycles, key=lambda each: each.queued_s):
            if each.queued_s > _QUICK_S and taken_s > total_s / 3:
                break
            taken_s += each.cpu_s
            free_s += each.free_s + each.missed_s(self._wake_s)
            late_s += min(each.lost_s, each.queued_s) if each.queued_s > _QUICK_S else 0.0
        return free_s / taken_s, late_s / taken_s

    def _watch(self, worker: int) -> None:
        """A stretch in which this thread did not have to wait is one in which it held the GIL throughout."""
        if sys.platform == "win32" or sys.platform == "darwin":
            return
        from resource import RUSAGE_THREAD, getrusage

        clock, read = time.pthread_getcpuclockid(worker), time.clock_gettime

        def in_one_stretch() -> tuple[float, int]:
            """The clock and the waits so far, read without losing the GIL in between."""
            while True:
                waits = getrusage(RUSAGE_THREAD).ru_nvcsw
                now_s = read(clock)
                if getrusage(RUSAGE_THREAD).ru_nvcsw == waits:
                    return now_s, waits

        free_s = lost_s = late_s = 0.0
        with _Queue() as queue:
            queued_s = queue.waited_s()
            self._started.set()
            at_s, waits = in_one_stretch()
            while not self._stop:
                now_s, now_waits = in_one_stretch()
                if now_waits == waits:
                    free_s += now_s - at_s
                    at_s = now_s
                    continue
                self._cycles.append(_Cycle(lost_s, free_s, late_s))
                lost_s, free_s = now_s - at_s, 0.0
                before_s, queued_s = queued_s, queue.waited_s()
                late_s = queued_s - before_s
                at_s, waits = in_one_stretch()  # asking the system let go of the GIL: what was in between is left out
        self._cycles.append(_Cycle(lost_s, free_s, late_s))


class _Queue:
    """How long the calling thread was ready to run and had no core, so far; 0 where the system doesn't tell."""

    def __init__(self) -> None:
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._descriptor = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def waited_s(self) -> float:
        """In seconds."""
        if self._descriptor is None:
            return 0.0
        try:
            return int(os.pread(self._descriptor, 200, 0).split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0


@contextmanager
def _switch_interval(seconds: float) -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
