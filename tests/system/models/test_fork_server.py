"""The fork server that worker processes come from is also that of everybody else's processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.models import jobs
from timetrial.models.pool import forkserver, import_paths, start_methods

pytestmark = pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="this platform has no fork server"
)

SOON_S = 15.0


@pytest.fixture
def _started() -> None:
    start_methods.preload([])
    start_methods.start_fork_server()


def _exit_with_what_is_unusual() -> None:
    """Exits with how many signals are handled or held back, and whether a process that this one forks survives one."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    held_back = signal.pthread_sigmask(signal.SIG_BLOCK, []).intersection(numbers)
    handled = [number for number in numbers if callable(signal.getsignal(number))]
    child = os.fork()
    if not child:
        os.kill(os.getpid(), signal.SIGTERM)
        os._exit(0)
    survived = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGTERM
    sys.exit(len(handled) + len(held_back) + survived)


@pytest.mark.usefixtures("_started")
def test_its_processes_begin_with_the_usual_signals() -> None:
    """What the server does at SIGTERM and SIGHUP stays with the server."""
    process = multiprocessing.get_context("forkserver").Process(target=_exit_with_what_is_unusual)
    process.start()
    process.join(SOON_S)
    assert process.exitcode == 0


@pytest.mark.usefixtures("_started")
def test_its_processes_die_of_sigterm_at_once() -> None:
    """However early it comes, and even where Python gets no turn to handle it."""
    context = multiprocessing.get_context("forkserver")
    for _ in range(20):
        process = context.Process(target=jobs.never_lets_go, args=(0,))
        process.start()
        process.terminate()
        process.join(SOON_S)
        assert process.exitcode == -signal.SIGTERM


def test_only_the_server_tidies_up(tmp_path: Path) -> None:
    """A process whose parent is another one leaves the folder alone, unless the server's parent is gone."""
    folder = tmp_path / "pymp-of-a-parent"
    folder.mkdir()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent:
        told: dict[str, object] = {
            "sys_path": sys.path,
            "cwd": None,
            "parent": parent.pid,
            "folder": str(folder),
            "places": {},
        }
        command = [sys.executable, "-c", f"import {forkserver.__name__}"]
        environment = {**os.environ, forkserver.VARIABLE: json.dumps(told)}
        subprocess.run(command, env=environment, check=True)
        assert folder.exists()
        parent.communicate(b"\n")
    subprocess.run(command, env=environment, check=True)
    assert not folder.exists()


def test_it_is_told_no_more_than_an_environment_variable_holds() -> None:
    """Where thousands of test files are is left for the workers to be told, each of its own."""
    places: import_paths.Places = {
        f"tests.test_{number}": (f"/suite/tests/test_{number}.py", None) for number in range(9)
    }
    assert len(json.loads(forkserver.describe_parent(places))["places"]) == 9
    places |= {f"tests.more.test_{number}": (f"/suite/tests/more/{number}.py", None) for number in range(5000)}
    assert json.loads(forkserver.describe_parent(places))["places"] == {}
