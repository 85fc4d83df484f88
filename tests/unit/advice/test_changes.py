"""When the answer would be another one."""

from __future__ import annotations

from timetrial.advice.changes import crossings, items_to_pay
from timetrial.results.ways import Rounds, Way


def _rounds(s_per_item: dict[Way, float]) -> Rounds:
    rounds = Rounds()
    for turn in range(10):
        rounds.add(turn, {way: seconds * (1 + turn % 2 / 1000) for way, seconds in s_per_item.items()})
    return rounds


def test_workers_pay_once_their_start_is_won_back() -> None:
    """A tenth of a second of start, a millisecond won by each item."""
    assert items_to_pay(0.1, 0.001, 0.002) == 100


def test_however_many_work_at_once_nobody_is_done_before_one_item_is() -> None:
    """A thousand at once gain nearly all of each item, and still the first result comes after one item's time."""
    assert items_to_pay(0.1, 0.0001, 0.1) == 2


def test_what_gains_nothing_never_pays() -> None:
    """Whatever it costs to start."""
    assert items_to_pay(0.0, 0.002, 0.002) is None


def test_a_crossing_lies_between_two_clear_wins_of_different_models() -> None:
    """Serial's one figure stands at every concurrency."""
    found = crossings(
        _rounds(
            {
                Way("serial", 1): 1.0,
                Way("threads", 2): 0.5,
                Way("processes", 2): 2.0,
                Way("threads", 8): 0.4,
                Way("processes", 8): 0.1,
            }
        )
    )
    assert [(each.before, each.after, each.low, each.high) for each in found] == [("threads", "processes", 2, 8)]
    assert found[0].at is not None
    assert 2 < found[0].at < 8


def test_a_tie_is_no_crossing() -> None:
    """Leads of one percent that change sides tell nothing."""
    found = crossings(
        _rounds(
            {
                Way("threads", 2): 0.5,
                Way("processes", 2): 0.505,
                Way("threads", 8): 0.101,
                Way("processes", 8): 0.1,
            }
        )
    )
    assert found == []
