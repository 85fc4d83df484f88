"""What is advised: the fastest, or the simplest of those that nobody can tell from it."""

from __future__ import annotations

import random

import pytest

from timetrial.advice.choice import choose
from timetrial.results.ways import Rounds, Way

SERIAL = Way("serial", 1)


def _rounds(s_per_item: dict[Way, float], *, turns: int = 20, noise: float = 0.02, seed: int = 0) -> Rounds:
    """All take turns on a machine whose pace changes, with some noise of their own."""
    order, rounds = random.Random(seed), Rounds()
    for turn in range(turns):
        pace = order.choice([1.0, 1.0, 2.0])
        rounds.add(turn, {way: pace * seconds * order.lognormvariate(0, noise) for way, seconds in s_per_item.items()})
    return rounds


def test_the_fastest_is_advised_with_its_speedup_and_its_lead() -> None:
    """Each with an interval that holds the truth."""
    found = choose(_rounds({SERIAL: 4.0, Way("threads", 8): 1.0, Way("processes", 8): 2.0}), SERIAL)
    assert found is not None
    assert found.advised == Way("threads", 8)
    assert found.speedup is not None
    assert found.speedup.low < 4 < found.speedup.high
    assert found.next_best is not None
    assert found.next_best.way == Way("processes", 8)
    assert found.next_best.lead.low < 2 < found.next_best.lead.high
    assert found.tied == ()


def test_among_ties_the_simplest_is_advised_and_the_others_are_named() -> None:
    """Serial before threads, threads before coroutines, coroutines before processes, and the rest behind."""
    ways = [
        Way(name, 8) for name in ("processes+coroutines", "processes", "coroutines[to_thread]", "coroutines", "threads")
    ]
    found = choose(_rounds({SERIAL: 4.0, **dict.fromkeys(ways, 1.0)}, noise=0.1), SERIAL)
    assert found is not None
    assert found.advised.model == "threads"
    named = [each.way.model for each in found.tied]
    assert named == ["coroutines", "processes", "processes+coroutines", "coroutines[to_thread]"]


def test_serial_is_advised_where_nothing_is_faster() -> None:
    """A lead of one percent is none that anybody would notice."""
    found = choose(_rounds({SERIAL: 1.01, Way("threads", 2): 1.0}, noise=0.001), SERIAL)
    assert found is not None
    assert found.is_reference
    assert found.speedup is None
    assert [each.way for each in found.tied] == [Way("threads", 2)]


def test_as_few_at_once_are_advised_as_keep_up() -> None:
    """Thirty-two that gain two percent over sixteen are not worth having."""
    found = choose(
        _rounds({SERIAL: 16.0, Way("threads", 8): 2.0, Way("threads", 16): 1.02, Way("threads", 32): 1.0}, noise=0.001),
        SERIAL,
    )
    assert found is not None
    assert found.advised == Way("threads", 16)


def test_noise_is_called_a_tie() -> None:
    """Of two that are alike, one of a hundred runs at most names a winner by more than three percent."""
    named = [
        choose(_rounds({SERIAL: 1.0, Way("threads", 2): 1.0}, noise=0.3, turns=30, seed=seed), SERIAL)
        for seed in range(100)
    ]
    wrong = [found for found in named if found is not None and not found.is_reference]
    assert len(wrong) <= 10


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_too_few_rounds_give_no_answer(turns: int) -> None:
    """Six pairs are what an interval takes."""
    assert choose(_rounds({SERIAL: 4.0, Way("threads", 8): 1.0}, turns=turns), SERIAL) is None


def test_one_way_alone_gives_no_answer() -> None:
    """There is nothing that it could be compared with."""
    assert choose(_rounds({SERIAL: 4.0}), SERIAL) is None


def test_there_may_be_no_reference() -> None:
    """Stored trials without serial are compared with one another."""
    found = choose(_rounds({Way("threads", 8): 1.0, Way("processes", 8): 2.0}), None)
    assert found is not None
    assert found.advised.model == "threads"
    assert found.speedup is None


def test_trials_that_took_no_turns_tie_unless_they_are_far_apart() -> None:
    """One after the other, 1.00 and 1.01 are alike, and 0.79 is a win for serial."""
    rounds = Rounds({SERIAL: dict.fromkeys(range(10), 1.0), Way("threads", 2): dict.fromkeys(range(100, 110), 1.27)})
    found = choose(rounds, SERIAL)
    assert found is not None
    assert found.is_reference
    assert found.tied == ()
    rounds.of[Way("threads", 2)] = dict.fromkeys(range(100, 110), 1.01)
    tie = choose(rounds, SERIAL)
    assert tie is not None
    assert [each.way for each in tie.tied] == [Way("threads", 2)]
