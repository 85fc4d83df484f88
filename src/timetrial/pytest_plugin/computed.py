"""Plain benchmarks whose function computes nothing, told at the end of a run: their figures are those of a call."""

from __future__ import annotations

from typing import Any

import pytest

from timetrial.models.uncomputed import uncomputed


class ComputedCheck:
    """Registered with pytest where there are benchmarks; looks at what each function returns, outside of the timing."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Before the test calls its fixture."""
        benchmark = getattr(item, "funcargs", {}).get("benchmark")
        if type(benchmark).__module__.startswith("pytest_benchmark.") and "trial" not in item.funcargs:  # type: ignore[attr-defined]
            _look_at_results(benchmark, lambda reason: self._found.setdefault(item.nodeid, reason))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A line for each of the first few, and how many more there are."""
        if not self._found:
            return
        terminalreporter.section("timetrial: benchmarks that computed nothing")
        from timetrial.report.text import few

        for line in few([f"{name}: its function returned {reason}" for name, reason in self._found.items()]):
            terminalreporter.write_line(line, red=True)


def _look_at_results(benchmark: Any, found: Any) -> None:
    """Has the fixture hand on what its function returned, once its rounds are over.

    Its class is replaced by one made from it: pytest-benchmark skips a test whose fixture is of another kind.
    """
    kind = type(benchmark)

    def looked_at(result: object) -> object:
        if (reason := uncomputed(result)) is not None:
            found(reason)
        return result

    class Watched(kind):  # type: ignore[misc,valid-type]  # whichever version's fixture this is
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return looked_at(super().__call__(*args, **kwargs))

        def pedantic(self, *args: Any, **kwargs: Any) -> Any:
            return looked_at(super().pedantic(*args, **kwargs))

    benchmark.__class__ = Watched
