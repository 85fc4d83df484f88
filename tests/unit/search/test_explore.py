"""The search finds where a known curve is best, within its time, by a clock of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from timetrial.advice.choice import choose
from timetrial.results.ways import Way
from timetrial.search.explore import Explorer
from timetrial.search.field import Course

SERIAL = Way("serial", 1)
LADDER = (1, 2, 4, 8, 16, 32, 64)


class FakeArena:
    """Ways whose rounds last as a curve says, give or take some noise; opening takes time as well."""

    def __init__(self, curve: Callable[[Way], float], *, noise: float = 0.0, start_s: float = 0.05) -> None:
        self.now_s = 0.0
        self.open_now: set[Way] = set()
        self.log: list[str] = []
        self.refused: set[Way] = set()
        self.fail_in_turn: dict[Way, int] = {}
        self._curve, self._noise, self._start_s = curve, noise, start_s
        self._random = random.Random(1)
        self._turns = 0

    def clock_s(self) -> float:
        """The time."""
        return self.now_s

    def open(self, way: Way) -> bool:
        """Takes its time; some can't be opened."""
        self.now_s += self._start_s
        self.log.append(f"open {way}")
        if way in self.refused:
            return False
        self.open_now.add(way)
        return True

    def turn(self, ways: Sequence[Way]) -> dict[Way, float]:
        """A round of each."""
        self._turns += 1
        self.log.append(f"turn {' '.join(map(str, ways))}")
        seconds = {}
        for way in ways:
            assert way in self.open_now
            self.now_s += self.round_s(way)
            if self.fail_in_turn.get(way) == self._turns:
                self.open_now.remove(way)
            else:
                seconds[way] = self._curve(way) * self._random.lognormvariate(0, self._noise)
        return seconds

    def close(self, way: Way) -> None:
        """Ends it."""
        self.log.append(f"close {way}")
        self.open_now.remove(way)

    def startup_s(self, way: Way) -> float:
        """The same for all that are open."""
        assert way in self.open_now
        return self._start_s

    def round_s(self, way: Way) -> float:
        """A round has twenty items, or four for each worker, whichever is more."""
        return self._curve(way) * max(20, 4 * way.concurrency)


def _explored(arena: FakeArena, *models: str, budget_s: float = 30.0, **options: bool) -> Explorer:
    course = Course(SERIAL, dict.fromkeys(models, LADDER), **options)
    explorer = Explorer(course, arena, arena.clock_s, budget_s)
    explorer.run()
    return explorer


def _waits(way: Way) -> float:
    """20 ms of waiting, which up to 40 at once overlap."""
    return 0.02 / min(way.concurrency, 40)


def _computes(way: Way) -> float:
    """5 ms with the GIL held, on two cores."""
    return 0.005 if way.model != "processes" else 0.005 / min(way.concurrency, 2) * (1 + way.concurrency / 200)


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.15])
def test_what_waits_is_run_with_as_many_at_once_as_help(noise: float) -> None:
    """The step below the best is more than five percent slower, and the one above no faster."""
    found = choose(_explored(FakeArena(_waits, noise=noise), "threads", "processes").rounds, SERIAL)
    assert found is not None
    assert found.advised.model == "threads"
    assert found.advised.concurrency in (32, 64)
    assert found.speedup is not None
    assert found.speedup.low <= 0.02 / _waits(found.advised) <= found.speedup.high


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_what_computes_with_the_gil_is_run_in_as_many_processes_as_there_are_cores(noise: float) -> None:
    """And threads get no more rounds than it takes to see that they don't help."""
    explorer = _explored(FakeArena(_computes, noise=noise), "threads", "processes")
    found = choose(explorer.rounds, SERIAL)
    assert found is not None
    assert found.advised == Way("processes", 2)
    assert Way("threads", 64) not in explorer.rounds.of


def test_the_search_stops_where_more_at_once_stops_helping() -> None:
    """Two steps without a gain end the climb."""
    explorer = _explored(FakeArena(_computes), "processes")
    assert max(way.concurrency for way in explorer.rounds.of) <= 16


@pytest.mark.parametrize("budget_s", [5.0, 30.0, 120.0])
@pytest.mark.parametrize("curve", [_waits, _computes], ids=["waits", "computes"])
def test_the_budget_is_kept(budget_s: float, curve: Callable[[Way], float]) -> None:
    """But for the turn that is under way when it ends."""
    arena = FakeArena(curve, noise=0.3)
    _explored(arena, "threads", "processes", budget_s=budget_s)
    assert arena.now_s <= budget_s * 1.1 + 1


def test_a_search_that_is_sure_ends_early() -> None:
    """Nobody has to wait for what is clear already."""
    arena = FakeArena(_computes)
    _explored(arena, "threads", "processes", budget_s=600.0)
    assert arena.now_s < 60


def test_everything_that_was_opened_is_closed() -> None:
    """Whatever became of it."""
    arena = FakeArena(_waits)
    arena.refused = {Way("processes", 4)}
    arena.fail_in_turn = {Way("threads", 2): 4}
    _explored(arena, "threads", "processes")
    assert not arena.open_now


def test_a_model_that_fails_in_a_turn_leaves_the_others_to_it() -> None:
    """Its earlier rounds stay."""
    arena = FakeArena(_waits)
    arena.fail_in_turn = {Way("threads", 1): 2}
    explorer = _explored(arena, "threads", "coroutines")
    found = choose(explorer.rounds, SERIAL)
    assert found is not None
    assert found.advised.model == "coroutines"


def test_a_reference_that_cannot_be_opened_ends_the_search() -> None:
    """There is nothing to compare with."""
    arena = FakeArena(_waits)
    arena.refused = {SERIAL}
    assert not _explored(arena, "threads").rounds.of


def test_fixed_concurrencies_are_all_run_and_no_other() -> None:
    """Also those that don't help; each often enough for an interval."""
    arena = FakeArena(_computes)
    course = Course(SERIAL, {"threads": (1, 8), "processes": (1, 8)}, fixed=True)
    explorer = Explorer(course, arena, arena.clock_s, 30.0)
    explorer.run()
    expected = {SERIAL, *(Way(model, level) for model in ("threads", "processes") for level in (1, 8))}
    assert set(explorer.rounds.of) == expected
    assert all(len(rounds) >= 6 for rounds in explorer.rounds.of.values())


def test_slow_items_are_climbed_in_single_rounds() -> None:
    """So that the rest of the budget gives the best its interval."""
    arena = FakeArena(lambda way: 0.05 / min(way.concurrency, 100))
    course = Course(SERIAL, {"threads": (2, 8, 32, 128)}, slow=True)
    explorer = Explorer(course, arena, arena.clock_s, 30.0)
    explorer.run()
    found = choose(explorer.rounds, SERIAL)
    assert found is not None
    assert found.advised.concurrency >= 32


def test_what_is_dear_to_start_and_no_faster_climbs_no_further() -> None:
    """Sixty-four processes that only wait, as threads do, are not started to find out nothing new."""
    arena = FakeArena(_waits, start_s=0.5)
    explorer = _explored(arena, "threads", "processes")
    assert max(way.concurrency for way in explorer.rounds.of if way.model == "processes") <= 4
