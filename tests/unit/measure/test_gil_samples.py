"""From what was found at moments drawn by chance to the part of the computing that needs no GIL."""

from __future__ import annotations

import pytest

from timetrial.measure.gil_samples import Sample, part_without_gil

_HELD = Sample(computing=True, held=True, cpu_s=3e-4, queued_s=0.0, late_s=3e-4)
_FREE = Sample(computing=True, held=False, cpu_s=2e-4, queued_s=0.0, late_s=1e-4)


def test_each_sample_stands_for_the_cpu_time_since_the_one_before() -> None:
    """Two hundred times 0.3 ms with the GIL, three hundred times 0.2 ms without."""
    part, uncertain = part_without_gil([_HELD] * 200 + [_FREE] * 300)
    assert part == pytest.approx(0.5)
    assert 0 < uncertain < 0.05


def test_one_long_call_that_holds_the_gil_counts_as_long_as_it_took() -> None:
    """The sampler could not look again before its end, queued for a moment or not."""
    long = Sample(computing=True, held=True, cpu_s=0.02, queued_s=0.001, late_s=0.02)
    assert part_without_gil([*[_FREE] * 50, long, *[_FREE] * 50])[0] == pytest.approx(0.5)


def test_what_a_sampler_without_a_core_found_is_told_by_its_neighbours() -> None:
    """It gets its core when the worker calls the system, which it does with the GIL held."""
    delayed = Sample(computing=True, held=True, cpu_s=0.002, queued_s=0.002, late_s=1e-4)
    assert part_without_gil([_FREE, delayed, _FREE])[0] == 1
    assert part_without_gil([_HELD, delayed, _HELD])[0] == 0
    assert part_without_gil([delayed, _FREE])[0] == 1
    assert part_without_gil([delayed])[0] == 0


def test_a_worker_that_waits_computes_nothing() -> None:
    """Its samples say nothing of the GIL; where there are no others, everything is uncertain."""
    waiting = Sample(computing=False, held=False, cpu_s=0.0, queued_s=0.0, late_s=1e-4)
    assert part_without_gil([_HELD, waiting, waiting])[0] == 0
    assert part_without_gil([waiting]) == (0.0, 1.0)
    assert part_without_gil([]) == (0.0, 1.0)
