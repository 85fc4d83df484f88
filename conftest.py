"""Which suite a run means when it names none: benchmarks/ with --benchmark-only, tests/ otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

_ROOT = Path(__file__).parent
# Benchmarks of timetrial itself, and those that only claims need; name their folder to run them.
_OUR_OWN_INSTRUMENTS = ("advice", "claims", "gate_power", "harness", "mockserver")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With no path on the command line, leaves out what is not meant."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return None
    if config.getoption("benchmark_only", default=False):
        unwanted = [_ROOT / "tests", *(_ROOT / "benchmarks" / name for name in _OUR_OWN_INSTRUMENTS)]
    else:
        unwanted = [_ROOT / "benchmarks"]
    return True if any(collection_path.is_relative_to(each) for each in unwanted) else None
