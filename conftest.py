"""Which of the two suites a run means: benchmarks/ with --benchmark-only, tests/ otherwise, or what is named."""

from __future__ import annotations

from pathlib import Path

import pytest

_ROOT = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With no path on the command line, leaves out the suite that is not meant."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return None
    unwanted = "tests" if config.getoption("benchmark_only") else "benchmarks"
    return True if collection_path == _ROOT / unwanted else None
