"""Many workers at once: what works at 2 works at a great many, accounting included, or says which limit stops it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from timetrial import Workload, models
from timetrial.trial.accounting_round import account
from timetrial.trial.plan import RoundsPolicy, TrialPlan
from timetrial.trial.reference import expected_of
from timetrial.trial.run import run_trial

CROWDS = {"processes": 64, "threads": 2_000, "coroutines": 10_000, "processes+coroutines": 10_000}


def nap(item: int) -> int:
    """A short wait."""
    time.sleep(0.02)
    return item


async def async_nap(item: int) -> int:
    """The same."""
    await asyncio.sleep(0.02)
    return item


@pytest.mark.parametrize("model", CROWDS)
def test_a_crowd_of_workers_is_timed_and_accounted_for(model: str) -> None:
    """Every item comes back, the sampler keeps its promise, and nothing is left behind."""
    count = CROWDS[model]
    workload = Workload("nap", task=nap, async_task=async_nap)
    items = list(range(count))
    policy = RoundsPolicy(min_rounds=2, max_time_s=0.0)
    plan = TrialPlan(workload, model, items, count, expected_of(workload, items, items), policy=policy)
    assert len(run_trial(plan).durations_s) == 2
    others = threading.active_count() - 1  # other tests may have left some
    found = account(plan)
    assert found["sampler"]["core_share"] < 0.02
    assert found["leftovers"] == []
    assert found["latency"]["count"] == count * found["rounds"]
    if model == "threads":
        assert count < found["roles"]["client"]["threads_max"] - others < count + 20
        assert found["roles"]["client"]["switches_voluntary"] >= count * found["rounds"]
    if model == "processes":
        assert found["roles"]["worker"]["processes_max"] == count


def what_is_loaded(_item: int) -> bool:
    """Whether this process has what only another model's workers import."""
    return "timetrial.models.hybrid" in sys.modules


@pytest.mark.skipif("forkserver" not in multiprocessing.get_all_start_methods(), reason="there is no fork server")
def test_workers_begin_with_our_own_modules_loaded() -> None:
    """By the fork server, once: each would take 40 ms to import them again, and 64 of them seconds."""
    with models.get("processes", start_method="forkserver").open(Workload("what", task=what_is_loaded), 1) as executor:
        assert executor.run([0]) == [True]


LIMITED = """
import multiprocessing, os, resource, sys, threading
from timetrial import Workload, models
from timetrial.errors import LimitError

def same(item):
    return item

if __name__ == "__main__":
    model, limit, value = models.get(sys.argv[1]), getattr(resource, sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(limit, (value, resource.getrlimit(limit)[1]))
    if limit == resource.RLIMIT_NPROC and os.geteuid() == 0:
        os.setuid(65_534)  # nothing limits root
    try:
        with model.open(Workload("same", task=same), 400):
            print("opened")
    except LimitError as error:
        print(error)
    print(threading.active_count(), len(multiprocessing.active_children()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere these limits are others, or not kept")
@pytest.mark.parametrize(
    ("model", "limit", "value", "told"),
    [
        ("threads", "RLIMIT_AS", 1_500_000_000, "RLIMIT_AS (ulimit -v) in bytes 1,500,000,000"),
        ("threads", "RLIMIT_NPROC", 20, "RLIMIT_NPROC (ulimit -u) 20,"),
        ("processes", "RLIMIT_NOFILE", 40, "RLIMIT_NOFILE (ulimit -n), now 40 open files"),
    ],
)
def test_the_limit_that_stops_a_model_is_named(
    model: str, limit: str, value: int, told: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With its value and how many workers there were; those that had started are ended."""
    script = tmp_path_factory.mktemp("limited") / "limited.py"
    script.write_text(LIMITED)
    message, alive = output_lines([sys.executable, str(script), model, limit, str(value)])
    assert message.startswith("only ")
    assert "of 400" in message
    assert told in message
    assert alive == "1 0"


@pytest.fixture
def crowded_group() -> Iterator[Path]:
    """A control group that has room for 30 tasks."""
    own = f"timetrial-{os.getpid()}"
    folder = next(filter(has_room_for_30, (Path("/sys/fs/cgroup/pids", own), Path("/sys/fs/cgroup", own))), None)
    if folder is None:
        pytest.skip("this user can't limit a control group's tasks")
    yield folder
    folder.rmdir()


def has_room_for_30(folder: Path) -> bool:
    """Made so; False where that is not to be had."""
    try:
        folder.mkdir()
    except OSError:
        return False
    try:
        (folder / "pids.max").write_text("30")
    except OSError:
        folder.rmdir()
        return False
    return True


def test_the_limit_of_a_control_group_is_named(crowded_group: Path, tmp_path: Path) -> None:
    """As a container sets it; the interpreter's own thread takes one of the 30 places."""
    script = tmp_path / "limited.py"
    script.write_text(LIMITED)
    joined = f'echo $$ > "{crowded_group / "cgroup.procs"}" && exec "$@"'
    threads = [sys.executable, str(script), "threads", "RLIMIT_NOFILE", "256"]
    message, alive = output_lines(["sh", "-c", joined, "sh", *threads])
    assert message.startswith("only 29 of 400 threads could be started")
    assert "pids.max of the cgroup 30," in message
    assert alive == "1 0"


def output_lines(command: list[str]) -> list[str]:
    """What it printed; it must have ended well, and without a traceback beside it."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "IndexError" not in done.stderr
    return done.stdout.strip().splitlines()
