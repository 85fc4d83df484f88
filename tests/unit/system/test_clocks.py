"""The clocks go on while a test has frozen the time, whichever way it was frozen."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from timetrial.system.clocks import Clocks, clocks


def test_the_date_is_that_of_the_system() -> None:
    """Within a second, as long as nobody sets the system's clock."""
    assert abs(clocks.utc_now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_the_clocks_are_pythons_own() -> None:
    """With nothing around them: they are read in timed paths."""
    made = Clocks()
    assert (made.perf_counter_ns, made.monotonic) == (time.perf_counter_ns, time.monotonic)


def test_replacing_the_functions_of_a_module_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As freezegun does with every module that holds one of them."""
    for name in ("time", "monotonic", "perf_counter", "perf_counter_ns"):
        monkeypatch.setattr(time, name, lambda: 0)
    before_ns, before = clocks.perf_counter_ns(), clocks.utc_now()
    assert clocks.perf_counter_ns() > before_ns > 0
    assert clocks.utc_now() >= before > datetime(2020, 1, 1, tzinfo=UTC)


FROZEN = {
    "freezegun": "freezegun.freeze_time('2001-01-01')",
    "time_machine": "time_machine.travel(978_307_200, tick=False)",
}


@pytest.mark.parametrize("imported", ["before", "after"])
@pytest.mark.parametrize("name", FROZEN)
def test_under_the_libraries_that_freeze_it_the_date_is_real(name: str, imported: str) -> None:
    """Whether this was imported before the time was frozen, or after."""
    pytest.importorskip(name)
    early = "from timetrial.system.clocks import clocks" if imported == "before" else ""
    program = f"""
import {name}, time
{early}
with {FROZEN[name]}:
    assert time.time() < 1e9
    from timetrial.system.clocks import clocks
    then = clocks.perf_counter_ns()
    assert clocks.utc_now().year > 2020, clocks.utc_now()
    assert clocks.perf_counter_ns() > then
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
