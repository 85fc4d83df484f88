"""A pytest run that doesn't use timetrial pays next to nothing for its being installed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest

Loaded = Callable[..., set[str]]


@pytest.fixture
def loaded(pytester: pytest.Pytester) -> Loaded:
    """The modules that a run with one plain test has loaded at its end."""
    pytester.makepyfile("""
        import json
        import pathlib
        import sys

        def test_nothing():
            pathlib.Path("loaded.json").write_text(json.dumps(sorted(sys.modules)))
    """)

    def run(*options: str) -> set[str]:
        pytester.runpytest_subprocess("-p", "no:cacheprovider", *options).assert_outcomes(passed=1)
        return set(json.loads((pytester.path / "loaded.json").read_text()))

    return run


def test_a_run_that_ignores_timetrial_loads_what_declares_its_options_and_nothing_else(loaded: Loaded) -> None:
    """No model, no server, no library: what a run without the plugin has, and these small modules."""
    more = loaded() - loaded("-p", "no:timetrial")
    assert {name for name in more if name.startswith("timetrial")} == {
        "timetrial",
        "timetrial.gate",
        "timetrial.plugin",
        "timetrial.pytest_plugin",
        "timetrial.pytest_plugin.declared_options",
        "timetrial.pytest_plugin.server_fixtures",
    }
    assert {name.partition(".")[0] for name in more} <= {"timetrial", *sys.stdlib_module_names}
    assert not more & {"asyncio", "multiprocessing", "subprocess", "socket"}
