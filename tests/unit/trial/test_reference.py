"""The reference: computed once, by the way the workload says, and held against every result."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from timetrial import Workload
from timetrial.errors import VoidTrialError, WorkloadError
from timetrial.trial.reference import References, expected_of, serial_results


class Task:
    """Squares, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, n: int) -> int:
        """Its square."""
        self.asked.append(n)
        return n * n


def test_the_reference_is_computed_once_for_the_same_items() -> None:
    """Five models on one list cost one serial run; an equal list made anew counts as the same."""
    task, references = Task(), References()
    workload = Workload("squares", task=task)
    first = references.expected(workload, [1, 2, 3])
    assert references.expected(workload, [1, 2, 3]) is first
    assert task.asked == [1, 2, 3]


def test_other_items_and_other_workloads_have_references_of_their_own() -> None:
    """Even where two workloads share a name."""
    task, references = Task(), References()
    workload, namesake = Workload("squares", task=task), Workload("squares", task=abs)
    assert references.expected(workload, [2]).digest != references.expected(workload, [3]).digest
    assert references.expected(namesake, [2]).digest != references.expected(workload, [2]).digest


def test_items_that_cannot_be_pickled_are_told_apart() -> None:
    """A function made on the spot is an item too, and the same list is computed once."""
    references, calls = References(), []

    def call(item: Any) -> int:
        calls.append(item)
        return int(item())

    workload = Workload("calls", task=call)
    items = [lambda: 1]
    one = references.expected(workload, items)
    assert references.expected(workload, items) is one
    assert references.expected(workload, [lambda: 2]).digest != one.digest
    assert len(calls) == 2


def test_items_that_cannot_be_pickled_are_kept_alive_even_if_the_list_is_emptied() -> None:
    """Another object at the same address must not be taken for the first."""
    references = References()
    workload = Workload("calls", task=lambda item: item())
    items: list[Callable[[], int]] = []
    for number in range(50):
        items.append(partial(lambda n: n, number))
        assert references.expected(workload, items).digest == expected_of(workload, [number], [number]).digest
        items.clear()


def test_without_reference_the_task_runs_serially_in_order() -> None:
    """The plainest way there is."""
    task = Task()
    assert serial_results(Workload("squares", task=task), [3, 1, 2]) == [9, 1, 4]
    assert task.asked == [3, 1, 2]


def test_reference_is_used_in_place_of_the_task() -> None:
    """Where running the task serially would be slow for no reason."""
    task = Task()
    workload = Workload("squares", task=task, reference=lambda items: [each**2 for each in items])
    assert serial_results(workload, [3]) == [9]
    assert task.asked == []


def test_a_reference_of_another_length_is_refused() -> None:
    """It would let items go unchecked."""
    workload = Workload("squares", task=abs, reference=lambda _items: [1])
    with pytest.raises(WorkloadError, match="its reference gave 1 results for 2 items"):
        References().expected(workload, [1, 2])


def test_comparable_keeps_only_what_has_to_be_equal() -> None:
    """A timestamp may differ, the length may not."""
    workload = Workload("pages", task=abs, comparable=lambda result: result["length"])
    expected = expected_of(workload, ["/"], [{"length": 5, "at": 1.0}])
    expected.verify([{"length": 5, "at": 2.0}], ["/"], "pages")
    with pytest.raises(VoidTrialError, match="item 0, '/'"):
        expected.verify([{"length": 6, "at": 1.0}], ["/"], "pages")


def test_a_workload_of_coroutines_alone_is_its_own_reference() -> None:
    """One coroutine at a time."""

    async def square(n: int) -> int:
        return n * n

    assert serial_results(Workload("squares", async_task=square), [2, 3]) == [4, 9]


def test_a_workload_of_variants_alone_takes_the_first_that_runs_serially() -> None:
    """It need not have a task of its own."""
    workload = Workload("squares", variants={"one": Workload("one", task=lambda n: n * n)})
    assert serial_results(workload, [4]) == [16]


@contextmanager
def _nothing(concurrency: int) -> Generator[None]:
    del concurrency
    yield


def test_a_workload_that_nothing_can_prove_is_refused() -> None:
    """The message says what to give it."""
    workload = Workload("downloads", implementations={"threads": _nothing})
    with pytest.raises(WorkloadError, match="give it reference="):
        serial_results(workload, [1])


def test_the_digest_of_the_whole_depends_on_all_results() -> None:
    """It is what two runs, or two Pythons, are held against each other by."""
    workload = Workload("squares", task=abs)

    def whole(results: Sequence[int]) -> str:
        return expected_of(workload, results, results).digest

    assert whole([1, 2]) == whole([1, 2]) != whole([2, 1])
