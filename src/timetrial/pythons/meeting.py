"""Several Pythons in turns, as a gate's two sides: fresh interpreters in each launch, all alive, one of them at work.

In a launch every Python opens its ways, warms them up, and then they take turns: one round of each in an order drawn
anew for each turn, while all others stand still. The launch is the sample: what it measures of two ways is one ratio,
the median over its turns.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from timetrial.environment.identity import PythonIdentity, python_of
from timetrial.pythons.interpreter import Interpreter
from timetrial.pythons.side import PythonSide, SideLostError, WayFailedError
from timetrial.results.ways import Way
from timetrial.search.plan import SearchPlan
from timetrial.stats.signed_rank import CONFIDENCE, fewest_for

LAUNCHES: Final = fewest_for(CONFIDENCE)
"""As many as an interval takes."""

_FEWEST_TURNS: Final = 3
_MOST_TURNS: Final = 30

Entry = tuple[int, Way]
"""A way under a Python, by that one's place in the meeting."""


@dataclass(frozen=True)
class MeetingPlan:
    """Who meets: each Python with its ways; for how many seconds, and how long an answer may take."""

    search: SearchPlan
    entrants: Sequence[tuple[Interpreter, Sequence[Way]]]
    budget_s: float
    patience_s: float
    on_turn: Callable[[int, int], None] = lambda _launch, _turn: None
    """Is told of each turn, counted from 1 as launches are."""


@dataclass
class Meeting:
    """What came of it: in ``launches`` seconds an item of each entry, by turn."""

    launches: list[dict[Entry, dict[int, float]]] = field(default_factory=list)
    pythons: dict[int, PythonIdentity] = field(default_factory=dict)
    """As each was at the end of a launch, its imports done."""
    failed: dict[Entry, str] = field(default_factory=dict)
    """Why a way has no more rounds."""
    lost: dict[int, str] = field(default_factory=dict)
    """Why a Python has none, as the rest of a sentence that names it."""
    interrupted: bool = False


def meet(plan: MeetingPlan, chance: random.Random | None = None) -> Meeting:
    """All launches; Ctrl-C ends them with what was measured by then."""
    meeting, chance = Meeting(), chance or random.Random()
    with tempfile.TemporaryDirectory(prefix="timetrial-run-", ignore_cleanup_errors=True) as folder:
        try:
            for number in range(1, LAUNCHES + 1):
                if len(plan.entrants) - len(meeting.lost) < 2:
                    break
                _Launch(plan, meeting, number, chance, Path(folder)).run()
        except KeyboardInterrupt:
            meeting.interrupted = True
    return meeting


class _Launch:
    """Fresh processes of all Pythons, from their start to their end."""

    def __init__(self, plan: MeetingPlan, meeting: Meeting, number: int, chance: random.Random, folder: Path) -> None:
        self._plan = plan
        self._meeting = meeting
        self._number = number
        self._chance = chance
        self._folder = folder
        self._rounds: dict[Entry, dict[int, float]] = {}

    def run(self) -> None:
        """Adds what it measured to the meeting, also where it is cut off."""
        began_s = time.monotonic()
        self._meeting.launches.append(self._rounds)
        with ExitStack() as stack:
            sides = self._start(stack)
            self._prove(sides)
            entries = self._open(sides)
            self._take_turns(sides, entries, began_s)
            for index, side in sides.items():
                side.close(self._plan.patience_s)
                if side.python is not None:
                    self._meeting.pythons[index] = python_of(side.python)

    def _start(self, stack: ExitStack) -> dict[int, PythonSide]:
        """Those that are not lost; the one that starts first is drawn by lot."""
        seed = self._chance.randrange(1, 2**32)
        indexes = [index for index in range(len(self._plan.entrants)) if index not in self._meeting.lost]
        self._chance.shuffle(indexes)
        return {
            index: stack.enter_context(
                PythonSide(
                    self._plan.entrants[index][0], self._plan.search, seed, self._folder / f"{self._number}-{index}"
                )
            )
            for index in indexes
        }

    def _prove(self, sides: dict[int, PythonSide]) -> None:
        """Equal work: whoever comes to other results than the first of them has no part in it."""
        digests: dict[int, list[str]] = {}
        for index in sorted(sides):
            lose = partial(self._lose, sides, index)
            with _noting(lose, lose):
                digests[index] = sides[index].prove(self._plan.patience_s)
        first = next(iter(digests), None)
        for index, own in digests.items():
            assert first is not None
            if own != digests[first]:
                self._lose(sides, index, _differs(own, digests[first], self._plan.entrants[first][0]))

    def _open(self, sides: dict[int, PythonSide]) -> list[Entry]:
        found: list[Entry] = []
        for index in list(sides):
            for way in self._plan.entrants[index][1]:
                entry = index, way
                if entry not in self._meeting.failed and index in sides:
                    with self._may_fail(sides, entry):
                        sides[index].open(way, self._plan.patience_s)
                        found.append(entry)
        return found

    def _take_turns(self, sides: dict[int, PythonSide], entries: list[Entry], began_s: float) -> None:
        """A few at least, and more while this launch's share of the time lasts."""
        until_s = began_s + self._plan.budget_s / LAUNCHES
        for turn in range(1, _MOST_TURNS + 1):
            if turn > _FEWEST_TURNS and time.monotonic() >= until_s:
                return
            self._chance.shuffle(entries)
            for entry in list(entries):
                index, way = entry
                if index in sides:
                    with self._may_fail(sides, entry):
                        self._rounds.setdefault(entry, {})[turn] = sides[index].round(way, self._plan.patience_s)
                if entry in self._meeting.failed or index not in sides:
                    entries.remove(entry)
            self._plan.on_turn(self._number, turn)

    def _may_fail(self, sides: dict[int, PythonSide], entry: Entry) -> AbstractContextManager[None]:
        def fail(reason: str) -> None:
            self._meeting.failed[entry] = reason

        return _noting(fail, partial(self._lose, sides, entry[0]))

    def _lose(self, sides: dict[int, PythonSide], index: int, reason: str) -> None:
        self._meeting.lost[index] = reason
        sides.pop(index, None)


@contextmanager
def _noting(failed: Callable[[str], None], lost: Callable[[str], None]) -> Iterator[None]:
    """Around what may fail: notes the reason of a way that did, or of a Python that is lost, and goes on."""
    try:
        yield
    except WayFailedError as error:
        failed(str(error))
    except SideLostError as error:
        lost(str(error))


def _differs(own: Sequence[str], others: Sequence[str], first: Interpreter) -> str:
    """What a Python's results have against the first one's."""
    if len(own) != len(others):
        return f"took {len(own)} items where {first} took {len(others)}: give both the same ones"
    at = next(index for index, (one, other) in enumerate(zip(own, others, strict=True)) if one != other)
    return (
        f"came to another result than {first} for the {_ordinal(at)} of the {len(own)} items, so they did other work; "
        f"if that is meant, say --compare ignore, and for floating-point numbers --compare approx"
    )


def _ordinal(at: int) -> str:
    number = at + 1
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number}{suffix}"
