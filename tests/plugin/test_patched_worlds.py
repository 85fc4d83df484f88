"""Suites that patch the standard library or freeze the time: trials run, and say what is not what it seems."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

Suite = Callable[..., pytest.RunResult]
Stored = Callable[[], dict[str, Any]]


def test_under_gevent_workers_start_and_threads_are_a_fallback(suite: Suite, pytester: pytest.Pytester) -> None:
    """Its pipes do not block, and its threads share one of the system's."""
    pytest.importorskip("gevent")
    pytester.makeconftest("from gevent import monkey\nmonkey.patch_all()")
    result = suite(
        """
    @pytest.mark.workload(DOUBLE, models=["threads", "processes"])
    def test_double(trial):
        trial([1, 2, 3], concurrency=2)
    """,
        apart=True,
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*void: *threads: the threads are gevent's green threads: 2 share 1*"])


def test_a_run_in_frozen_time_has_the_real_date_and_real_durations(suite: Suite, stored: Stored) -> None:
    """Its place in the history is today's."""
    pytest.importorskip("freezegun")
    suite(
        """
    import freezegun
    @pytest.fixture
    def new_year():
        with freezegun.freeze_time("2001-01-01"):
            yield
    @pytest.mark.workload(DOUBLE, models=["serial", "threads", "processes"])
    def test_double(trial, new_year):
        trial(list(range(2000)), concurrency=2)
    """,
        "--trial-results=results",
    ).assert_outcomes(passed=3)
    content = stored()
    soon = timedelta(minutes=10)
    for text in (content["datetime"], content["timetrial"]["environment"]["recorded_at"]):
        assert abs(datetime.now(UTC) - datetime.fromisoformat(text)) < soon
    assert all(benchmark["stats"]["min"] > 0 for benchmark in content["benchmarks"])
