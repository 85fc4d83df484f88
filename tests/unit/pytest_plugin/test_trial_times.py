"""How long a run will take, from what its tests took before."""

from __future__ import annotations

from typing import Any, cast

import pytest

from timetrial.pytest_plugin.trial_times import TrialTimes


class Cache:
    """As pytest's, without its files."""

    def __init__(self, kept: object = None) -> None:
        self.kept = kept

    def get(self, _key: str, default: object) -> object:
        """What was kept."""
        return default if self.kept is None else self.kept

    def set(self, _key: str, value: object) -> None:
        """Keeps it."""
        self.kept = value


def times(cache: Any, scale: str = "default") -> TrialTimes:
    """Of a run that times rounds for a second."""
    return TrialTimes(cast("pytest.Cache", cache), scale, 1.0)


def test_a_test_is_expected_to_take_what_it_took_last_time_at_this_scale() -> None:
    """Another scale is another matter; and what nobody has seen is guessed from how long rounds are timed."""
    cache = Cache()
    first = times(cache)
    first.add("a.py::test_a", 1.5)
    first.add("a.py::test_a", 2.0)
    first.save()
    assert times(cache).expected_s("a.py::test_a") == 3.5
    assert times(cache, "quick").expected_s("a.py::test_a") == times(cache).expected_s("a.py::test_new") == 1.7


def test_a_run_of_some_tests_forgets_none_of_the_others() -> None:
    """A run with -k is the usual case."""
    cache = Cache({"default a.py::test_a": 9.0})
    run = times(cache)
    run.add("a.py::test_b", 2.0)
    run.save()
    assert cache.kept == {"default a.py::test_a": 9.0, "default a.py::test_b": 2.0}


@pytest.mark.parametrize("kept", [None, [], "nonsense", {"default a": "soon"}])
def test_a_cache_that_says_nothing_is_no_obstacle(kept: object) -> None:
    """Neither is one that is switched off."""
    assert times(Cache(kept)).expected_s("a") == times(None).expected_s("a") == 1.7
    times(None).save()


def test_the_longest_tests_are_named_once_a_run_is_long() -> None:
    """So that whoever wants less knows what to leave out: a test's trials together, since they may take turns."""
    run = times(Cache())
    run.add("a.py::test_a[threads-1]", 20.0)
    assert run.longest_line() is None
    run.add("a.py::test_b", 90.0)
    run.add("a.py::test_a[serial-1]", 80.0)
    run.add("b.py::test_a", 1.0)
    assert run.longest_line() == (
        "4 trials in 3 min at scale default; the longest: test_a 100 s, test_b 90 s, test_a 1 s"
    )
