"""pytest's way in: options, markers, fixtures and hooks, each of which only delegates.

Every pytest run of an environment with timetrial in it imports this module, so it imports next to nothing; the rest
is loaded once a collected test asks for a trial.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from timetrial.gate import AGENT, NOTES_VARIABLE, VARIABLE
from timetrial.pytest_plugin.declared_options import add_options, something_asked
from timetrial.pytest_plugin.server_fixtures import mock_server, mock_server_factory, mock_space

if TYPE_CHECKING:
    from timetrial.pytest_plugin.fixture import Trial
    from timetrial.pytest_plugin.options import TrialOptions

__all__ = ["mock_server", "mock_server_factory", "mock_space", "trial", "trial_model", "trial_scale"]

_MARKERS = (
    "workload(workload, models=None, unless=None): the timetrial Workload that this test's trial runs, under every "
    "model that suits it or only the models named; unless(model, scale, **parameters) may give a reason to skip one",
    "trial_sweep(name, default, quick=None, article=None, at=None): under --trial-sweep, run at each of these values "
    "of one parameter; at={name: value} are the others, else those of the first of the default trial_points",
    "trial_points(names, default, quick=None, article=None, gate=None): parametrize with the points of the chosen "
    "--trial-scale",
    "trial_reference(name): the benchmark of the same run that this one is compared with where runs are compared by "
    "ratios; a test's name, or its node id if it is in another module. Default for a trial: serial",
)
_OPTIONS = pytest.StashKey["TrialOptions"]()
_PROJECT = pytest.StashKey[Any]()
_WATCHING = pytest.StashKey[Any]()
_REMARKS = pytest.StashKey[list[str]]()
_SESSION = "timetrial-session"
_AN_ARGUMENT = (
    "write a function (no method of a unittest.TestCase) with @pytest.mark.workload(WORKLOAD) that has `trial` among "
    "its arguments (not by request.getfixturevalue or another fixture that isn't one of its arguments)"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declares the ``--trial-…`` options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declares the markers and reads the options."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    if something_asked(config) and _options(config).event_loop != "asyncio":
        from timetrial.pytest_plugin.async_loops import AsyncTestLoops

        config.pluginmanager.register(AsyncTestLoops(_options(config).event_loop))
    if VARIABLE in os.environ:
        from timetrial.pytest_plugin.set_aside_options import set_aside

        config.stash[_REMARKS] += set_aside(config)  # once more: a conftest.py may have set some in this hook
        config.pluginmanager.register(_agent(config), AGENT)


def _agent(config: pytest.Config) -> Any:
    """What speaks for this side of a gate: one that is timed, or one that is noted."""
    remarks = config.stash[_REMARKS]
    if _WATCHING in config.stash:
        from timetrial.gate.same_code.note_agent import join_to_note

        return join_to_note(remarks, config.stash[_PROJECT], config.stash[_WATCHING])
    from timetrial.gate.lockstep.agent import join_gate

    return join_gate(remarks, config.stash[_PROJECT])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> Generator[None, Any, Any]:
    """On a side of a gate: what has to be settled before other plugins begin their work."""
    if VARIABLE in os.environ:
        import timetrial.system.clocks  # noqa: F401 - before a conftest.py puts a clock of its own in Python's place
        from timetrial.pytest_plugin.installed_first import import_installed
        from timetrial.pytest_plugin.set_aside_options import with_seed, without_coverage

        project = early_config.stash[_PROJECT] = import_installed(early_config, Path.cwd())
        if os.environ.pop(NOTES_VARIABLE, None):
            from timetrial.gate.same_code.side_notes import watch_side

            early_config.stash[_WATCHING] = watch_side(Path.cwd(), project)
        without_coverage(early_config)
        with_seed(early_config, args, os.environ["PYTHONHASHSEED"])
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """On a side of a gate: sets aside what the suite sets for its everyday runs, before its plugins take it up."""
    if VARIABLE in os.environ:
        from timetrial.pytest_plugin.set_aside_options import set_aside

        config.stash[_REMARKS] = set_aside(config)
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrises trials over their models first, so that test ids read ``test_resize[threads-8]``."""
    if _concerns(metafunc.definition):
        from timetrial.pytest_plugin.collection import parametrize

        parametrize(metafunc, _options(metafunc.config))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """After -k and -m: sets the models of one group side by side, and starts a session if there is anything to keep."""
    trials = any(_concerns(item) for item in items)
    if getattr(config.option, "benchmark_only", False):
        _name_what_is_passed_over(items)
    if any("benchmark" in getattr(item, "fixturenames", ()) for item in items):
        _watch_benchmarks(config)
    if not trials and not something_asked(config):
        return
    options = _options(config)
    if trials:
        from timetrial.pytest_plugin.collection import arrange

        dropped = arrange(items, options)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
    if trials or (options.results_directory and items):
        from timetrial.pytest_plugin.session import TrialSession

        config.pluginmanager.register(TrialSession(config, options), _SESSION)


def _name_what_is_passed_over(items: list[pytest.Item]) -> None:
    """With --benchmark-only, says why a test with a workload is skipped: it looks like none with a benchmark."""
    for item in items:
        if item.get_closest_marker("workload") and {"trial", "benchmark"}.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.skip(reason=f"no trial: {_AN_ARGUMENT}"), append=False)


def _watch_benchmarks(config: pytest.Config) -> None:
    """Looks after tests that have a fixture `benchmark`, with a trial or without."""
    from timetrial.launches import LAUNCHED
    from timetrial.pytest_plugin.computed import ComputedCheck
    from timetrial.pytest_plugin.foreign_fixture import ForeignFixture

    in_gate = config.pluginmanager.hasplugin(AGENT)
    config.pluginmanager.register(ForeignFixture(measuring=in_gate or config.pluginmanager.hasplugin(LAUNCHED)))
    if not in_gate:
        config.pluginmanager.register(ComputedCheck())


@pytest.fixture
def trial_model(request: pytest.FixtureRequest) -> str:
    """The concurrency model of this trial, e.g. ``threads``; parametrised by the ``workload`` marker."""
    if not hasattr(request, "param"):
        pytest.fail(
            f"{request.node.nodeid}: a trial runs once for each model, so its test has to be parametrised: "
            f"{_AN_ARGUMENT}",
            pytrace=False,
        )
    model: str = request.param
    return model


@pytest.fixture
def trial_scale(request: pytest.FixtureRequest) -> str:
    """The sizes that were asked for with ``--trial-scale``: ``quick``, ``default``, ``article`` or ``gate``."""
    return _options(request.config).scale


@pytest.fixture
def trial(request: pytest.FixtureRequest, benchmark: Any, trial_model: str) -> Iterator[Trial]:  # noqa: ARG001
    """Runs the test's workload under one concurrency model: ``trial(items, concurrency=8)``."""
    session: Any = request.config.pluginmanager.getplugin(_SESSION)
    trial = session.trial(request, benchmark)
    yield trial
    trial.close()


def _options(config: pytest.Config) -> TrialOptions:
    """What the user asked for, read when it is first needed."""
    if _OPTIONS not in config.stash:
        from timetrial.pytest_plugin.options import read_options

        config.stash[_OPTIONS] = read_options(config)
    return config.stash[_OPTIONS]


def _concerns(node: Any) -> bool:
    return "trial" in getattr(node, "fixturenames", ()) or any(
        node.get_closest_marker(name) is not None for name in ("trial_points", "trial_sweep")
    )
