"""What a gate measured, and nothing of what it means: the paired rounds of each launch, by benchmark."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Phase(StrEnum):
    """Why a benchmark was in a launch: to look at everything, to settle what that left open, or for its test's sake.

    For its test's sake: to settle whether all variants changed together.
    """

    SCREEN = "screen"
    CONFIRM = "confirm"
    FAMILY = "family"


class SideName(StrEnum):
    """The two versions that are compared."""

    BASE = "base"
    CANDIDATE = "candidate"


@dataclass(frozen=True)
class LaunchPair:
    """One benchmark in one launch of both sides.

    ``base_s[i]`` and ``candidate_s[i]`` were timed in turn; ``candidate_first[i]`` says who began. A round is
    ``executions_per_round`` executions, the same on both sides. ``cpus`` are those that both were pinned to; empty
    where they had all.
    """

    phase: Phase
    """Why the launch was made."""
    base_s: tuple[float, ...]
    candidate_s: tuple[float, ...]
    """Seconds a round, as ``base_s``."""
    candidate_first: tuple[bool, ...]
    executions_per_round: int = 1
    cpus: tuple[int, ...] = ()
    number: int | None = None
    """Which launch of its gate it was, from 1: those with one number were measured together. None in older gates."""


@dataclass(frozen=True)
class Trouble:
    """Why a benchmark could not be measured in lock-step: ``side`` is None where both sides say so."""

    kind: str
    """missing, new, skipped, failed or void."""
    side: SideName | None
    reason: str
    """What happened, in words."""


@dataclass
class BenchmarkRecord:
    """All that was measured of one benchmark, in the order in which it was; ``trouble`` if something was in the way."""

    name: str
    """pytest's node id."""
    launches: list[LaunchPair] = field(default_factory=list)
    """One entry a launch that came through."""
    trouble: Trouble | None = None

    def of(self, phase: Phase) -> list[LaunchPair]:
        """The launches of one phase."""
        return [launch for launch in self.launches if launch.phase is phase]
