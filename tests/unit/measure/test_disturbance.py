"""Whether others used the machine: on made-up counters, and with a busy process of another."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from timetrial.errors import MeterNotStartedError
from timetrial.measure.cputimes import CoreTimes, core_times, interrupts_apart, pressure_s, tree_cpu_s
from timetrial.measure.disturbance import (
    Disturbance,
    DisturbanceMeter,
    Snapshot,
    Thresholds,
    between,
)

linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux counts stolen and idle time for all to read"
)

_STAT = """\
cpu  300 100 100 1400 100 10 90 50 0 0
cpu0 200 50 50 700 50 5 45 40 7 0
cpu1 100 50 50 700 50 5 45 10 0 0
intr 12345 0 0
ctxt 99
"""


def at(at_s: float, *cores: CoreTimes, own_cpu_s: float | None = 0.0) -> Snapshot:
    """What was counted up to a moment, on the cores from 0 on."""
    return Snapshot(at_s, dict(enumerate(cores)), own_cpu_s, None)


def stretch(*cores: CoreTimes, own_cpu_s: float | None, elapsed_s: float = 10.0, apart: bool = False) -> Disturbance:
    """A stretch of time over which the cores counted that much, from zero."""
    zeros = at(0.0, *[CoreTimes(0.0, 0.0, 0.0, 0.0)] * len(cores))
    after = at(elapsed_s, *cores, own_cpu_s=own_cpu_s)
    return between(zeros, after, cores=(), interrupts_are_apart=apart)


def test_the_times_of_every_core_are_read_in_seconds() -> None:
    """Idle includes waiting for disks; a guest's time is within the user's already."""
    assert core_times(_STAT, 100) == {0: CoreTimes(3.0, 7.5, 0.5, 0.4), 1: CoreTimes(2.0, 7.5, 0.5, 0.1)}


def test_pressure_is_read_in_seconds() -> None:
    """From the line of "some"; nothing where the kernel has no such file."""
    text = "some avg10=1.76 avg60=1.43 avg300=1.08 total=18532722\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0"
    assert pressure_s(text) == pytest.approx(18.532722)
    assert pressure_s(None) is None


def test_time_that_is_all_ours_is_no_disturbance() -> None:
    """However busy the cores are."""
    found = stretch(CoreTimes(10.0, 0.0, 0.0, 0.0), CoreTimes(4.0, 6.0, 0.0, 0.0), own_cpu_s=14.0)
    assert found.foreign_cpu_share == 0.0
    assert found.disturbed() is None
    assert found.cannot_tell is None


def test_a_busy_foreign_process_is_a_disturbance_with_its_figures() -> None:
    """Four of twenty core seconds are neither idle nor ours."""
    found = stretch(CoreTimes(10.0, 0.0, 0.0, 0.0), CoreTimes(4.0, 6.0, 0.0, 0.0), own_cpu_s=10.0)
    assert found.foreign_cpu_share == pytest.approx(0.2)
    assert found.disturbed() == "other processes used 20.0% of the 2 usable cores (at most 15.0% is allowed)"


def test_stolen_time_is_that_of_the_core_that_lost_most() -> None:
    """A serial trial on one core isn't saved by the many cores that idle; stolen time is nobody's CPU time."""
    found = stretch(CoreTimes(2.0, 8.0, 0.0, 0.0), CoreTimes(8.0, 0.0, 0.0, 2.0), own_cpu_s=10.0)
    assert (found.steal_core, found.foreign_cpu_share) == (1, 0.0)
    assert found.steal_share == pytest.approx(0.2)
    assert "the host took 20.0% of core 1's time (steal; at most 10.0% is allowed)" in (found.disturbed() or "")


def test_both_reasons_are_told_together() -> None:
    """The host and other processes."""
    reason = stretch(CoreTimes(8.0, 0.0, 0.0, 2.0), own_cpu_s=3.0).disturbed() or ""
    assert "steal" in reason
    assert "other processes used 50.0%" in reason


def test_thresholds_can_be_chosen() -> None:
    """A noisy machine's owner may allow more, and a careful one less."""
    found = stretch(CoreTimes(9.0, 0.7, 0.0, 0.3), own_cpu_s=8.5)
    assert found.disturbed() is None
    assert found.disturbed(Thresholds(steal_share=0.02)) is not None
    assert found.disturbed(Thresholds(foreign_cpu_share=0.04)) is not None


def test_interrupts_that_are_counted_apart_are_not_foreign() -> None:
    """Our own packets over the loopback are handled in them."""
    core = CoreTimes(5.0, 3.0, 2.0, 0.0)
    assert stretch(core, own_cpu_s=5.0, apart=True).foreign_cpu_share == 0.0
    assert stretch(core, own_cpu_s=7.0, apart=False).foreign_cpu_share == 0.0


def test_only_the_watched_cores_count() -> None:
    """What others do on cores that we may not use is theirs."""
    zero, busy, idle = (CoreTimes(*times) for times in ((0.0,) * 4, (10.0, 0.0, 0.0, 0.0), (0.0, 10.0, 0.0, 0.0)))
    found = between(at(0.0, zero, zero), at(10.0, busy, idle), cores={1}, interrupts_are_apart=False)
    assert (found.cores, found.foreign_cpu_share) == (1, 0.0)


def test_without_counters_it_says_that_it_cannot_tell() -> None:
    """Not disturbed and not known are told apart."""
    found = between(at(0.0), at(10.0), cores=(), interrupts_are_apart=True)
    assert (found.steal_share, found.foreign_cpu_share, found.disturbed()) == (None, None, None)
    assert "tells no times of the cores" in (found.cannot_tell or "")


def test_a_stretch_of_a_few_ticks_cannot_be_told() -> None:
    """One step of 10 ms would decide."""
    found = stretch(CoreTimes(0.1, 0.0, 0.0, 0.0), own_cpu_s=0.0, elapsed_s=0.1)
    assert found.foreign_cpu_share is None
    assert "too short" in (found.cannot_tell or "")


def test_counters_that_stand_still_cannot_tell() -> None:
    """Some sandboxes show zeros; that is no proof that others used everything."""
    found = stretch(CoreTimes(0.0, 0.0, 0.0, 0.0), own_cpu_s=1.0)
    assert found.foreign_cpu_share is None
    assert "stand still" in (found.cannot_tell or "")


@pytest.mark.parametrize("own_cpu_s", [None, -1.0])
def test_without_our_own_figures_only_foreign_cpu_is_unknown(own_cpu_s: float | None) -> None:
    """A process that ended unwaited takes its figures along: the sum falls; steal is told all the same."""
    found = stretch(CoreTimes(5.0, 3.0, 0.0, 2.0), own_cpu_s=own_cpu_s)
    assert found.foreign_cpu_share is None
    assert found.steal_share == pytest.approx(0.2)
    assert "foreign CPU" in (found.cannot_tell or "")
    assert found.disturbed() is not None


def test_the_meter_reads_the_files_before_and_after(tmp_path: Path) -> None:
    """With made-up files and a made-up clock, the figures are exact."""
    write(tmp_path, stat="cpu0 0 0 0 0 0 0 0 0 0 0", waited_us=0)
    own, moments = iter([1.0, 4.0]), iter([100.0, 110.0])
    meter = DisturbanceMeter(lambda: next(own), cores={0}, root=tmp_path, clock=lambda: next(moments))
    meter.start()
    write(tmp_path, stat=f"cpu0 {5 * _ticks()} 0 0 {5 * _ticks()} 0 0 0 0 0 0", waited_us=2_000_000)
    found = meter.stop()
    assert (found.elapsed_s, found.own_cpu_s, found.steal_share) == (10.0, 3.0, 0.0)
    assert found.foreign_cpu_share == pytest.approx(0.2)
    assert found.pressure_share == pytest.approx(0.2)


def test_a_meter_that_was_not_started_says_so() -> None:
    """And names the call that is missing."""
    with pytest.raises(MeterNotStartedError, match=r"call start\(\)"):
        DisturbanceMeter(lambda: 0.0).stop()


def test_a_tree_is_a_process_and_all_below_it(tmp_path: Path) -> None:
    """Own times and those of ended children, user and system; names may hold spaces and brackets."""
    ticks = _ticks()
    stats = {10: ("py (a) b", 1, (1, 1, 1, 1)), 11: ("worker", 10, (2, 0, 0, 0)), 12: ("deep", 11, (0, 3, 0, 0))}
    for pid, (name, parent, times) in (stats | {13: ("foreign", 1, (99, 0, 0, 0))}).items():
        counts = " ".join(str(each * ticks) for each in times)
        (tmp_path / f"proc/{pid}").mkdir(parents=True)
        (tmp_path / f"proc/{pid}/stat").write_text(f"{pid} ({name}) S {parent} 1 1 0 -1 0 0 0 0 0 {counts} 20 0 1\n")
    assert tree_cpu_s(10, tmp_path) == 9.0
    assert tree_cpu_s(77, tmp_path) is None


def test_the_kernels_configuration_tells_how_interrupts_are_counted(tmp_path: Path) -> None:
    """Apart, unless it says otherwise."""
    assert interrupts_apart(tmp_path) is True
    (tmp_path / "proc").mkdir()
    file = tmp_path / "proc/config.gz"
    file.write_bytes(gzip.compress(b"CONFIG_HZ=250\n# CONFIG_IRQ_TIME_ACCOUNTING is not set\n"))
    assert interrupts_apart(tmp_path) is False
    file.write_bytes(gzip.compress(b"CONFIG_IRQ_TIME_ACCOUNTING=y\n"))
    assert interrupts_apart(tmp_path) is True


@pytest.fixture
def burner() -> Iterator[subprocess.Popen[str]]:
    """A process that waits for a line, uses 0.8 s of CPU, says so, and waits to be ended."""
    code = (
        "import sys, time; print('ready', flush=True); sys.stdin.readline(); end = time.process_time() + 0.8\n"
        "while time.process_time() < end: pass\n"
        "print('done', flush=True); sys.stdin.readline()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def burn(process: subprocess.Popen[str]) -> None:
    """Lets the burner burn, and returns when it is done."""
    assert process.stdin
    assert process.stdout
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.stdout.readline() == "done\n"


@linux_only
def test_a_busy_process_that_is_not_ours_is_noticed(burner: subprocess.Popen[str]) -> None:
    """On this machine, with the real counters: at least half a second of CPU that we didn't use."""
    meter = DisturbanceMeter(time.process_time)
    meter.start()
    burn(burner)
    found = meter.stop()
    if found.foreign_cpu_share is None:
        pytest.skip(f"this machine's counters tell nothing: {found.cannot_tell}")
    assert found.foreign_cpu_share * found.elapsed_s * found.cores > 0.5
    threshold = 0.5 / (found.elapsed_s * found.cores)
    assert "other processes used" in (found.disturbed(Thresholds(1.0, threshold)) or "")


@linux_only
def test_a_busy_process_of_ours_is_ours(burner: subprocess.Popen[str]) -> None:
    """Whatever runs below this process counts as our own unless the caller says otherwise."""
    meter = DisturbanceMeter()
    meter.start()
    burn(burner)
    assert (meter.stop().own_cpu_s or 0.0) > 0.7


@linux_only
def test_what_an_ended_worker_used_stays_ours(burner: subprocess.Popen[str]) -> None:
    """It moves to the parent that waited for it."""
    meter = DisturbanceMeter()
    meter.start()
    burn(burner)
    burner.kill()
    burner.wait()
    assert (meter.stop().own_cpu_s or 0.0) > 0.7


def write(root: Path, *, stat: str, waited_us: int) -> None:
    """A made-up machine's counters."""
    (root / "proc/pressure").mkdir(parents=True, exist_ok=True)
    (root / "proc/stat").write_text(f"cpu  0 0 0 0 0 0 0 0 0 0\n{stat}\nctxt 1\n", encoding="utf-8")
    (root / "proc/pressure/cpu").write_text(f"some avg10=0.0 total={waited_us}\nfull avg10=0.0 total=0\n")


def _ticks() -> int:
    return os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
