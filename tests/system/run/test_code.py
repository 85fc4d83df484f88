"""The printed code runs as printed, for every kind of way and function, and gives the results in the items' order."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from timetrial.advice.benchmark_source import written_test
from timetrial.advice.script import Function, ItemsCode
from timetrial.advice.snippet import snippet
from timetrial.results.ways import Way

_JOBS = """
import asyncio
from contextlib import asynccontextmanager, contextmanager

def double(n): return 2 * n
def add(a, b): return a + b
def seven(): return 7
def greet(n, session): return f"{session}{n}"
async def adouble(n):
    await asyncio.sleep(0)
    return 2 * n
async def aadd(a, b): return a + b
async def agreet(n, session): return f"{session}{n}"

class Client:
    def get(self, n): return n + 1
CLIENT = Client()

@contextmanager
def open_session(count): yield "s"
@asynccontextmanager
async def aopen_session(count): yield "s"
def make_pairs(): return [(n, 1) for n in range(5)]
"""
NUMBERS = ItemsCode((), "range(5)", 5)
PAIRS = ItemsCode(("from jobs import make_pairs",), "make_pairs()", 5)
DICTS = ItemsCode((), "[{'a': n, 'b': 1} for n in range(5)]", 5)
DOUBLED, ADDED = [0, 2, 4, 6, 8], [1, 2, 3, 4, 5]
SYNC = ["serial", "threads", "processes", "coroutines[to_thread]"]
ASYNC = ["coroutines", "processes+coroutines"]
_SESSION, _ASESSION = ("jobs", "open_session"), ("jobs", "aopen_session")

FUNCTIONS = {
    "plain": (Function("jobs", "double"), NUMBERS, DOUBLED, SYNC),
    "star": (Function("jobs", "add", "star"), PAIRS, ADDED, SYNC),
    "kwargs": (Function("jobs", "add", "kwargs"), DICTS, ADDED, SYNC),
    "none": (Function("jobs", "seven", "none"), NUMBERS, [7] * 5, SYNC),
    "method": (Function("jobs", "CLIENT.get"), NUMBERS, ADDED, SYNC),
    "resource": (Function("jobs", "greet", resource=_SESSION), NUMBERS, [f"s{n}" for n in range(5)], SYNC),
    "async": (Function("jobs", "adouble", is_async=True), NUMBERS, DOUBLED, ASYNC),
    "async star": (Function("jobs", "aadd", "star", is_async=True), PAIRS, ADDED, ASYNC),
    "async resource": (
        Function("jobs", "agreet", is_async=True, resource=_ASESSION),
        NUMBERS,
        [f"s{n}" for n in range(5)],
        ASYNC,
    ),
    "elsewhere": (Function("far", "double", folder="inner folder"), NUMBERS, DOUBLED, ["threads", "processes"]),
    "odd name": (Function("odd-name", "double"), NUMBERS, DOUBLED, ["serial", "threads", "processes"]),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the functions in it, where the code is run."""
    tmp_path.joinpath("jobs.py").write_text(_JOBS)
    tmp_path.joinpath("odd-name.py").write_text(_JOBS)
    tmp_path.joinpath("inner folder").mkdir()
    tmp_path.joinpath("inner folder", "far.py").write_text(_JOBS)
    return tmp_path


def _run(folder: Path, code: str) -> object:
    """What the code leaves in ``results``."""
    folder.joinpath("script.py").write_text(code + "    import json; print(json.dumps(list(results)))\n")
    ended = subprocess.run(
        [sys.executable, "-W", "error", "script.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


OTHERS = [("kwargs", "processes[fork]"), ("resource", "threads[pool]"), ("async star", "threads+coroutines")]


@pytest.mark.parametrize(
    ("kind", "model"), [*((kind, model) for kind, (*_, models) in FUNCTIONS.items() for model in models), *OTHERS]
)
def test_the_code_of_every_kind_runs_as_printed(folder: Path, kind: str, model: str) -> None:
    """Saved beside the function's module, it gives what one call after the other gives."""
    function, items, expected, _ = FUNCTIONS[kind]
    assert _run(folder, snippet(Way(model, 2), function, items, 1e-3)) == expected


@pytest.mark.parametrize("model", SYNC)
def test_the_code_of_a_plain_function_is_ten_lines_or_so(model: str) -> None:
    """Nobody copies a page."""
    code = snippet(Way(model, 8), FUNCTIONS["plain"][0], NUMBERS, 1e-3)
    assert len([line for line in code.splitlines() if line.strip()]) <= 11


def test_short_items_are_sent_to_processes_in_batches() -> None:
    """Handing each over by itself would cost more than the item; long ones are handed over as they are."""
    many = ItemsCode((), "range(100_000)", 100_000)
    assert "chunksize=1000)" in snippet(Way("processes", 4), Function("jobs", "double"), many, 1e-5)
    assert "chunksize" not in snippet(Way("processes", 4), Function("jobs", "double"), many, 0.1)
    assert "chunksize" not in snippet(Way("processes", 4), Function("jobs", "double"), NUMBERS, 1e-5)


_WRITTEN = [kind for kind in FUNCTIONS if kind not in ("elsewhere", "odd name")]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of the written tests of all kinds, without timing anything, as a test run does."""
    folder = tmp_path_factory.mktemp("written")
    folder.joinpath("jobs.py").write_text(_JOBS)
    for kind in _WRITTEN:
        function, items, _, _ = FUNCTIONS[kind]
        text = written_test([function], items, [1, 2], "exact", None)
        ast.parse(text)
        folder.joinpath(_file_of(kind)).write_text(text)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--benchmark-disable", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.stdout + ended.stderr


def _file_of(kind: str) -> str:
    return f"test_{kind.replace(' ', '_')}.py"


@pytest.mark.parametrize("kind", _WRITTEN)
def test_the_written_test_is_a_benchmark_that_passes(outcomes: str, kind: str) -> None:
    """Under every model."""
    assert f"PASSED {_file_of(kind)}::" in outcomes, outcomes
    assert f"FAILED {_file_of(kind)}" not in outcomes, outcomes
    assert f"ERROR {_file_of(kind)}" not in outcomes, outcomes
