"""Models of other packages, by an entry point: one file and one line, as the example package beside this shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent / "example_package"

SUITE = """
    import pytest
    from timetrial import Workload

    def double(item):
        return 2 * item

    DOUBLE = Workload("double", task=double)

    @pytest.mark.workload(DOUBLE)
    def test_one(trial):
        trial([1, 2, 3], concurrency=2)
"""


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As pip would have it: the package and its metadata are on the path of the programs that the test starts."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH")])))


@pytest.mark.usefixtures("_installed")
def test_a_model_of_another_package_is_listed_and_one_that_can_not_be_loaded_says_why() -> None:
    """And a name of ours stays ours."""
    shown = subprocess.check_output([sys.executable, "-m", "timetrial.cli", "models"], text=True)
    lines = dict(line.split(maxsplit=1) for line in shown.splitlines() if line)
    assert lines["backwards"] == "can run here, when asked for"
    assert "example_models_gone:create of example-models can't be loaded (ModuleNotFoundError" in lines["broken"]
    assert lines["threads"] == "can run here"


@pytest.mark.usefixtures("_installed")
def test_a_model_of_another_package_runs_when_it_is_asked_for(pytester: pytest.Pytester) -> None:
    """It takes no more than its name, and its results are proved as those of any other."""
    pytester.makepyfile(SUITE)
    options = ("-v", "-p", "no:cacheprovider", "--benchmark-disable")
    asked_for = pytester.runpytest_subprocess(*options, "-rs", "--trial-models=serial,backwards,broken")
    asked_for.assert_outcomes(passed=2, skipped=1)
    asked_for.stdout.fnmatch_lines(["*test_one?backwards? PASSED*", "*broken: example_models_gone:create*"])
