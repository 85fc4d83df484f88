"""A fixture named `benchmark` that is not pytest-benchmark's: it ends no run, and where figures are due it is named."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

_NAME = "benchmark"


class ForeignFixture:
    """Registered with pytest where there are benchmarks; with ``measuring``, a test with such a fixture fails.

    pytest-benchmark ends the whole run at the sight of one, whoever it belongs to.
    """

    def __init__(self, *, measuring: bool) -> None:
        self._measuring = measuring

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Before pytest-benchmark skips it as none of its own."""
        foreign = _foreign(item)
        if foreign is not None and self._measuring:
            pytest.fail(
                f"`benchmark` is {whose(foreign)} here and not pytest-benchmark's, so nothing of it can be timed: "
                f"give a fixture of your own another name, or leave out the plugin that it belongs to",
                pytrace=False,
            )
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Keeps it out of pytest-benchmark's sight, and puts it back for the test."""
        foreign = _foreign(item)
        if foreign is None:
            return (yield)
        funcargs = item.funcargs  # type: ignore[attr-defined]
        del funcargs[_NAME]
        try:
            return (yield)
        finally:
            funcargs[_NAME] = foreign


def is_pytest_benchmarks(benchmark: object) -> bool:
    """Whether a fixture of that name is pytest-benchmark's; other plugins have one of their own."""
    return any(each.__module__.startswith("pytest_benchmark.") for each in type(benchmark).__mro__)


def whose(benchmark: object) -> str:
    """What such a fixture is, as errors call it."""
    kind = type(benchmark)
    return f"a {kind.__name__}" if kind.__module__ == "builtins" else f"that of {kind.__module__}"


def _foreign(item: pytest.Item) -> object | None:
    """The test's fixture of that name, if it is another one."""
    value = getattr(item, "funcargs", {}).get(_NAME)
    return None if value is None or is_pytest_benchmarks(value) else value
