"""Threads that have ended for Python are waited for until the system has taken them down."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from timetrial.measure.endingthreads import let_threads_end


def looks_taken(*more: int, ended: int = 2_000, patience_s: float = 20.0) -> int:
    """How often the system was asked, where it has so many more threads each time than Python knows of."""
    left, looks = list(more), 0

    def glance(_pid: int) -> Any:
        nonlocal looks
        looks += 1
        return SimpleNamespace(threads=threading.active_count() + (left.pop(0) if len(left) > 1 else left[0]))

    table: Any = SimpleNamespace(glance=glance)
    let_threads_end(ended, table, patience_s=patience_s)
    return looks


def test_threads_that_are_about_to_end_are_waited_for() -> None:
    """As long as they get fewer; none to wait for is one look."""
    assert looks_taken(0) == 1
    assert looks_taken(2_000, 1_000, 1_000, 1_000, 10, 0) == 6


def test_a_library_s_own_threads_are_waited_for_only_briefly() -> None:
    """They stay; a numeric library may have more of them than there can be workers of ours."""
    assert looks_taken(4) == 11
    assert looks_taken(200, ended=8) == 11
    assert looks_taken(4, patience_s=0.0) == 1


def test_a_crowd_whose_end_stands_still_is_given_more_time() -> None:
    """As where other processes have the machine."""
    assert looks_taken(2_000, *[900] * 50, 0) == 52
