"""What a run says of tasks that compute in threads of their libraries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.results.test_standings import entry
from timetrial.report import native_threads
from timetrial.report.native_threads import thread_lines
from timetrial.results.standings import Entry


def _computing_in(threads: int, model: str, concurrency: int = 2) -> Entry:
    made = entry(model, 1.0)
    fairness = {"native_threads": {"most_in_a_process": threads, "cpu_share": 0.5}}
    return replace(made, measurement=replace(made.measurement, fairness=fairness, concurrency=concurrency))


@pytest.fixture(autouse=True)
def _four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_threads, "cores_by_affinity", lambda: 4)
    monkeypatch.setattr(native_threads, "quota_cores", lambda: None)
    monkeypatch.setattr(native_threads, "variables_that_limit_them", lambda: ["OPENBLAS_NUM_THREADS"])


def test_a_serial_that_computes_in_several_threads_is_told() -> None:
    """Others are compared with it, and it is not what one core can do."""
    (line,) = thread_lines([_computing_in(3, "serial")])
    assert line.startswith("threads: squares, serial: the task computes in 4 threads")
    assert "OPENBLAS_NUM_THREADS=1" in line


@pytest.mark.parametrize(("threads", "told"), [(0, False), (1, False), (2, True)])
def test_more_threads_than_cores_are_told_with_what_limits_them(threads: int, told: bool) -> None:
    """Two workers with one more thread each fill four cores; with two more they want six."""
    lines = thread_lines([_computing_in(threads, "processes")])
    assert bool(lines) is told
    assert not told or "6 threads of the task's libraries want 4 cores; OPENBLAS_NUM_THREADS=1" in lines[0]


def test_a_trial_whose_record_knows_nothing_of_threads_is_no_reason_for_a_line() -> None:
    """As one of an older version."""
    assert thread_lines([entry("serial", 1.0)]) == []
