"""How items are dealt to workers: all of them once, in their order, in batches or one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from timetrial.models.pool.batches import Dealer


def dealt_by(dealer: Dealer, workers: int) -> list[range]:
    """Everything that it deals, worker after worker."""
    ranges = [each for each in dealer.first() if each]
    while dealer.remaining:
        ranges += [each for worker in range(workers) if (each := dealer.next(worker))]
    return ranges


@given(
    items=st.integers(1, 500),
    slots=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    pace_s=st.none() | st.floats(1e-6, 1.0),
    one_at_a_time=st.booleans(),
)
def test_every_item_is_dealt_once_and_in_order(
    items: int, slots: list[int], pace_s: float | None, one_at_a_time: bool
) -> None:
    """However fast the workers are known to be."""
    dealer = Dealer(items, slots, pace_s, one_at_a_time=one_at_a_time)
    assert [index for each in dealt_by(dealer, len(slots)) for index in each] == list(range(items))


def test_one_at_a_time_gives_each_slot_one_item_and_then_one_for_each_that_is_done() -> None:
    """Even where items are so short that batches would pay; nothing is sent ahead."""
    dealer = Dealer(100, [1, 1], 1e-6, one_at_a_time=True)
    assert not dealer.prefetches
    assert [len(each) for each in dealt_by(dealer, 2)] == [1] * 100
    assert max(len(each) for each in dealt_by(Dealer(100, [1, 1], 1e-6), 2)) > 10


@given(first_s=st.floats(0.0009, 0.0011), second_s=st.floats(0.0009, 0.0011))
def test_workers_that_went_on_evenly_get_more_at_once_in_the_next_round(first_s: float, second_s: float) -> None:
    """Each batch costs its worker some tenths of a millisecond; what is held back is twice what they differed by."""
    dealer = Dealer(200, [8, 8], 0.001)
    assert sum(map(len, dealer.first())) == 150
    dealer.report(first_s, first=True)
    assert dealer.next_held_back() == 1 / 4
    dealer.report(second_s, first=True)
    differed = abs(first_s - second_s) / max(first_s, second_s)
    assert dealer.next_held_back() == min(1 / 4, max(1 / 16, 2 * differed))
    assert sum(map(len, Dealer(200, [8, 8], 0.001, held_back=1 / 16).first())) == 187


def test_the_last_batches_are_alike() -> None:
    """Not a half, a quarter and so on, each with a message of its own."""
    dealer = Dealer(200, [1, 1], 0.001, held_back=1 / 16)
    assert [len(each) for each in dealt_by(dealer, 2)] == [94, 93, 5, 4, 4]
    assert [len(each) for each in dealt_by(Dealer(200, [8, 8], 0.001, held_back=1 / 16), 2)] == [94, 93, 7, 6]
