"""Whether others used the machine while something was timed: the host (steal) or other processes (foreign CPU)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timetrial.environment.facts import ROOT, text_of
from timetrial.errors import MeterNotStartedError
from timetrial.languages import Text, joined
from timetrial.measure.cputimes import CoreTimes, core_times, interrupts_apart, pressure_s, ticks_per_s, tree_cpu_s
from timetrial.system.affinity import usable_cpus
from timetrial.system.clocks import clocks


@dataclass(frozen=True)
class Thresholds:
    """What others may take before a trial means nothing; docs/environment.md says why these figures."""

    steal_share: float = 0.10
    """Of one core's time, taken by the host."""
    foreign_cpu_share: float = 0.15
    """Of the time of all usable cores, used by processes that aren't ours."""


SHORTEST_STRETCH_S: Final = 0.5
"""The counters step by 10 ms; over less than this, one or two steps would decide."""


@dataclass(frozen=True)
class Snapshot:
    """What was counted up to one moment."""

    at_s: float
    """The meter's clock."""
    cores: Mapping[int, CoreTimes]
    """By the number of the core, its times so far."""
    own_cpu_s: float | None
    """CPU seconds of our own processes so far; None where that is not known."""
    pressure_s: float | None
    """Seconds in which some process waited for a core so far; None where the kernel does not count."""


@dataclass(frozen=True)
class Disturbance:
    """What others took of a stretch of time; None is a figure that can't be told here, ``cannot_tell`` says why.

    ``steal_share`` is that of the core that lost most (``steal_core``), ``foreign_cpu_share`` that of all watched
    cores together, ``pressure_share`` the part of the time in which some process, ours included, waited for a core.
    """

    elapsed_s: float
    """How long the stretch was."""
    cores: int
    """How many cores were watched."""
    own_cpu_s: float | None
    """CPU seconds of our own processes in it."""
    steal_share: float | None = None
    steal_core: int | None = None
    foreign_cpu_share: float | None = None
    pressure_share: float | None = None
    cannot_tell: str | None = None

    def disturbed(self, thresholds: Thresholds | None = None) -> Text | None:
        """Why the stretch was disturbed, in words and figures; None: it was not, as far as can be told."""
        limits = thresholds or Thresholds()
        reasons = []
        if self.steal_share is not None and self.steal_share > limits.steal_share:
            reasons.append(
                Text(
                    f"the host took {self.steal_share:.1%} of core {self.steal_core}'s time (steal; "
                    f"at most {limits.steal_share:.1%} is allowed)",
                    f"宿主机占去核心 {self.steal_core} 的 {self.steal_share:.1%} 时间"
                    f"（steal，上限 {limits.steal_share:.1%}）",
                )
            )
        if self.foreign_cpu_share is not None and self.foreign_cpu_share > limits.foreign_cpu_share:
            reasons.append(
                Text(
                    f"other processes used {self.foreign_cpu_share:.1%} of the {self.cores} usable cores "
                    f"(at most {limits.foreign_cpu_share:.1%} is allowed)",
                    f"其他进程占用了 {self.cores} 个可用核心的 {self.foreign_cpu_share:.1%}"
                    f"（上限 {limits.foreign_cpu_share:.1%}）",
                )
            )
        return joined(reasons, " and ", "，") or None


class DisturbanceMeter:
    """Looks at the machine before and after a stretch of time; in between it does nothing.

    Ours is what ``own_cpu_s`` counts: CPU seconds so far of us, our workers and our server. Unless it is given, that
    is this process and all below it. The cores that are watched are those that this process may use, unless others
    are named; name them when workers or the server are pinned elsewhere.
    """

    def __init__(
        self,
        own_cpu_s: Callable[[], float | None] | None = None,
        *,
        cores: Collection[int] | None = None,
        root: Path = ROOT,
        clock: Callable[[], float] = clocks.monotonic,
    ) -> None:
        self._own_cpu_s = own_cpu_s or (lambda: tree_cpu_s(os.getpid(), root))
        self._cores = frozenset(usable_cpus() if cores is None else cores)
        self._root = root
        self._clock = clock
        self._before: Snapshot | None = None

    def start(self) -> None:
        """Looks for the first time."""
        own = self._own_cpu_s()
        self._before = self._look(own)

    def stop(self) -> Disturbance:
        """Looks again, and says what others took in between; raises MeterNotStartedError before start()."""
        if self._before is None:
            raise MeterNotStartedError("DisturbanceMeter.stop() came before start(); call start() before what is timed")
        after = self._look(None)
        # Asked last here and first in start(): what the asking costs is then ours, and no disturbance.
        own = self._own_cpu_s()
        after = Snapshot(after.at_s, after.cores, own, after.pressure_s)
        return between(self._before, after, cores=self._cores, interrupts_are_apart=interrupts_apart(self._root))

    def _look(self, own_cpu_s: float | None) -> Snapshot:
        cores = core_times(text_of(self._root / "proc/stat") or "", ticks_per_s())
        return Snapshot(self._clock(), cores, own_cpu_s, pressure_s(text_of(self._root / "proc/pressure/cpu")))


def between(before: Snapshot, after: Snapshot, *, cores: Collection[int], interrupts_are_apart: bool) -> Disturbance:
    """What others took between two snapshots of the cores named (none: of all).

    ``interrupts_are_apart`` says that the kernel counts interrupts apart from the processes that they interrupt.
    """
    elapsed_s = after.at_s - before.at_s
    watched = [core for core in after.cores if core in before.cores and (not cores or core in cores)]
    times = {core: after.cores[core].since(before.cores[core]) for core in watched}
    own_cpu_s = _difference(before.own_cpu_s, after.own_cpu_s)
    unknown = _why_nothing_is_told(elapsed_s, times)
    if unknown is not None:
        return Disturbance(elapsed_s, len(times), own_cpu_s, cannot_tell=unknown)
    most_stolen = max(times, key=lambda core: times[core].stolen_s)
    foreign_s = None if own_cpu_s is None else _foreign_s(elapsed_s, times, own_cpu_s, interrupts_are_apart)
    waited_s = _difference(before.pressure_s, after.pressure_s)
    return Disturbance(
        elapsed_s,
        len(times),
        own_cpu_s,
        steal_share=times[most_stolen].stolen_s / elapsed_s,
        steal_core=most_stolen,
        foreign_cpu_share=None if foreign_s is None else foreign_s / (elapsed_s * len(times)),
        pressure_share=None if waited_s is None else waited_s / elapsed_s,
        cannot_tell=_NO_OWN if foreign_s is None else None,
    )


_NO_OWN: Final = (
    "foreign CPU: what our own processes used is not known, since it can't be read, or one of them "
    "ended and took its figures along"
)


def _why_nothing_is_told(elapsed_s: float, times: Mapping[int, CoreTimes]) -> str | None:
    if not times:
        return f"the system tells no times of the cores ({sys.platform}; it takes /proc/stat)"
    if elapsed_s < SHORTEST_STRETCH_S:
        return f"{elapsed_s:.2f} s is too short: it takes {SHORTEST_STRETCH_S} s, since the counters step by 10 ms"
    if not any(each.busy_s or each.idle_s for each in times.values()):
        return "the counters in /proc/stat stand still, as in some sandboxes"
    return None


def _foreign_s(elapsed_s: float, times: Mapping[int, CoreTimes], own_cpu_s: float, interrupts_are_apart: bool) -> float:
    """CPU seconds of others: all the time that was neither idle nor stolen nor ours.

    The idle time is exact; the busy time is sampled, and misses bursts between ticks. Interrupts are within what
    processes used, ours for the most part, unless the kernel counts them apart.
    """
    not_foreign_s = own_cpu_s
    for each in times.values():
        not_foreign_s += each.idle_s + each.stolen_s + (each.interrupts_s if interrupts_are_apart else 0.0)
    return max(0.0, elapsed_s * len(times) - not_foreign_s)


def _difference(before: float | None, after: float | None) -> float | None:
    """What was added; None if either is unknown, or the sum fell since a process took its share along."""
    return None if before is None or after is None or after < before else after - before
