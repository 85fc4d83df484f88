"""Threads that have ended for Python are waited for until the system has taken them down."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from timetrial.measure.endingthreads import EndingThreads


class FakeTable:
    """A system that has so many more threads than Python knows of, look by look; the last number stays."""

    def __init__(self) -> None:
        self.more: Sequence[int] = (0,)
        self.looks = 0

    def glance(self, _pid: int) -> Any:
        """The next number."""
        more = self.more[min(self.looks, len(self.more) - 1)]
        self.looks += 1
        return SimpleNamespace(threads=threading.active_count() + more)

    def looks_taken(self, ending: EndingThreads, *more: int, patience_s: float = 20.0) -> int:
        """How often the system was asked for these."""
        self.more, self.looks = more, 0
        ending.wait(patience_s=patience_s)
        return self.looks


@pytest.fixture
def table() -> Any:
    """None but Python's threads to begin with."""
    return FakeTable()


def test_threads_that_are_about_to_end_are_waited_for(table: Any) -> None:
    """As long as they get fewer; none to wait for is one look."""
    ending = EndingThreads(table)
    assert table.looks_taken(ending, 0) == 1
    assert table.looks_taken(ending, 2_000, 1_000, 1_000, 1_000, 10, 0) == 6


def test_a_library_s_own_threads_are_waited_for_only_briefly(table: Any) -> None:
    """They stay."""
    ending = EndingThreads(table)
    assert table.looks_taken(ending, 4) == 11
    assert table.looks_taken(ending, 4, patience_s=0.0) == 1


def test_a_crowd_whose_end_stands_still_is_given_more_time(table: Any) -> None:
    """As where other processes have the machine."""
    assert table.looks_taken(EndingThreads(table), 2_000, *[900] * 50, 0) == 52


def test_a_crowd_that_stays_for_good_is_waited_for_once(table: Any) -> None:
    """A numeric library on a large machine has as many threads as that."""
    ending = EndingThreads(table)
    assert table.looks_taken(ending, 200, patience_s=0.2) > 12
    assert table.looks_taken(ending, 200) == 11
