"""What addopts say of pytest-benchmark's settings is what the gate's rounds go by."""

from __future__ import annotations

import time

import pytest

from timetrial.gate.lockstep.round_settings import RoundSettings
from timetrial.system.clocks import clocks

pytest_plugins = ["pytester"]

HONOURED = [
    ("", "", RoundSettings(least_s=5e-6)),
    ("--benchmark-disable-gc", "without_gc", True),
    ("--benchmark-warmup=on --benchmark-warmup-iterations=30", "warm_up_executions", 30),
    ("--benchmark-max-time=0.25", "warm_up_s", 0.25),
    ("--benchmark-min-rounds=9", "least_rounds", 9),
    ("--benchmark-min-time=0.2", "least_s", 0.2),
    ("--benchmark-timer=time.process_time", "timer", time.process_time),
]


@pytest.mark.parametrize(("addopts", "field", "expected"), HONOURED, ids=[each[1] or "none" for each in HONOURED])
def test_an_option_in_addopts_counts(addopts: str, field: str, expected: object, pytester: pytest.Pytester) -> None:
    """Its own field has it."""
    settings = _settings(pytester, addopts)
    assert (getattr(settings, field) if field else settings) == expected


def test_a_finer_calibration_makes_rounds_longer(pytester: pytest.Pytester) -> None:
    """So many steps of the timer are in each, at least."""
    rough, fine = (_settings(pytester, f"--benchmark-calibration-precision={each}") for each in (100, 100_000))
    assert fine.least_s > 10 * rough.least_s > 0


def test_the_usual_timer_is_the_clock_as_it_really_goes(pytester: pytest.Pytester) -> None:
    """Also in a test that has frozen what Python calls so."""
    item = _item(pytester, "")
    with pytest.importorskip("freezegun").freeze_time("2001-01-01"):
        settings = RoundSettings.of(item)
        assert RoundSettings().other_timer is None
    assert settings.timer is clocks.perf_counter
    assert settings.other_timer is None


def _settings(pytester: pytest.Pytester, addopts: str) -> RoundSettings:
    return RoundSettings.of(_item(pytester, addopts))


def _item(pytester: pytest.Pytester, addopts: str) -> pytest.Item:
    pytester.makeini(f"[pytest]\naddopts = -p no:asyncio {addopts}\n")
    return pytester.getitem("def test_one(benchmark):\n    benchmark(len, '')\n", "test_one")
