"""A run that is killed, or stopped by Ctrl-C, leaves no process and only whole files.

TIMETRIAL_KILLS=20 kills twenty runs instead of three; the moments are random, and a failure prints its seed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
import pytest

from tests.waiting import still_run, wait_for

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")

KILLS: Final = int(os.environ.get("TIMETRIAL_KILLS", "3"))
GONE_WITHIN_S: Final = 2.0
SUITE: Final = """
import asyncio
import time
import urllib.request

import pytest

from timetrial import Workload


def fetch(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return len(response.read())


async def doze(item):
    await asyncio.sleep(0.01)
    return item


def spin(item):
    end = time.monotonic() + 0.05
    while time.monotonic() < end:
        pass
    return item


@pytest.mark.workload(Workload("doze", task=spin, async_task=doze, reference=list))
def test_doze(trial):
    trial(range(8), concurrency=4)


@pytest.mark.workload(Workload("fetch", task=fetch))
@pytest.mark.parametrize("turn", range(9))
def test_fetch(trial, mock_server, turn):
    urls = [mock_server.page(size_bytes=100, delay_ms=5, key=key) for key in range(20)]
    trial(urls, concurrency=4, server=mock_server)
"""


@contextmanager
def running(tmp_path: Path) -> Generator[subprocess.Popen[bytes]]:
    """The suite under pytest, in a process group of its own."""
    tmp_path.joinpath("test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "--benchmark-only", "--trial-scale=quick", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_a_first_result(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    """Returns once the run has written its file."""
    wait_for(lambda: bool(results(tmp_path)) or process.poll() is not None, within_s=30)
    assert process.poll() is None, "the run ended before its first trial did"


def results(tmp_path: Path) -> list[Path]:
    """Every file under results/, whatever its name."""
    return [path for path in tmp_path.glob("results/**/*") if path.is_file() and path.name != ".gitignore"]


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The run and all processes below it."""
    root = psutil.Process(process.pid)
    return [root, *root.children(recursive=True)]


def assert_gone(processes: list[psutil.Process]) -> None:
    """All have ended within two seconds."""
    wait_for(lambda: not still_run(each.pid for each in processes), GONE_WITHIN_S)


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_leaves_no_process_and_only_whole_files(tmp_path: Path, seed: int) -> None:
    """SIGKILL at a random moment: workers, fork server and mock server go with pytest."""
    moment_s = random.Random(seed).uniform(0.0, 3.0)
    with running(tmp_path) as process:
        wait_for_a_first_result(tmp_path, process)
        time.sleep(moment_s)  # the random moment
        processes = family(process)
        process.kill()
        process.wait()
        assert_gone(processes)
    files = results(tmp_path)
    assert files
    for path in files:
        assert json.loads(path.read_bytes())["benchmarks"]


def test_ctrl_c_leaves_no_process_no_temporary_file_and_what_was_measured(tmp_path: Path) -> None:
    """SIGINT to the whole group, as a terminal sends it."""
    with running(tmp_path) as process:
        wait_for_a_first_result(tmp_path, process)
        processes = family(process)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=20) == pytest.ExitCode.INTERRUPTED
        assert_gone(processes)
    (path,) = results(tmp_path)
    content = json.loads(path.read_bytes())
    assert content["benchmarks"]
    assert content["timetrial"]["complete"] is False
