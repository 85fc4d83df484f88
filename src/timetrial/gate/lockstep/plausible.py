"""What a side says of its rounds, and whether that can be, by the time that the gate itself waited for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.gate.record import SideName, Trouble

_MOST_WALL_PER_TIMED: Final = 10.0  # set-ups pass between executions, and a timer may count only processor time
_CLOCKS_AGREE: Final = 1.01  # two processes on one machine read the same clock
_CLOCKS_STEP_S: Final = 0.001
_SHORTEST_MISSED_S: Final = 0.005  # a message's way takes less, also where others want the processor
_MISSED_TIMES: Final = 5.0  # as much as on the other side, which the same machine keeps waiting
_IMPLAUSIBLE: Final = "does something there change the clock, as freezegun and time-machine do, or what timetrial says?"
_ONE_TIMER: Final = "only what one clock says can be compared (--benchmark-timer, or timer= of the marker)"


@dataclass(frozen=True)
class Round:
    """What a side reports of one round."""

    s: float
    """How long it took, in seconds, extra work included."""
    cpu_s: float
    """Processor time that the side used, in seconds."""
    workers: bool
    """Whether worker processes were at work."""
    wall_s: float
    """All that passed meanwhile, in seconds: set-ups, and what the benchmark's own timer doesn't count."""
    waited_s: float
    """How long the gate itself waited for it, in seconds."""

    @property
    def size_s(self) -> float:
        """How long it counts where its length is chosen: it may take so much longer than what it times, no more."""
        return max(self.s, self.wall_s / _MOST_WALL_PER_TIMED)


def two_timers(timers: Mapping[SideName, str | None]) -> Trouble | None:
    """Whether seconds of one kind would be held against those of another; None is perf_counter's own."""
    if len(set(timers.values())) < len(SideName):
        return None
    base, candidate = (timers.get(side) or "perf_counter" for side in SideName)
    return Trouble("failed", None, f"its timer is {base} on the base side and {candidate} on the other: {_ONE_TIMER}")


def too_long(side: SideName, said_s: Sequence[float], waited_s: float) -> Trouble | None:
    """Whether one of these figures of a round is more than the gate waited for it."""
    longest_s = max(said_s)
    if longest_s <= waited_s * _CLOCKS_AGREE + _CLOCKS_STEP_S:
        return None
    said = f"a round took {longest_s:.4f} s by its clock, and {waited_s:.4f} s by the gate's: {_IMPLAUSIBLE}"
    return Trouble("failed", side, said)


def stood_still(pairs: Sequence[Mapping[SideName, Round]]) -> Trouble | None:
    """Whether a side's own timer counted nothing in any of these rounds."""
    for side in SideName:
        if not any(pair[side].s for pair in pairs):
            said = f"its timer stood still in all of {len(pairs)} rounds"
            return Trouble("failed", side, f"{said}: does something there freeze the clock that it reads?")
    return None


def unexplained(
    pairs: Sequence[Mapping[SideName, Round]], told_s: Callable[[SideName, Round], float]
) -> Trouble | None:
    """Whether most of what the gate waited for a side is in none of its figures, while the other side's is.

    ``told_s(side, round)`` is the figure that covers all of a round. A machine that others use makes a side wait now
    and then; only what is missing in each of these rounds counts.
    """
    missed_s = {side: min(pair[side].waited_s - told_s(side, pair[side]) for pair in pairs) for side in SideName}
    for side, other in zip(SideName, reversed(SideName), strict=True):
        waited_s = min(pair[side].waited_s for pair in pairs)
        if missed_s[side] > max(_SHORTEST_MISSED_S, waited_s / 2, _MISSED_TIMES * missed_s[other]):
            seen_s = waited_s - missed_s[side]
            said = f"its rounds took {waited_s:.4f} s by the gate's clock, and {seen_s:.4f} s by its own"
            return Trouble("failed", side, f"{said}: {_IMPLAUSIBLE}")
    return None
