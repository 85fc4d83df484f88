"""Workers find the world as it is for their parent when the trial opens, however and whenever they were started."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from timetrial.models.pool import parent_state

ROOT = Path(__file__).parents[3]
METHODS = multiprocessing.get_all_start_methods()

pytestmark = pytest.mark.skipif(os.name == "nt", reason="this platform has little of it")


@pytest.fixture(scope="module")
def worlds() -> dict[tuple[str, str], dict[str, Any]]:
    """What the script of this folder found, by model and start method; each is asked once."""
    return {}


def _found(worlds: dict[tuple[str, str], dict[str, Any]], name: str, method: str, folder: Path) -> dict[str, Any]:
    if (name, method) not in worlds:
        command = [sys.executable, "-m", "tests.system.models.parent_state_script", name, method, str(folder)]
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert answer.returncode == 0, answer.stderr
        worlds[name, method] = json.loads(answer.stdout)
    return worlds[name, method]


@pytest.mark.parametrize("part", [each.name for each in parent_state.PARTS])
@pytest.mark.parametrize("method", METHODS)
def test_a_worker_has_what_its_parent_has(
    worlds: dict[tuple[str, str], dict[str, Any]], tmp_path: Path, method: str, part: str
) -> None:
    """Whatever a test has changed since the fork server was started, part by part."""
    found = _found(worlds, "processes", method, tmp_path)
    assert found["same"][part]
    if part == "usable processors" and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("there is one processor, so there is nothing to change")
    assert found["changed"][part], "the script must change it, or this tests nothing"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["processes", "processes+coroutines"])
def test_all_of_it_is_carried_under_each_model_with_processes(
    worlds: dict[tuple[str, str], dict[str, Any]], tmp_path: Path, name: str, method: str
) -> None:
    """And nothing is reported as different."""
    found = _found(worlds, name, method, tmp_path)
    assert found["unlike"] is None
    assert all(found["same"].values())


@pytest.mark.parametrize("method", METHODS)
def test_modules_are_imported_in_the_world_in_which_the_parent_imported_them(
    worlds: dict[tuple[str, str], dict[str, Any]], tmp_path: Path, method: str
) -> None:
    """A setting that a module reads once is what it was then, not what an earlier or this trial has made of it."""
    assert _found(worlds, "processes", method, tmp_path)["at import"] == "of the imports"
