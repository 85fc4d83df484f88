"""One launch of ``timetrial measure``, which loads this with ``-p``: an order of its own, and its progress."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Generator, Hashable, Sequence
from pathlib import Path
from typing import Any

import pytest

from timetrial.environment.installed_modules import not_as_installed
from timetrial.launches import LAUNCHED
from timetrial.launches.run import SEED_VARIABLE, progress_line, remark_line
from timetrial.pytest_plugin.checked_benchmark import CheckedBenchmark
from timetrial.pytest_plugin.collection import race_of
from timetrial.pytest_plugin.installed_first import PROJECT, import_installed
from timetrial.pytest_plugin.set_aside_options import set_aside, without_coverage


class Launched:
    """Registered for the length of the run."""

    def __init__(self, seed: str) -> None:
        self._chance = random.Random(seed)
        self._finished: set[str] = set()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """Around all others: a new order for each launch, in which a group's models still stand side by side."""
        yield
        items[:] = shuffled(items, (_module, _function, race_of), self._chance)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """After each test. Where nobody listens any more, the write fails, and so the run ends."""
        self._finished.add(nodeid)
        print(progress_line(len(self._finished)), flush=True)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """A benchmark of something else than what is installed fails, and its figures are left out."""
        result = yield
        project = item.config.stash[PROJECT]
        astray = project.astray(project.found(dict(sys.modules)))
        if astray and "benchmark" in getattr(item, "fixturenames", ()):
            pytest.fail(not_as_installed(astray), pytrace=False)
        return result

    @pytest.fixture
    def benchmark(self, request: pytest.FixtureRequest, benchmark: Any) -> Any:
        """pytest-benchmark's own for a trial, which looks at its results itself; for others, one that does."""
        return benchmark if "trial" in request.fixturenames else CheckedBenchmark(benchmark)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """How many tests there will be."""
        print(progress_line(0, len(session.items)), flush=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """What has to be settled before other plugins begin their work."""
    without_coverage(early_config)
    import_installed(early_config, Path.cwd())
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """Sets aside what the suite sets for its everyday runs, before its plugins take it up."""
    _set_aside(config)
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Takes part in this run."""
    _set_aside(config)  # once more: a conftest.py may have set some in this hook
    config.pluginmanager.register(Launched(os.environ.get(SEED_VARIABLE, "")), LAUNCHED)


def _set_aside(config: pytest.Config) -> None:
    for remark in set_aside(config):
        print(remark_line(remark), flush=True)


def shuffled(
    items: Sequence[pytest.Item], keys: Sequence[Callable[[pytest.Item], Hashable]], chance: random.Random
) -> list[pytest.Item]:
    """The items in a random order that keeps together what shares the first key, within it the second, and so on."""
    if not keys:
        return chance.sample(items, len(items))
    blocks: dict[Hashable, list[pytest.Item]] = {}
    for item in items:
        blocks.setdefault(keys[0](item), []).append(item)
    order = chance.sample(list(blocks.values()), len(blocks))
    return [item for block in order for item in shuffled(block, keys[1:], chance)]


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _function(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]
