"""Worker processes that hold more round by round."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from timetrial.measure.workergrowth import WorkerGrowth


def said_of(*counts: Sequence[int | None]) -> list[str]:
    """What is said of worker processes with these thread counts at each look; None is a process that is gone."""
    looks = [iter(each) for each in counts]

    def glance(pid: int) -> Any:
        threads = next(looks[pid])
        if threads is None:
            raise ProcessLookupError
        return SimpleNamespace(threads=threads)

    table: Any = SimpleNamespace(glance=glance, sockets=lambda _pid: 3, parents=dict)
    found = WorkerGrowth(range(len(counts)), table)
    for _ in range(3):
        found.look()
    return found.gained()


@pytest.mark.parametrize("counts", [(2, 2, 2), (2, 10, 10), (2, 10, 12), (2, 4, 3)])
def test_a_pool_that_fills_up_is_no_leak(counts: Sequence[int]) -> None:
    """It gains threads when it is first used."""
    assert said_of(counts) == []


@pytest.mark.parametrize(("counts", "more"), [((2, 3, 4), 1), ((2, 12, 22), 10), ((2, 2, 5), 3)])
def test_threads_gained_in_every_round_are_a_leak(counts: Sequence[int], more: int) -> None:
    """The sentence names the process."""
    said = f"worker process 1 gained {more} thread(s) in these rounds, as in the one before"
    assert said_of((2, 2, 2), counts) == [said]


def test_a_process_that_is_gone_is_left_out() -> None:
    """Its end is somebody else's to tell."""
    said = "worker process 1 gained 1 thread(s) in these rounds, as in the one before"
    assert said_of((2, None, 5), (2, 3, 4)) == [said]


def test_sockets_and_children_gained_in_every_round_are_a_leak_too() -> None:
    """A child's child is the worker's as well; a resource tracker stays by design."""
    sockets = iter([3, 5, 9])
    families = iter([{7: 1}, {8: 7, 7: 1, 6: 5}, {9: 8, 8: 7, 7: 1, 6: 5, 10: 7}])
    table: Any = SimpleNamespace(
        glance=lambda _pid: SimpleNamespace(threads=2),
        sockets=lambda _pid: next(sockets),
        parents=lambda: next(families),
        command=lambda pid: "python -c from multiprocessing.resource_tracker" if pid == 10 else "sleep 60",
    )
    found = WorkerGrowth([7], table)
    for _ in range(3):
        found.look()
    in_these = "in these rounds, as in the one before"
    assert found.gained() == [
        f"worker process 7 gained 4 socket(s) {in_these}",
        f"worker process 7 gained 1 child process(es) {in_these}",
    ]
