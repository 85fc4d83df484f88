"""pytest's import modes: a task that stands in a test file reaches the worker processes in each of them."""

from __future__ import annotations

import multiprocessing

import pytest

MODELS = '["serial", "processes", "processes+coroutines"]'

TASKS = """
from functools import partial

def times(factor, item):
    return factor * item

double = partial(times, 2)

async def double_later(item):
    return 2 * item
"""

TEST = f"""
import pytest
from timetrial import Workload

@pytest.mark.workload(Workload("double", task=double, async_task=double_later), models={MODELS})
def test_doubling(trial):
    trial(range(100))
"""

INI = """
[pytest]
addopts = --import-mode=importlib -p no:cacheprovider
pythonpath = elsewhere
asyncio_default_fixture_loop_scope = function
"""


@pytest.mark.parametrize("start_method", multiprocessing.get_all_start_methods())
def test_a_test_file_that_is_nowhere_on_the_path_reaches_the_workers(
    pytester: pytest.Pytester, start_method: str
) -> None:
    """--import-mode=importlib: a file at the top, in a folder of which there is another one, and in a package."""
    suite = pytester.path / "suite"  # the folder above is on the path of what pytester runs
    for name, source in {
        "pytest.ini": INI,
        "test_top.py": TASKS + TEST,
        "tests/sub.folder/test_below.py": TASKS + TEST,
        "elsewhere/tests/__init__.py": "",
        "things/package/__init__.py": "",
        "things/package/tasks.py": TASKS,
        "things/package/test_within.py": "from .tasks import double, double_later\n" + TEST,
    }.items():
        path = suite / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    quickly = ("--benchmark-max-time=0.001", "--benchmark-min-rounds=2", f"--trial-start-method={start_method}")
    result = pytester.runpytest_subprocess("--benchmark-only", *quickly, "suite")
    result.assert_outcomes(passed=9)
