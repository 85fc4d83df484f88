"""What the suite's tests share: the machine's speed, and a place for figures that the time of a round doesn't tell."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import first_look
from fixtures import parsing
from fixtures.noted import Noted, figure_lines

_NOTED: pytest.StashKey[list[Noted]] = pytest.StashKey()
_FIRST_LOOK: pytest.StashKey[str] = pytest.StashKey()
_HERE = Path(__file__).parent
# Whoever asks for processes[fork] asks for copies of a process that has threads; Python 3.12 and newer warn of it.
_FORKS_KNOWINGLY = pytest.mark.filterwarnings("ignore:.*is multi-threaded, use of fork:DeprecationWarning")
_ITERATIONS_PER_MS_IN_A_GATE = 20_000.0  # either side would measure another speed, and do other work


@pytest.fixture(scope="session")
def iterations_per_ms(request: pytest.FixtureRequest) -> float:
    """The machine's speed, measured once so that every model gets the same work; in a gate a figure that is fixed."""
    in_a_gate = request.config.getoption("trial_scale") == "gate"
    return _ITERATIONS_PER_MS_IN_A_GATE if in_a_gate else parsing.iterations_per_ms()


@pytest.fixture
def note(request: pytest.FixtureRequest, benchmark: Any, trial_model: str) -> Callable[..., None]:
    """Notes figures of this trial, their unit in the name: ``note(requests_per_s=812.0, p99_ms=3.1)``.

    They go into the JSON, as ``figures`` beside timetrial's own in ``extra_info``, and into a table at the end.
    """

    def noted(**figures: float) -> None:
        benchmark.extra_info["figures"] = figures
        request.config.stash.setdefault(_NOTED, []).append(Noted(str(benchmark.group), trial_model, figures))

    return noted


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Before -m chooses: marks what a first look is to show."""
    first_look.mark(items)
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(_FORKS_KNOWINGLY)
    total = sum(map(first_look.is_in_the_suite, items))
    yield
    if config.option.markexpr == first_look.MARK:
        config.stash[_FIRST_LOOK] = first_look.line(total, len(items))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> Generator[None]:
    """The last line of a first look says how to see the rest."""
    yield
    if line := config.stash.get(_FIRST_LOOK, None):
        print(line)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Shows what was noted."""
    noted: list[Noted] = config.stash.get(_NOTED, [])
    lines = figure_lines(noted)
    if lines:
        terminalreporter.section("what the time of a round doesn't tell: figures of the last round")
    for line in lines:
        terminalreporter.write_line(line)
