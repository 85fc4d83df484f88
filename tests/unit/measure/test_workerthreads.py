"""Worker processes that gain threads round by round."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from timetrial.measure.workerthreads import WorkerThreads, let_threads_end


def leaked(*counts: Sequence[int | None]) -> list[str]:
    """What is said of worker processes with these thread counts at each look; None is a process that is gone."""
    looks = [iter(each) for each in counts]

    def glance(pid: int) -> Any:
        threads = next(looks[pid])
        if threads is None:
            raise ProcessLookupError
        return SimpleNamespace(threads=threads)

    table: Any = SimpleNamespace(glance=glance)
    found = WorkerThreads(range(len(counts)), table)
    for _ in range(3):
        found.look()
    return found.leaked()


@pytest.mark.parametrize("counts", [(2, 2, 2), (2, 10, 10), (2, 10, 12), (2, 4, 3)])
def test_a_pool_that_fills_up_is_no_leak(counts: Sequence[int]) -> None:
    """It gains threads when it is first used."""
    assert leaked(counts) == []


@pytest.mark.parametrize(("counts", "more"), [((2, 3, 4), 1), ((2, 12, 22), 10), ((2, 2, 5), 3)])
def test_threads_gained_in_every_round_are_a_leak(counts: Sequence[int], more: int) -> None:
    """The sentence names the process."""
    said = f"worker process 1 gained {more} thread(s) in these rounds, as in the one before"
    assert leaked((2, 2, 2), counts) == [said]


def test_a_process_that_is_gone_is_left_out() -> None:
    """Its end is somebody else's to tell."""
    said = "worker process 1 gained 1 thread(s) in these rounds, as in the one before"
    assert leaked((2, None, 5), (2, 3, 4)) == [said]


def looks_taken(*more: int, patience_s: float = 10.0) -> int:
    """How often the system was asked, where it has so many more threads each time than Python knows of."""
    left, looks = list(more), 0

    def glance(_pid: int) -> Any:
        nonlocal looks
        looks += 1
        return SimpleNamespace(threads=threading.active_count() + (left.pop(0) if len(left) > 1 else left[0]))

    table: Any = SimpleNamespace(glance=glance)
    let_threads_end(table, patience_s=patience_s)
    return looks


def test_threads_that_are_about_to_end_are_waited_for() -> None:
    """As long as they get fewer; none to wait for is one look."""
    assert looks_taken(0) == 1
    assert looks_taken(2_000, 1_000, 1_000, 1_000, 10, 0) == 6


def test_a_library_s_own_threads_are_waited_for_only_briefly() -> None:
    """They stay."""
    assert looks_taken(4) == 11
    assert looks_taken(4, patience_s=0.0) == 1


def test_a_crowd_whose_end_stands_still_is_given_more_time() -> None:
    """As where other processes have the machine."""
    assert looks_taken(2_000, *[900] * 50, 0) == 52
