"""How often each round of a trial asks its server for each path: the proof that models ask for the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

LOOKS: Final = 3
"""How many rounds are looked at one by one where models take turns: the one that proves the work and two timed ones."""


class PathsAsked(Protocol):
    """Is told of every round, before its clock starts and after it has stopped, and of the end."""

    def before_round(self) -> None:
        """A round is about to begin."""
        ...

    def after_round(self) -> None:
        """It is over."""
        ...

    def end(self) -> None:
        """There will be no more rounds."""
        ...

    def per_round(self) -> Mapping[str, int]:
        """How often a round asked for each path; empty where that can't be told, or rounds asked for other paths."""
        ...


class NobodyAsks:
    """Of a trial without a server, or one that times nothing: a single round is no proof."""

    def before_round(self) -> None:
        """Nothing is asked."""

    after_round = end = before_round

    def per_round(self) -> Mapping[str, int]:
        """Nothing is told."""
        return {}


class PathsInARow:
    """Of a trial whose rounds nobody comes between: all that was asked for, shared out over its rounds."""

    def __init__(self, paths: Callable[[], Mapping[str, int]]) -> None:
        self._paths = paths
        self._before: Mapping[str, int] | None = None
        self._asked: dict[str, int] = {}
        self._rounds = 0

    def before_round(self) -> None:
        """Looks before the first one."""
        if self._before is None:
            self._before = self._paths()

    def after_round(self) -> None:
        """Counts it."""
        self._rounds += 1

    def end(self) -> None:
        """Looks once more."""
        self._asked = _grown(self._before or {}, self._paths())

    def per_round(self) -> Mapping[str, int]:
        """Empty where not all rounds can have asked for the same."""
        if any(times % self._rounds for times in self._asked.values()):
            return {}
        return {path: times // self._rounds for path, times in self._asked.items()}


class PathsInTurns:
    """Of a trial between whose rounds others ask the same server: the first rounds, each looked at by itself."""

    def __init__(self, paths: Callable[[], Mapping[str, int]]) -> None:
        self._paths = paths
        self._before: Mapping[str, int] = {}
        self._seen: list[dict[str, int]] = []

    def before_round(self) -> None:
        """Looks, while there are rounds to look at."""
        if len(self._seen) < LOOKS:
            self._before = self._paths()

    def after_round(self) -> None:
        """Looks again, and keeps what the round asked for."""
        if len(self._seen) < LOOKS:
            self._seen.append(_grown(self._before, self._paths()))

    def end(self) -> None:
        """All is seen already."""

    def per_round(self) -> Mapping[str, int]:
        """Empty where the rounds that were looked at differ, or are too few."""
        first, *others = self._seen or [{}]
        return first if len(self._seen) == LOOKS and all(each == first for each in others) else {}


def paths_asked(paths: Callable[[], Mapping[str, int]] | None, *, turns: bool) -> PathsAsked:
    """For one trial; ``paths`` tells how often each path was asked for so far, and is None where nobody asks it.

    With ``turns``, others may ask the same server between two rounds.
    """
    if paths is None:
        return NobodyAsks()
    return PathsInTurns(paths) if turns else PathsInARow(paths)


def _grown(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """How much more often each path was asked for; without those that nobody asked for."""
    more = {path: times - before.get(path, 0) for path, times in after.items()}
    return {path: times for path, times in more.items() if times}
