"""One job in each model, run to prove that it is the same, and its code counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import pytest

from benchmarks.claims import plain_ways as ways
from fixtures.executors import stateless, stateless_async
from timetrial import Workload, models

if TYPE_CHECKING:
    from timetrial import Trial


def expected(items: Sequence[Sequence[int]]) -> list[Any]:
    """The results in order, and how many there were."""
    return [([ways.cube(number) for number in numbers], len(numbers)) for numbers in items]


def each(way: Callable[[Sequence[int]], Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """An item is a whole job."""
    return lambda items: [way(numbers) for numbers in items]


async def each_awaited(items: Sequence[Any]) -> list[Any]:
    """The same for coroutines."""
    return [await ways.by_coroutines(numbers) for numbers in items]


COMPLEXITY: Final = Workload(
    "complexity",
    reference=expected,
    variants={
        "plain": Workload(
            "as a careful person writes it",
            implementations={
                "threads": stateless(each(ways.by_threads)),
                "processes": stateless(each(ways.by_processes)),
                "coroutines": stateless_async(each_awaited),
            },
        )
    },
)


@pytest.mark.workload(COMPLEXITY)
def test_complexity(trial: Trial, note: Callable[..., None]) -> None:
    """Lines, branches and primitives; their sum is what the claim compares."""
    trial([list(range(10))])
    found = ways.complexity(ways.OF_MODEL[models.split(trial.model)[0]])
    note(**{name: float(value) for name, value in found._asdict().items()}, complexity=float(sum(found)))
