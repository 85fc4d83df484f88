"""Waiting for what has no event of its own: a file that another process writes, a process that ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import pytest

_BETWEEN_LOOKS_S = 0.01


def comes_true(condition: Callable[[], bool], within_s: float) -> bool:
    """Looks again and again until the condition holds, or the time is up; says which."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(_BETWEEN_LOOKS_S)
    return True


def wait_for(condition: Callable[[], bool], within_s: float) -> None:
    """Returns once the condition holds; the test fails where it doesn't in that time."""
    assert comes_true(condition, within_s), f"it did not come to that within {within_s:g} s"


def still_run(pids: Iterable[int]) -> list[int]:
    """Those of the processes that have not ended; one whose parent has not yet read its end has."""
    psutil = pytest.importorskip("psutil")

    def runs(pid: int) -> bool:
        try:
            return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    return [pid for pid in pids if runs(pid)]


def new_threads(before: Iterable[threading.Thread]) -> list[threading.Thread]:
    """Those that run and didn't ``before``; whether one of an earlier test has ended meanwhile says nothing."""
    return [each for each in threading.enumerate() if each not in set(before)]
