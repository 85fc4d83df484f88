"""The reference: computed once, by the way the workload says, and held against every result."""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import pickle
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pytest

from timetrial import Workload
from timetrial.errors import NeverAwaitedError, NothingComputedError, VoidTrialError, WorkloadError
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


class Remembers:
    """Works something out when it is made anew from a pickle, as a class with an index or a cache does."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.index: dict[str, int] | None = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.index = {word: number for number, word in enumerate(self.words)}


class Stamped:
    """Counts its journeys, so that no two of its forms are alike."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.journeys = 0

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.journeys += 1


def _sent(value: Any, times: int) -> Any:
    for _ in range(times):
        value = pickle.loads(pickle.dumps(value))
    return value


TRAVELLERS: dict[str, Callable[[int], Any]] = {
    "a masked array": lambda seed: np.ma.masked_less(np.arange(float(seed), seed + 9), seed + 4.0),
    "a masked array of dates": lambda seed: np.ma.masked_array(np.array([seed, seed + 1], "M8[D]"), [False, True]),
    "masked arrays in a dictionary": lambda seed: {"high": np.ma.masked_equal([seed, 2], 2), "n": seed},
    "an index that a copy has": lambda seed: Remembers(["a", f"b{seed}"]),
    "several of them": lambda seed: [Remembers([str(seed)]), Remembers(["c"])],
    "another state each time": lambda seed: Stamped(f"t{seed}"),
}


@pytest.mark.parametrize("journeys", [0, 1, 2])
@pytest.mark.parametrize("make", TRAVELLERS.values(), ids=TRAVELLERS)
def test_what_has_another_state_after_travelling_is_equal_all_the_same(
    make: Callable[[int], Any], journeys: int
) -> None:
    """As a result of threads, as one of processes, and as an item of theirs that came back."""
    expected = expected_of(Workload("made", task=make), [7], [make(7)])
    expected.verify([_sent(make(7), journeys)], [7], "made under processes")


@pytest.mark.parametrize("journeys", [0, 1, 2])
@pytest.mark.parametrize("make", TRAVELLERS.values(), ids=TRAVELLERS)
def test_what_differs_differs_however_far_it_has_travelled(make: Callable[[int], Any], journeys: int) -> None:
    """Being sent makes nothing equal."""
    expected = expected_of(Workload("made", task=make), [7], [make(7)])
    with pytest.raises(VoidTrialError, match="item 0, 7, differs from the serial reference"):
        expected.verify([_sent(make(8), journeys)], [7], "made under processes")


def test_what_is_compared_of_a_traveller_is_taken_from_each_of_its_forms() -> None:
    """A function from the result may show what a journey changes."""
    workload = Workload("made", task=Stamped, comparable=lambda result: (result.text, min(result.journeys, 1)))
    expected = expected_of(workload, ["t"], [Stamped("t")])
    expected.verify([_sent(Stamped("t"), 1)], ["t"], "made")
    with pytest.raises(VoidTrialError):
        expected.verify([_sent(Stamped("u"), 1)], ["t"], "made")


def test_the_same_items_in_another_test_have_a_reference_of_their_own() -> None:
    """A fixture or a parameter may have made the work another one."""
    task, references = Task(), References()
    workload = Workload("squares", task=task)
    for test in ("level=1", "level=9", "level=1"):
        references.expected(workload, [3], of=test)
    assert task.asked == [3, 3]


NO_RESULTS: dict[str, Callable[[int], Any]] = {
    "a map": lambda item: map(abs, [item]),
    "a zip": lambda item: zip([item], [item], strict=True),
    "a filter": lambda item: filter(None, [item]),
    "itertools": lambda item: itertools.chain([item], [item]),
    "a generator expression": lambda item: (each for each in [item]),
    "generators in a list": lambda item: [(each for each in [item])],
    "a future that nobody fulfils": lambda _item: concurrent.futures.Future(),
    "a mapping to generators": lambda item: {"rows": (each for each in [item])},
}


@pytest.mark.parametrize("lazy", NO_RESULTS.values(), ids=NO_RESULTS)
def test_a_task_that_computes_nothing_is_refused_before_anything_is_timed(lazy: Callable[[int], Any]) -> None:
    """Whatever it hands out in place of a result, and whatever comparable= would make of it."""
    workload = Workload("lazy", task=lazy, comparable=list)
    with pytest.raises(NothingComputedError, match="return"):
        References().expected(workload, [1])


def test_a_reference_that_computes_nothing_is_refused_too() -> None:
    """Otherwise nothing would be held against nothing."""
    workload = Workload("lazy", task=abs, reference=lambda items: [map(abs, items)])
    with pytest.raises(NothingComputedError, match="a reference result is a lazy map"):
        References().expected(workload, [1])


def test_an_awaitable_is_still_told_where_it_belongs() -> None:
    """To async_task=."""

    async def square(item: int) -> int:
        return item * item

    with pytest.raises(NeverAwaitedError, match="async_task="):
        References().expected(Workload("lazy", task=lambda item: square(item)), [1])


def test_in_a_loop_an_async_task_gives_the_reference_in_that_loop() -> None:
    """What an async fixture has opened belongs to it, and is a stranger in any other."""
    loops = []

    async def where(item: int) -> int:
        loops.append(asyncio.get_running_loop())
        return item

    async def ask() -> object:
        await References().expected_in_loop(Workload("where", async_task=where), [1, 2])
        return asyncio.get_running_loop()

    here = asyncio.run(ask())
    assert loops == [here, here]


def test_in_a_loop_any_other_reference_may_have_a_loop_of_its_own() -> None:
    """As a task that calls asyncio.run()."""

    async def square(item: int) -> int:
        return item * item

    async def ask() -> object:
        workload = Workload("runs", task=lambda item: asyncio.run(square(item)), async_task=square)
        return (await References().expected_in_loop(workload, [3])).digest

    assert asyncio.run(ask()) == expected_of(Workload("runs", task=abs), [3], [9]).digest
