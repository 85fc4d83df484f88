"""Worker processes that hold more after every round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from timetrial.measure.processes.worker_growth import LOOKS_TO_TELL, WorkerGrowth

ROUNDS = (1, 40, 1, 1, 1)  # one, those of the accounting, and as many looks more as it takes


class FakeTable:
    """Says of each process what the test says, look by look; None is a process that is gone."""

    def __init__(self, **held: Sequence[int | None]) -> None:
        self.held = held
        self.families: Sequence[Mapping[int, int]] = [{}]
        self.looks = -1

    def parents(self) -> Mapping[int, int]:
        """Asked first in each look."""
        self.looks += 1
        return self.families[min(self.looks, len(self.families) - 1)]

    def glance(self, pid: int) -> Any:
        """Its threads."""
        threads = self._now(f"threads_{pid}")
        if threads is None:
            raise ProcessLookupError
        return SimpleNamespace(threads=threads)

    def sockets(self, pid: int) -> int | None:
        """Its sockets."""
        return self._now(f"sockets_{pid}")

    def command(self, pid: int) -> str:
        """Process 10 is one that stays by design."""
        return "python -c from multiprocessing.resource_tracker" if pid == 10 else "sleep 60"

    def _now(self, name: str) -> int | None:
        values = self.held.get(name, (3,))
        return values[min(self.looks, len(values) - 1)]


def said_of(table: Any, *pids: int) -> list[str]:
    """What is said of these processes after as many looks as are wanted."""
    growth = WorkerGrowth(pids, table)
    growth.look()
    for number, rounds in enumerate(ROUNDS):
        if number < 2 or growth.wants_another_look:
            growth.look(rounds)
    return growth.gained()


@pytest.mark.parametrize(
    "counts",
    [(2, 2), (2, 10, 10), (2, 4, 5), (4, 4, 5), (4, 3, 4), (2, 3, 40), (2, 3, 43, 44, 44, 45), (2, 3, 43, 44, 45, 45)],
)
def test_a_pool_that_fills_up_is_no_leak(counts: Sequence[int]) -> None:
    """It gains threads when it is used first, or now and then."""
    assert said_of(FakeTable(threads_7=counts), 7) == []


@pytest.mark.parametrize(
    ("counts", "more"), [((2, 3, 43, 44, 45, 46), 44), ((2, 12, 412, 422, 432, 442), 440), ((2, 3, 50, 51, 52, 53), 51)]
)
def test_threads_gained_in_every_round_are_a_leak(counts: Sequence[int], more: int) -> None:
    """The sentence names the process, and in how many rounds that was."""
    said = f"worker process 7 gained {more} thread(s) in 44 rounds, some all the time"
    assert said_of(FakeTable(threads_6=(2,), threads_7=counts), 6, 7) == [said]


def test_a_process_that_is_gone_is_left_out() -> None:
    """Its end is somebody else's to tell."""
    table = FakeTable(threads_6=(2, None), threads_7=(2, 3, 43, 44, 45, 46))
    assert [each.split()[2] for each in said_of(table, 6, 7)] == ["7"]


def test_sockets_and_children_gained_in_every_round_are_a_leak_too() -> None:
    """A child's child is the worker's as well; a resource tracker stays by design."""
    table = FakeTable(sockets_7=(3, 5, 85, 87, 89, 91))
    counts = (0, 1, 41, 42, 43, 44)
    table.families = [{10: 7, **{100 + each: 7 if each % 2 == 0 else 99 + each for each in range(n)}} for n in counts]
    assert said_of(table, 7) == [
        "worker process 7 gained 88 socket(s) in 44 rounds, some all the time",
        "worker process 7 gained 44 child process(es) in 44 rounds, some all the time",
    ]


def test_more_looks_are_wanted_only_where_something_grows() -> None:
    """They take a round each."""
    growth = WorkerGrowth([7], FakeTable(threads_7=(2, 2, 2)))  # type: ignore[arg-type]  # what it asks is there
    for _ in range(3):
        growth.look(1)
    assert not growth.wants_another_look
    assert len(ROUNDS) == LOOKS_TO_TELL
