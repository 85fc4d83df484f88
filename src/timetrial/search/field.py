"""What a search goes over: the course of ways that there are, and the arena in which they take their turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from timetrial.results.ways import Way


class Arena(Protocol):
    """Where ways are opened and take their turns."""

    def open(self, way: Way) -> bool:
        """Starts it, proves its work and warms it up; False if it can't be, which the arena has told by itself."""
        ...

    def turn(self, ways: Sequence[Way]) -> dict[Way, float]:
        """One round of each in random order, in seconds an item; a way that failed is missing, and closed."""
        ...

    def close(self, way: Way) -> None:
        """Ends it."""
        ...

    def startup_s(self, way: Way) -> float:
        """How long it took to start, in seconds."""
        ...

    def round_s(self, way: Way) -> float:
        """How long a round of it lasts, in seconds, by the latest."""
        ...


@dataclass(frozen=True)
class Course:
    """What is to be explored: the way that all are compared with, and each other model's concurrencies, rising.

    ``fixed`` says that these are what was asked for: all are run, and none is left out for not helping. ``slow`` says
    that a round takes a good part of the budget: each step is then one round, held against the step before it.
    """

    reference: Way
    ladders: dict[str, tuple[int, ...]]
    fixed: bool = False
    slow: bool = False
