"""The conditions under which a trial's timing means something: set for a run, watched around rounds, never in them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from timetrial.environment.cgroups import Throttling, quota_cores, throttled_since, throttling
from timetrial.environment.clients import substitute_for
from timetrial.environment.clock import smallest_step_ns
from timetrial.environment.facts import known
from timetrial.environment.limits import OpenFiles, count_open_files, raise_open_files, set_open_files
from timetrial.environment.record import load
from timetrial.languages import NOTHING, Text
from timetrial.measure.disturbance import SHORTEST_STRETCH_S, Disturbance, DisturbanceMeter, Thresholds
from timetrial.measure.native_threads import NativeThreads, NativeThreadWatch
from timetrial.trial.void import Kind, Void

SHORTEST_ROUND_STEPS: Final = 100
"""A round of fewer steps of the clock is timed to worse than 1 %."""

MOST_THROTTLED: Final = 0.01
"""Of the time of all rounds; a quota that stops a few of them for longer decides what they say."""

MOST_OF_A_LIMIT: Final = 0.95
"""A limit that is used up to here counts as reached: who meets it may have waited instead of failing."""


@dataclass(frozen=True)
class Conditions:
    """What to watch around a trial's timed rounds; by default nothing that has to be asked for.

    ``clock_step_ns`` is the smallest step that the clock was seen to take, the cost of reading it included.
    ``meter`` makes what looks for others on the machine. With ``turns``, other trials run between this one's rounds:
    what disturbs them meets all alike and is only noted. ``open_files`` is the limit as the run has set it.
    """

    clock_step_ns: int | None = None
    meter: Callable[[], DisturbanceMeter] | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    turns: bool = False
    open_files: OpenFiles | None = None


class RunConditions:
    """What a run asks of its machine once, and changes for the length of all its trials: limits, the clock, the load.

    ``enter`` before the first trial, ``leave`` after the last one: what was changed is then as it was found.

    ``steal`` and ``foreign_cpu`` are the shares that others may take before a trial is void; None is the default.
    """

    def __init__(self, *, steal: float | None = None, foreign_cpu: float | None = None) -> None:
        defaults = Thresholds()
        self._thresholds = Thresholds(
            steal_share=defaults.steal_share if steal is None else steal,
            foreign_cpu_share=defaults.foreign_cpu_share if foreign_cpu is None else foreign_cpu,
        )
        self._open_files: OpenFiles | None = None
        self._clock_step_ns: int | None = None
        self.load = load()

    def enter(self) -> None:
        """Raises the limit of open files, which worker processes inherit, and looks at the clock."""
        self._open_files = raise_open_files()
        self._clock_step_ns = smallest_step_ns()

    def conditions(self, *, in_lock_step: bool = False) -> Conditions:
        """What each trial is held to. In lock-step with another run, that run is no disturbance."""
        return Conditions(
            clock_step_ns=self._clock_step_ns,
            meter=None if in_lock_step else DisturbanceMeter,
            thresholds=self._thresholds,
            open_files=self._open_files,
        )

    def leave(self) -> None:
        """After the last trial: puts the limit of open files back where ``enter`` found it."""
        if self._open_files is not None and self._open_files.found is not None:
            set_open_files(self._open_files.found)


class Watch:
    """Looks at the conditions before the first timed round and after the last one; in between it does nothing."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._meter = conditions.meter() if conditions.meter else None
        self._disturbance: Disturbance | None = None
        self._files_used: int | None = None
        self._throttling: Mapping[Path, Throttling] = {}
        self._throttled = Throttling()
        self._threads: NativeThreadWatch | None = None
        self._native = NativeThreads()

    def begin(self, worker_pids: Sequence[int] = ()) -> None:
        """Begins to look; called before the first timed round, when the model is open and warm.

        ``worker_pids`` are the processes that do the work, this one too where it takes part.
        """
        self._threads = NativeThreadWatch(worker_pids, shared=self._conditions.turns)
        self._throttling = known(throttling) or {}
        if self._meter:
            self._meter.start()

    def end(self) -> None:
        """After the last timed round, while the workers and their connections are still there."""
        self._native = (known(self._threads.stop) if self._threads else None) or NativeThreads()
        self._throttled = known(lambda: throttled_since(self._throttling)) or Throttling()
        if self._meter:
            self._disturbance = self._meter.stop()
        if self._conditions.open_files:
            self._files_used = count_open_files()

    def saw_others(self, rounds_s: float) -> bool:
        """Whether others disturb the rounds, which lasted so long together; asked in between, it goes on watching."""
        if self._meter is None or self._conditions.turns:
            return False
        return disturbed(self._meter.stop(), self._conditions.thresholds, rounds_s) is not None

    def voids(self, durations_s: Sequence[float]) -> list[Void]:
        """Why the timing means nothing; ``durations_s`` has one entry a timed round. Called after ``end``."""
        conditions = self._conditions
        found = [
            too_short(durations_s, conditions.clock_step_ns),
            throttled(self._throttled, sum(durations_s)),
            files_used_up(conditions.open_files, self._files_used),
            None if conditions.turns else disturbed(self._disturbance, conditions.thresholds, sum(durations_s)),
        ]
        return [each for each in found if each is not None]

    def figures(self) -> dict[str, Any]:
        """For JSON: what was seen, whether it voids the trial or not."""
        files, seen = self._conditions.open_files, self._disturbance
        return {
            "native_threads": asdict(self._native),
            "throttling": asdict(self._throttled),
            "disturbance": None if seen is None else asdict(seen),
            "limits": None if files is None else {**asdict(files), "open_files_used": self._files_used},
        }


def too_short(durations_s: Sequence[float], clock_step_ns: int | None) -> Void | None:
    """Whether the clock's own step is a good part of the median round."""
    if not durations_s or clock_step_ns is None:
        return None
    median_ns = statistics.median(durations_s) * 1e9
    if median_ns >= SHORTEST_ROUND_STEPS * clock_step_ns:
        return None
    reason = Text(
        f"the median round took {median_ns:,.0f} ns, and the clock's smallest step is {clock_step_ns:,} ns: "
        f"at least {SHORTEST_ROUND_STEPS} steps make a round that can be timed",
        f"中位轮耗时 {median_ns:,.0f} ns，而时钟的最小步长是 {clock_step_ns:,} ns："
        f"一轮至少要有 {SHORTEST_ROUND_STEPS} 步才能计时",
    )
    return Void(Kind.CLOCK, reason)


def throttled(seen: Throttling, rounds_s: float) -> Void | None:
    """Whether a CPU quota stopped the rounds; also of trials that take turns, since it stops some and not others."""
    if not seen.periods or seen.seconds < MOST_THROTTLED * rounds_s:
        return None
    quota = known(quota_cores)
    of = Text(f" of {quota:g} core(s)", f"（{quota:g} 核）") if quota else NOTHING
    reason = Text(
        f"a CPU quota{of.en} stopped the processes in {seen.periods} period(s), for {seen.seconds:.2f} s in "
        f"{rounds_s:.2f} s of rounds",
        f"CPU 配额{of.zh}在 {seen.periods} 个周期内暂停了进程，{rounds_s:.2f} 秒的计时轮次中共停 {seen.seconds:.2f} 秒",
    )
    return Void(Kind.THROTTLED, reason)


def files_used_up(limit: OpenFiles | None, used: int | None) -> Void | None:
    """Whether this process has nearly as many files and sockets open as it may."""
    if limit is None or limit.allowed is None or used is None or used < MOST_OF_A_LIMIT * limit.allowed:
        return None
    reason = Text(
        f"{used} of the {limit.allowed} files and sockets that may be open were open",
        f"最多可打开 {limit.allowed} 个文件与套接字，已打开 {used} 个",
    )
    return Void(Kind.LIMIT, reason)


def disturbed(seen: Disturbance | None, thresholds: Thresholds, rounds_s: float) -> Void | None:
    """Whether the host or other processes took more of the machine than they may.

    Of rounds that take less together than can be looked at, most of what was seen lies between them.
    """
    reason = seen.disturbed(thresholds) if seen and rounds_s >= SHORTEST_STRETCH_S else None
    return Void(Kind.DISTURBED, reason) if reason else None


def fallbacks(
    event_loop: str | None, start_method: str | None, details: Mapping[str, object], client: str | None
) -> Iterator[Void]:
    """What an executor runs on in place of what was asked for; what it doesn't tell can't be held against it.

    ``client`` is the variant's name: where that is a client library's, it is what was asked for.
    """
    for loop in str(details.get("event_loop") or "").split(" and "):
        if loop and event_loop is not None and loop.partition(".")[0] != event_loop:
            other = Text(
                f"the event loop is {loop}, and {event_loop} was asked for",
                f"事件循环是 {loop}，而要求的是 {event_loop}",
            )
            yield Void(Kind.FALLBACK, other)
    started = details.get("start_method")
    if start_method is not None and started is not None and started != start_method:
        other = Text(
            f"worker processes were started by {started}, and {start_method} was asked for",
            f"工作进程以 {started} 启动，而要求的是 {start_method}",
        )
        yield Void(Kind.FALLBACK, other)
    if no_threads := details.get("no_threads"):
        yield Void(Kind.FALLBACK, Text(f"the threads are {no_threads}", f"这些线程并非系统线程：“{no_threads}”"))
    substitute = substitute_for(client) if client else None
    if substitute:
        yield Void(Kind.FALLBACK, Text(f"the client {client} is {substitute.en}", f"客户端 {client} {substitute.zh}"))


def unlike_parent(details: Mapping[str, object]) -> Iterator[Void]:
    """In what worker processes differ from this one, though they were told: they may do other work."""
    if unlike := details.get("unlike_parent"):
        reason = Text(
            f"worker processes differ from pytest's own: {unlike}", f"工作进程与 pytest 自身的进程不同：“{unlike}”"
        )
        yield Void(Kind.WORKER_ENVIRONMENT, reason)


def lost_workers(details: Mapping[str, object]) -> Iterator[Void]:
    """Where a cluster lost workers and ran their items again: the rounds were done by fewer, or took longer."""
    if lost := details.get("workers_lost"):
        again = details.get("items_run_again", 0)
        reason = Text(
            f"{lost} worker(s) of the cluster were lost, and {again} items were run again",
            f"集群失去了 {lost} 个 worker，有 {again} 项重新执行",
        )
        yield Void(Kind.WORKER_LOST, reason)


def traced(left: Sequence[str], details: Mapping[str, object]) -> Iterator[Void]:
    """What traces or profiles the timed rounds though it was to be held off, here or in worker processes."""
    for program in left:
        here = Text(
            f"the timed rounds ran under {program}, which can't be held off",
            f"计时轮次受到“{program}”的跟踪，且无法暂停它",
        )
        yield Void(Kind.TRACED, here)
    if in_workers := details.get("traced"):
        there = Text(
            f"worker processes ran under {in_workers}, which can't be held off",
            f"工作进程受到“{in_workers}”的跟踪，且无法暂停它",
        )
        yield Void(Kind.TRACED, there)


def left_over(leftovers: Sequence[str]) -> Void | None:
    """Whether the accounting round found that the workload leaves something behind."""
    if not leftovers:
        return None
    first, rest = leftovers[0], len(leftovers) - 1
    more = Text(f", and {rest} more", f"等 {rest + 1} 处") if rest else NOTHING
    reason = Text(f"after the accounting round, {first}{more.en}", f"核算轮之后留有残余：“{first}”{more.zh}")
    return Void(Kind.LEFTOVERS, reason)
