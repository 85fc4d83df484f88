"""How many processors a process may use."""

from __future__ import annotations

import os
import sys

import pytest

from timetrial.system.affinity import can_pin, count_usable_cpus, usable_cpus


@pytest.mark.skipif(not can_pin(), reason="this platform can't pin")
@pytest.mark.skipif("PYTHON_CPU_COUNT" in os.environ, reason="Python is told another number")
def test_a_process_that_is_pinned_to_one_processor_counts_one() -> None:
    """Not those of the machine."""
    before = usable_cpus()
    assert count_usable_cpus() == len(before)
    os.sched_setaffinity(0, before[:1])
    try:
        assert (count_usable_cpus(), usable_cpus()) == (1, before[:1])
    finally:
        os.sched_setaffinity(0, before)


def test_a_system_that_tells_nothing_still_has_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that there is always a worker."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    if sys.version_info >= (3, 13):
        monkeypatch.setattr(os, "process_cpu_count", lambda: None)
    assert (count_usable_cpus(), usable_cpus()) == (1, [])
