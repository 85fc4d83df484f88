"""How long tests took is remembered by pytest's cache, for the time that is left of the next run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

_TEST = """
import pytest
from timetrial import Workload

@pytest.mark.workload(Workload("add", task=sum), models=["serial"])
def test_add(trial):
    trial([(1, 2)] * 100)
"""
_KEPT = Path(".pytest_cache/v/timetrial/seconds_by_test")
_RUN = ("--benchmark-only", "--trial-scale=quick", "--benchmark-max-time=0.01", "-p", "cacheprovider")


def test_a_timed_run_remembers_its_tests(pytester: pytest.Pytester) -> None:
    """By scale and test, in seconds."""
    pytester.makepyfile(test_it=_TEST)
    assert pytester.runpytest_subprocess(*_RUN).ret == 0
    kept = json.loads((pytester.path / _KEPT).read_text(encoding="utf-8"))
    assert list(kept) == ["quick test_it.py::test_add[serial]"]
    assert 0 < kept["quick test_it.py::test_add[serial]"] < 60


@pytest.mark.parametrize("option", ["--benchmark-disable", "--collect-only"])
def test_a_run_that_times_nothing_remembers_nothing(pytester: pytest.Pytester, option: str) -> None:
    """It would have the next one promise too little."""
    pytester.makepyfile(test_it=_TEST)
    assert pytester.runpytest_subprocess(option, "-p", "cacheprovider").ret == 0
    assert not (pytester.path / _KEPT).exists()


def test_a_run_without_pytests_cache_goes_on(pytester: pytest.Pytester) -> None:
    """It only knows less of how long it takes."""
    pytester.makepyfile(test_it=_TEST)
    assert pytester.runpytest_subprocess("--benchmark-only", "-p", "no:cacheprovider").ret == 0
