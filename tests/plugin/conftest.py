"""A small suite with trials in it, as a user would write one, run by pytest inside pytest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SUITE = """
    import asyncio
    import pytest
    from timetrial import Workload

    def double(item):
        return 2 * item

    async def double_later(item):
        await asyncio.sleep(0)
        return 2 * item

    def double_wrongly(item):
        return 2 * item + (item == 3)

    DOUBLE = Workload(
        "double", task=double, async_task=double_later, variants={"other": Workload("other", task=double)}
    )
"""

QUICKLY = ("--benchmark-max-time=0.001", "--benchmark-min-rounds=2", "-p", "no:cacheprovider")


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Writes test_suite.py with these tests in it and runs pytest on it, quickly; ``apart`` in a process of its own."""

    def run(tests: str, *options: str, only: bool = True, apart: bool = False) -> pytest.RunResult:
        source = "\n".join(line.removeprefix("    ") for line in (SUITE + tests).splitlines())
        pytester.makepyfile(test_suite=source)
        ini = "[pytest]\nasyncio_default_fixture_loop_scope = function\nasyncio_mode = strict\n"
        pytester.path.joinpath("pytest.ini").write_text(ini)
        start = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        return start(*(("--benchmark-only",) if only else ()), *QUICKLY, *options)

    return run


@pytest.fixture
def stored(pytester: pytest.Pytester) -> Callable[[], dict[str, Any]]:
    """What the one results file of the run holds."""

    def read() -> dict[str, Any]:
        (path,) = Path(pytester.path, "results").glob("*.json")
        content: dict[str, Any] = json.loads(path.read_text())
        return content

    return read
