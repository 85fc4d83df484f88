"""Pinning reaches every thread, extra work takes the share that was asked for, and spinners leave with their gate."""

from __future__ import annotations

import os
import random
import threading

import psutil
import pytest

from tests.waiting import wait_for
from timetrial.gate.lockstep import extra_work
from timetrial.gate.lockstep.extra_work import ExtraWork
from timetrial.gate.lockstep.keep_awake import can_keep_awake, spinners
from timetrial.system.affinity import can_pin, pin, usable_cpus

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
def test_only_the_processors_that_are_asked_for_are_kept_awake() -> None:
    """By a spinner that rests before and after; all of them end with the block."""
    before = psutil.Process().children()
    cpu, *others = usable_cpus()
    with spinners(True) as awake:
        processes = {int(each.cmdline()[-1]): each for each in psutil.Process().children() if each not in before}
        assert processes.keys() == {cpu, *others}
        wait_for(lambda: not any(map(spins, processes.values())), within_s=10)
        with awake.spinning([cpu]):
            wait_for(lambda: spins(processes[cpu]), within_s=10)
            assert not any(spins(processes[each]) for each in others)
        wait_for(lambda: not spins(processes[cpu]), within_s=10)
    assert not any(each.is_running() for each in processes.values())


def spins(process: psutil.Process) -> bool:
    """Whether it runs, or would if it were let; one that has just been started does so too."""
    return bool(process.status() != psutil.STATUS_SLEEPING)


def test_nobody_spins_unasked() -> None:
    """Not even a process is started."""
    before = psutil.Process().children()
    with spinners(False) as awake, awake.spinning(usable_cpus()):
        assert psutil.Process().children() == before


@pytest.mark.skipif(not can_keep_awake(), reason="this platform has no scheduling class below all others")
def test_where_spinners_are_not_let_nobody_spins(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that forbids the scheduling class: they end at once, and it is known."""
    monkeypatch.setattr("timetrial.gate.lockstep.keep_awake._SPINNER", "raise PermissionError('no')")
    assert not can_keep_awake()
    with spinners(True) as awake, awake.spinning(usable_cpus()):
        assert len(awake) == 0


@pytest.mark.skipif(not can_keep_awake(), reason="this platform has no scheduling class below all others")
def test_a_spinner_that_was_killed_does_not_end_the_gate() -> None:
    """Its processor sleeps from then on, and that is all."""
    before = psutil.Process().children()
    with spinners(True) as awake:
        for each in psutil.Process().children():
            if each not in before:
                each.kill()
                each.wait()
        with awake.spinning(usable_cpus()):
            pass


def test_extra_work_is_a_share_of_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in turns of a loop, so that it is work and no wait."""
    monkeypatch.setattr(extra_work, "_spin", lambda turns: turns * 1e-6)
    assert ExtraWork(0.05).after(0.010) == pytest.approx(0.0005)


def test_a_share_comes_out_right_though_rounds_and_turns_vary(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cold first round and a slow first reading of the loop are soon forgotten."""
    chance = random.Random(5)
    paces_s = iter([9e-6, *(chance.uniform(0.8e-6, 1.2e-6) for _ in range(40))])
    monkeypatch.setattr(extra_work, "_spin", lambda turns: turns * next(paces_s))
    extra, rounds_s = ExtraWork(0.03), [0.050, *(chance.uniform(0.008, 0.012) for _ in range(35))]
    took_s = [extra.after(each) for each in rounds_s]
    assert sum(took_s[5:]) / sum(rounds_s[5:]) == pytest.approx(0.03, rel=0.1)


def test_no_share_is_no_work() -> None:
    """Not even the call of a loop."""
    assert ExtraWork(0.0).after(0.010) == 0.0
