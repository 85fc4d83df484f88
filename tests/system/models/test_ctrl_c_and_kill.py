"""The parent is killed or interrupted while items run: no worker is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.waiting import comes_true, still_run
from timetrial import models

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="this platform has no process groups to signal")

GONE_S = 2.0

SCRIPT = """
import sys
from timetrial import models
from timetrial.workload import Workload
from tests.unit.models import jobs

LONG = Workload("long", task=jobs.{task}, async_task=jobs.async_linger)

if __name__ == "__main__":
    with models.get({name!r}, start_method={start_method!r}).open(LONG, 3) as executor:
        print(*executor.worker_pids(), flush=True)
        executor.run(range(3000))
"""


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for a fork server's socket: a test's own may be too long for one."""
    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
        yield Path(folder)


def _start(
    folder: Path, name: str, start_method: str | None, task: str = "linger"
) -> tuple[subprocess.Popen[str], list[int]]:
    script = folder / "script.py"
    script.write_text(SCRIPT.format(name=name, start_method=start_method, task=task))
    root = str(Path(__file__).parents[3])
    child = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root, "TMPDIR": str(_temporary(folder))},
        start_new_session=True,
    )
    assert child.stdout is not None
    pids = [int(word) for word in child.stdout.readline().split()]
    time.sleep(0.3)  # so that items run; nothing tells the outside when they do
    return child, pids


def _temporary(folder: Path) -> Path:
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    return temporary


def _left_after(pids: list[int], seconds: float) -> list[int]:
    comes_true(lambda: not still_run(pids), seconds)
    return still_run(pids)


def _files_after(folder: Path, seconds: float) -> list[Path]:
    comes_true(lambda: not list(folder.iterdir()), seconds)
    return list(folder.iterdir())


@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize(
    ("name", "task"), [("processes", "linger"), ("processes", "never_lets_go"), ("processes+coroutines", "linger")]
)
def test_killing_the_parent_ends_its_workers(short_path: Path, name: str, task: str, start_method: str) -> None:
    """A parent killed with SIGKILL leaves no worker after two seconds, even one that never lets go of the GIL."""
    child, pids = _start(short_path, name, start_method, task)
    assert pids
    child.kill()
    child.wait()
    left = _left_after(pids, GONE_S)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    child.communicate()
    assert not left
    if start_method == "forkserver":
        assert not _files_after(_temporary(short_path), GONE_S)


@pytest.mark.parametrize("name", ["processes[pool]", "processes[loky]", "greenlets", "dask"])
def test_killing_the_parent_ends_the_workers_of_other_pools(short_path: Path, name: str) -> None:
    """Nobody else's pool would see to it."""
    if reason := models.get(name).unavailable():
        pytest.skip(reason)
    child, pids = _start(short_path, name, None)
    assert pids
    child.kill()
    child.wait()
    left = _left_after(pids, GONE_S)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    child.communicate()
    assert not left


@pytest.mark.parametrize(
    "name",
    [
        *("threads", "processes", "coroutines", "processes+coroutines"),
        *("processes[pool]", "processes[loky]", "threads+coroutines", "coroutines[trio]", "greenlets", "dask"),
    ],
)
def test_ctrl_c_ends_everything(short_path: Path, name: str) -> None:
    """A terminal's Ctrl-C reaches the parent and all workers: one KeyboardInterrupt, and no process left."""
    if reason := models.get(name).unavailable():
        pytest.skip(reason)
    child, pids = _start(short_path, name, None)
    os.killpg(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=20)
    assert errors.count("Traceback") <= 2, errors
    assert "KeyboardInterrupt" in errors
    assert child.returncode != 0
    assert not _left_after([pid for pid in pids if pid != child.pid], GONE_S)
    assert not _files_after(_temporary(short_path), GONE_S)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("task", ["linger", "never_lets_go"])
def test_ending_the_process_group_ends_everything(short_path: Path, task: str, name: str) -> None:
    """SIGTERM as `timeout` sends it, or a closed terminal's SIGHUP: no process is left, and no fork server's folder."""
    number = signal.Signals[name]
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip(f"these tests run with {name} ignored, as nohup has it")
    child, pids = _start(short_path, "processes", "forkserver", task)
    assert pids
    servers = [each.pid for each in psutil.Process(child.pid).children()]
    os.killpg(child.pid, number)
    child.communicate(timeout=20)
    assert child.returncode == -number
    assert not _left_after([*pids, *servers], GONE_S)
    assert not _files_after(_temporary(short_path), GONE_S)
