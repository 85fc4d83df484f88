"""Pinning reaches every thread, extra work takes the share that was asked for, and spinners leave with their gate."""

from __future__ import annotations

import os
import threading

import psutil
import pytest

from timetrial.gate import extrawork
from timetrial.gate.awake import can_keep_awake, kept_awake
from timetrial.gate.extrawork import ExtraWork
from timetrial.gate.pinning import can_pin, pin, usable_cpus

pinnable = pytest.mark.skipif(not can_pin() or len(usable_cpus()) < 2, reason="there is nothing to choose here")


@pinnable
def test_a_process_is_pinned_with_its_threads() -> None:
    """Also those that were there before, and back again."""
    before = usable_cpus()
    stop, seen = threading.Event(), list[set[int]]()

    def look() -> None:
        stop.wait()
        seen.append(os.sched_getaffinity(0))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        pin([os.getpid()], [before[-1]])
        assert usable_cpus() == [before[-1]]
    finally:
        stop.set()
        thread.join()
        pin([os.getpid()], before)
    assert seen == [{before[-1]}]
    assert usable_cpus() == before


def test_a_process_that_is_gone_is_passed_over() -> None:
    """It may have ended a moment ago."""
    pin([2**22 + 1], usable_cpus() or [0])


@pytest.mark.skipif(not can_keep_awake(), reason="this platform has no scheduling class below all others")
def test_processors_are_kept_awake_by_one_idle_spinner_each_and_no_longer() -> None:
    """They run only when nothing else wants to, and end with the block."""
    before = {each.pid for each in psutil.Process().children()}
    with kept_awake(True) as awake:
        spinners = [each for each in psutil.Process().children() if each.pid not in before]
        assert awake
        assert len(spinners) == len(usable_cpus())
    assert not any(each.is_running() for each in spinners)


def test_nobody_spins_unasked() -> None:
    """And the record says so."""
    with kept_awake(False) as awake:
        assert not awake


def test_extra_work_is_a_share_of_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in turns of a loop, so that it is work and no wait."""
    monkeypatch.setattr(extrawork, "_spin", lambda turns: turns * 1e-6)
    extra = ExtraWork(0.05)
    extra.settle(round_s=0.010)
    assert extra.do() == pytest.approx(0.0005)


def test_no_share_is_no_work() -> None:
    """Not even the call of a loop."""
    extra = ExtraWork(0.0)
    extra.settle(round_s=0.010)
    assert extra.do() == 0.0
