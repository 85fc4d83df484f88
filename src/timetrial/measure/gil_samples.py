"""Which part of a thread's computing needs no GIL, by samples: whether it holds the GIL at moments drawn by chance.

A second thread sleeps for times without a pattern. When it wakes up, it either has the GIL at once, or it had to wait
for it, which its count of voluntary context switches tells: one for the sleep, a second one for the GIL. That needs no
core to spare: a sampler that gets a core late finds what it would have found earlier, as chance has it.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from timetrial.measure.run_queue import RunQueue

ENOUGH_SAMPLES: Final = 1_000
"""Of a thread that computes: then twice the deviation of chance is three to four points."""

_SWITCH_INTERVAL_S: Final = 5e-5
"""How long the sampler waits for a GIL that is held before the worker is made to give it up, for a moment."""

_SHORTEST_S: Final = 5e-5
_MEAN_S: Final = 1e-4
"""The sampler's sleeps: the shortest, and how much longer they are in the mean; times as the system rounds them up."""


_QUICK_S: Final = 1e-4
"""A sampler that was kept from running for longer was not there at the moment that chance had drawn."""

_REALLY_HELD_S: Final = 4 * _SWITCH_INTERVAL_S
"""What such a one finds counts all the same, if it waited so long for the GIL besides: that was held, then."""


@dataclass(frozen=True)
class Sample:
    """What was found at one moment: whether the worker computed (or could have), and whether it held the GIL.

    ``cpu_s`` is its CPU time since the sampler was done with the sample before; ``queued_s`` is how long the sampler
    had no core in that time, and ``late_s`` how much later than it wanted it had the GIL, besides.
    """

    computing: bool
    held: bool
    cpu_s: float
    queued_s: float
    late_s: float


def part_without_gil(samples: Sequence[Sample]) -> tuple[float, float]:
    """Which part of the computing needs no GIL, and twice the deviation of that; 0 and 1 where none was found.

    Every sample stands for the CPU time since the one before: a long call of a compiled function that holds the GIL
    keeps the sampler out until its end, and so is one sample that stands for all of it. A sampler that had no core for
    a while gets one when the worker calls the system, which it does with the GIL held; so what is found then doesn't
    count, and the samples before and after tell what that time was.
    """
    found = [each for each in samples if each.computing]
    total_s = sum(each.cpu_s for each in found)
    if total_s <= 0:
        return 0.0, 1.0
    held = _held_parts(found)
    part = sum(each.cpu_s * (1 - of) for each, of in zip(found, held, strict=True)) / total_s
    squares = sum((each.cpu_s * (1 - of - part)) ** 2 for each, of in zip(found, held, strict=True))
    return part, 2 * max(squares**0.5 / total_s, 1 / len(found))


def _held_parts(found: Sequence[Sample]) -> list[float]:
    """Of each: 1 if the GIL was held, 0 if not; of one that doesn't count, the mean of its neighbours that do."""
    prompt = [each.late_s for each in found if not each.held and each.queued_s <= _QUICK_S]
    wake_s = statistics.median(prompt) if prompt else 0.0
    known = [_known(each, wake_s) for each in found]
    if all(each is None for each in known):
        return [float(each.held) for each in found]
    before, after = _filled(known), _filled(known[::-1])[::-1]
    return [statistics.fmean(side for side in sides if side is not None) for sides in zip(before, after, strict=True)]


def _known(sample: Sample, wake_s: float) -> float | None:
    counts = sample.queued_s <= _QUICK_S or (sample.held and sample.late_s >= wake_s + _REALLY_HELD_S)
    return float(sample.held) if counts else None


def _filled(known: Sequence[float | None]) -> list[float | None]:
    """With the last one that is known in the place of each that isn't."""
    last: float | None = None
    return [last := each if each is not None else last for each in known]


class GilSampler:
    """Samples the thread that enters ``sampling``.

    ``samples`` is what it found so far, and ``found`` how many times, in time, that thread was computing.
    """

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.found = 0
        self._stop = False
        self._started = threading.Event()

    @staticmethod
    def works_here() -> bool:
        """Where a thread's CPU clock, its context switches and its state can be read: on Linux."""
        return sys.platform == "linux" and os.access("/proc/thread-self/stat", os.R_OK)

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """For as long as the calling thread does what is to be looked at."""
        worker = threading.get_ident(), threading.get_native_id()
        thread = threading.Thread(target=self._sample, args=worker, daemon=True)
        before = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        thread.start()
        self._started.wait()
        try:
            yield
        finally:
            self._stop = True
            thread.join()
            sys.setswitchinterval(before)

    def _sample(self, worker: int, worker_native: int) -> None:
        if sys.platform != "linux":
            return
        from resource import RUSAGE_THREAD, getrusage

        clock, clock_s, wall_s = time.pthread_getcpuclockid(worker), time.clock_gettime, time.perf_counter
        draw = random.Random(1).expovariate  # the random numbers that the work may use are left alone
        with _State(worker_native) as state, RunQueue() as queue:
            self._started.set()
            before_s, queued_s = clock_s(clock), queue.waited_s()
            while not self._stop:
                switches, nap_s = getrusage(RUSAGE_THREAD).ru_nvcsw, _SHORTEST_S + draw(1 / _MEAN_S)
                began_s = wall_s()
                time.sleep(nap_s)
                held = getrusage(RUSAGE_THREAD).ru_nvcsw > switches + 1
                had_s, late_s = clock_s(clock), wall_s() - began_s - nap_s
                computing = state.computing()  # which lets go of the GIL first, so that the worker waits for none
                now_queued_s, now_s = queue.waited_s(), clock_s(clock)
                no_core_s, after_s = now_queued_s - queued_s, now_s - had_s
                self.samples.append(Sample(computing, held, had_s - before_s, no_core_s, late_s - no_core_s))
                if after_s >= _REALLY_HELD_S:  # it came back late to the GIL that it had let go for a moment
                    self.samples.append(Sample(computing, True, after_s, no_core_s, after_s - no_core_s))
                self.found += computing and no_core_s <= _QUICK_S
                before_s, queued_s = now_s, now_queued_s


class _State:
    """Whether a thread of this process runs or is ready to."""

    def __init__(self, native_id: int) -> None:
        self._path = f"/proc/self/task/{native_id}/stat"

    def __enter__(self) -> _State:
        self._descriptor = os.open(self._path, os.O_RDONLY)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def computing(self) -> bool:
        """The letter behind the name, which may hold brackets itself."""
        return os.pread(self._descriptor, 400, 0).rpartition(b") ")[2][:1] == b"R"
