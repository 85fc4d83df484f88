"""Which suite a run means when it names none: benchmarks/ with --benchmark-only, tests/ otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

_ROOT = Path(__file__).parent
# Benchmarks of timetrial itself, and those that only claims need; name their folder to run them.
_OUR_OWN_INSTRUMENTS = ("advice", "claims", "gate_power", "harness", "mockserver")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out what the command line doesn't mean."""
    return True if any(collection_path.is_relative_to(each) for each in _unwanted(config)) else None


def _unwanted(config: pytest.Config) -> list[Path]:
    """Folders of instruments that no path leads to, and without any path the other suite."""
    named = _named(config)
    if not config.getoption("benchmark_only", default=False):
        return [] if named else [_ROOT / "benchmarks"]
    folders = [_ROOT / "benchmarks" / name for name in _OUR_OWN_INSTRUMENTS]
    instruments = [folder for folder in folders if not any(each.is_relative_to(folder) for each in named)]
    return instruments if named else [_ROOT / "tests", *instruments]


def _named(config: pytest.Config) -> list[Path]:
    """The files and folders of the command line, if it has any."""
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        return []
    return [Path(config.invocation_params.dir, each.partition("::")[0]).resolve() for each in config.args]
