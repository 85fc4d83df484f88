"""How items are dealt out as Dask's tasks."""

from __future__ import annotations

import pytest

from timetrial.models.dask_batches import Batches


@pytest.mark.parametrize("count", [0, 1, 3, 7, 8, 9, 200, 1001])
@pytest.mark.parametrize("paces_s", [[], [0.001, 0.001], [0.001, 0.00095], [0.001, 0.01]])
def test_every_item_is_in_one_batch(count: int, paces_s: list[float]) -> None:
    """In their order, whatever the last round was like."""
    batches = Batches(2, one_at_a_time=False)
    batches.learn(paces_s)
    found = batches.of(count)
    assert [index for batch in found for index in batch] == list(range(count))
    assert all(found)
    assert len(found) <= 8


def test_items_that_are_alike_go_in_half_as_many_batches_from_the_second_round_on() -> None:
    """Most of them at once, the rest for whoever is free; a round that differed brings the smaller batches back."""
    batches = Batches(2, one_at_a_time=False)
    assert [len(batch) for batch in batches.of(200)] == [25] * 8
    batches.learn([0.001] * 8)
    assert [len(batch) for batch in batches.of(200)] == [94, 94, 6, 6]
    batches.learn([0.001, 0.001, 0.0009, 0.001])
    assert [len(batch) for batch in batches.of(200)] == [80, 80, 20, 20]
    batches.learn([0.001, 0.001, 0.0005, 0.001])
    assert [len(batch) for batch in batches.of(200)] == [25] * 8


def test_one_at_a_time_is_a_task_an_item() -> None:
    """However even they were."""
    batches = Batches(2, one_at_a_time=True)
    batches.learn([0.001] * 8)
    assert batches.of(3) == [range(1), range(1, 2), range(2, 3)]
