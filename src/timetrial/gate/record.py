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
    took_s: float | None = None
    """Seconds of the launch that it had for itself, from its set-up to its end. None in older gates."""
    machine: str | None = None
    """On which machine, where a gate had several."""


@dataclass(frozen=True)
class Trouble:
    """Why a benchmark could not be measured in lock-step: ``side`` is None where both sides say so."""

    kind: str
    """missing, new, skipped, failed or void."""
    side: SideName | None
    reason: str
    """What happened, in words."""


@dataclass(frozen=True)
class SameCode:
    """That a benchmark runs the same code on both sides, and what that rests on: all of it was the same."""

    digest: str
    """Of everything that was compared."""
    functions: int
    """How many functions of the project it runs, or mentions in those that it runs."""
    modules: int
    """How many of the project's modules do something when they are imported."""
    distributions: int
    """How many are installed, the project's own left out."""
    files: tuple[str, ...] = ()
    """What it read; ``{files}`` is the side's folder, ``{environment}`` that of its environment."""
    variables: tuple[str, ...] = ()
    """The environment variables that it read."""
    drawn: bool = False
    """Whether it was drawn by lot, to be measured all the same."""


@dataclass
class BenchmarkRecord:
    """All that was measured of one benchmark, in the order in which it was; ``trouble`` if something was in the way."""

    name: str
    """pytest's node id."""
    launches: list[LaunchPair] = field(default_factory=list)
    """One entry a launch that came through."""
    trouble: Trouble | None = None
    same_code: SameCode | None = None
    """Where both sides run the same code: what that rests on."""

    @property
    def is_measured(self) -> bool:
        """Whether it has to be timed: nothing is in the way, and its code may differ, or it was drawn by lot."""
        return self.trouble is None and (self.same_code is None or self.same_code.drawn)

    def of(self, phase: Phase) -> list[LaunchPair]:
        """The launches of one phase."""
        return [launch for launch in self.launches if launch.phase is phase]
