"""The mock server against others: who takes part, on which cores, and the tables at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from benchmarks.mockserver import contestants as entrants
from benchmarks.mockserver.contestants import Field, MissingError
from benchmarks.mockserver.cores import allow_many_files, on_core, two_cores
from benchmarks.mockserver.figures import Table
from benchmarks.mockserver.load import wrk_program

_TABLES: pytest.StashKey[list[Table]] = pytest.StashKey()


@pytest.fixture(scope="session")
def cores() -> tuple[int, int]:
    """The server's core and the load's."""
    found = two_cores()
    if found is None:
        pytest.skip("server and load need a core each, and Linux to be pinned to them")
    allow_many_files()
    return found


@pytest.fixture(scope="session")
def needs_wrk() -> None:
    """Skips where wrk is missing."""
    if wrk_program() is None:
        pytest.skip("wrk is not installed; it comes from the system's packages, e.g. apt-get install wrk")


@pytest.fixture(scope="session")
def field(cores: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """All contestants that can be had here, running on the server's core, and why others are missing."""
    folder = tmp_path_factory.mktemp("nginx")
    starts: list[Callable[[], Any]] = [
        lambda: entrants.nginx(folder),
        lambda: entrants.mock_server("uvloop"),
        lambda: entrants.mock_server("asyncio"),
        entrants.granian,
        entrants.aiohttp_web,
        entrants.pytest_httpserver,
    ]
    with ExitStack() as stack, on_core(cores[0]):
        present, missing = [], []
        for start in starts:
            try:
                present.append(stack.enter_context(start()))
            except MissingError as problem:
                missing.append(str(problem))
        yield Field(present, missing)


@pytest.fixture
def table(benchmark: Any, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Runs what makes a table, once; the table is shown at the end and goes into pytest-benchmark's JSON."""

    def run(make: Callable[[], Table]) -> Table:
        made: Table = benchmark.pedantic(make, rounds=1)
        benchmark.group = "mock server (the times are how long each comparison took)"
        benchmark.extra_info["mockserver"] = vars(made)
        request.config.stash.setdefault(_TABLES, []).append(made)
        return made

    return run


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Shows the tables."""
    for made in config.stash.get(_TABLES, []):
        terminalreporter.write_line(f"\n{made.markdown()}")
