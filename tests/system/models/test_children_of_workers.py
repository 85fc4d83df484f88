"""A task may start processes of its own in a worker; they end with it, however it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.models import jobs
from tests.waiting import comes_true, still_run, wait_for
from timetrial import models
from timetrial.errors import WorkerDiedError
from timetrial.models.pool.start_methods import preload
from timetrial.workload import Workload

pytestmark = pytest.mark.skipif(not hasattr(os, "setpgid"), reason="this platform has no process groups")

METHODS = multiprocessing.get_all_start_methods()
SOON_S = 10.0


@pytest.fixture(scope="module", autouse=True)
def _preloaded() -> None:
    preload(["tests.unit.models.jobs", "pytest"])


@pytest.mark.parametrize("method", METHODS)
def test_a_task_may_have_a_pool_of_its_own(method: str) -> None:
    """As under serial: a daemonic worker might have no children."""
    workload = Workload("pools", task=jobs.by_a_pool_of_its_own)
    with models.get("processes", start_method=method).open(workload, 2) as executor:
        assert executor.run([1, 2, 3]) == [1, 4, 9]
        assert executor.run([4]) == [16]


@pytest.mark.parametrize("method", METHODS)
def test_what_a_task_left_running_ends_when_its_worker_closes(tmp_path: Path, method: str) -> None:
    """And nobody waits for it: a process that is not daemonic would keep its parent."""
    workload = Workload("leaves", task=jobs.leaves_children)
    began_s = time.monotonic()
    with models.get("processes", start_method=method).open(workload, 2) as executor:
        executor.run([tmp_path, tmp_path])
        assert len(_noted(tmp_path)) >= 2
    assert time.monotonic() - began_s < SOON_S
    assert not _left_after(_noted(tmp_path))


@pytest.mark.parametrize("method", METHODS)
def test_a_worker_that_is_killed_is_noticed_though_its_children_hold_its_pipes(tmp_path: Path, method: str) -> None:
    """They have copies of them, so that its pipes don't close; they end with it."""
    workload = Workload("dies", task=jobs.leaves_children_and_dies)
    opened = models.get("processes", start_method=method).open(workload, 1)
    with opened as executor, pytest.raises(WorkerDiedError, match="was killed by SIGKILL while working on item 0"):
        executor.run([tmp_path])
    assert _noted(tmp_path)
    assert not _left_after(_noted(tmp_path))


SCRIPT = """
import sys
from pathlib import Path
from timetrial import models
from timetrial.workload import Workload
from tests.unit.models import jobs

if __name__ == "__main__":
    workload = Workload("lingers", task=jobs.leaves_children_and_lingers)
    with models.get("processes", start_method={method!r}).open(workload, 1) as executor:
        executor.run([Path({folder!r})])
"""


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("end", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_the_children_end_with_the_whole_run(tmp_path: Path, method: str, end: str) -> None:
    """Killed from outside, interrupted or ended: nothing that a task has started is left."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(method=method, folder=str(tmp_path)))
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root}
    with subprocess.Popen([sys.executable, str(script)], env=environment, stderr=subprocess.PIPE) as program:
        wait_for(lambda: bool(_noted(tmp_path)), 60.0)
        program.send_signal(signal.Signals[end])
        program.communicate(timeout=30)
    assert not _left_after(_noted(tmp_path))


def _noted(folder: Path) -> list[int]:
    return [int(pid) for file in folder.glob("*.pids") for pid in file.read_text().split()]


def _left_after(pids: list[int]) -> list[int]:
    """Those that still run after a while; they are killed then, so that a failing test leaves nothing."""
    comes_true(lambda: not still_run(pids), SOON_S)
    left = still_run(pids)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return left
