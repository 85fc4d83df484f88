"""However a command ends, nothing that it started runs on, and the next one removes what it could not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.gate.projects import new_project, python_without_pip
from tests.waiting import comes_true, still_run, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a process that left its group is found on Linux only")

PATIENCE_S = 120  # an environment is made on the way
# A benchmark, or an install command, that takes its time and has started what left its group.
_SLOW = """
import os, pathlib, subprocess, sys, time
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
pathlib.Path(os.environ["PIDS"]).write_text(f"{os.getpid()} {other.pid}")
"""
_BENCHMARK = f"{_SLOW}\ndef test_slow(benchmark):\n    benchmark.pedantic(time.sleep, args=(60,), rounds=1)\n"
_QUICK = "def test_quick(benchmark):\n    benchmark.pedantic(len, args=((),), rounds=1)\n"


class Command:
    """A ``timetrial`` in a folder, with a temporary folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.temporary = root.parent / "temporary"
        self.temporary.mkdir()
        self._pids = root.parent / "pids"

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Begins it."""
        variables = {**os.environ, "TMPDIR": str(self.temporary), "PIDS": str(self._pids)}
        command = [sys.executable, "-m", "timetrial.cli", *words]
        return subprocess.Popen(
            command, cwd=self.root, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def pids(self) -> list[int]:
        """What it started, once that has said so."""
        wait_for(lambda: self._pids.exists() and len(self._pids.read_text().split()) == 2, PATIENCE_S)
        return [int(each) for each in self._pids.read_text().split()]

    def left(self) -> list[str]:
        """Its folders."""
        return sorted(each.name for each in self.temporary.glob("timetrial-*"))


def test_a_measurement_that_is_killed_takes_its_launch_along(tmp_path: Path) -> None:
    """With what left the launch's group; the next measurement removes its folder."""
    command = Command(tmp_path / "here")
    command.root.mkdir()
    (command.root / "test_slow.py").write_text(_BENCHMARK)
    (command.root / "test_quick.py").write_text(_QUICK)
    with command.start("measure", "--launches", "1", "-o", "one.json", "test_slow.py") as running:
        pids = command.pids()
        running.send_signal(signal.SIGKILL)
    wait_for(lambda: not still_run(pids), PATIENCE_S)
    assert len(command.left()) == 1
    with command.start("measure", "--launches", "1", "-o", "two.json", "test_quick.py") as running:
        assert running.wait() == 0
    assert command.left() == []


def test_a_launch_that_leaves_something_running_does_not_hold_the_measurement_up(tmp_path: Path) -> None:
    """It has the launch's output open, and ends with it."""
    command = Command(tmp_path / "here")
    command.root.mkdir()
    (command.root / "test_quick.py").write_text(f"{_SLOW}\n{_QUICK}")
    with command.start("measure", "--launches", "1", "-o", "one.json", "test_quick.py") as running:
        assert running.wait(timeout=30) == 0
    assert not still_run(command.pids())
    assert len(json.loads((command.root / "one.json").read_text())["benchmarks"]) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_a_gate_that_ends_while_it_installs_takes_the_install_along(number: signal.Signals, tmp_path: Path) -> None:
    """By whatever signal; the next gate removes what a killed one could not."""
    project = new_project(tmp_path / "spin")
    (tmp_path / "install.py").write_text(f"{_SLOW}\ntime.sleep(60)\n")
    install = [*python_without_pip(), str(tmp_path / "install.py")]
    project.write("pyproject.toml", f"[tool.timetrial.gate]\ninstall = {json.dumps(install)}\n")
    project.commit("an install that takes its time")
    command = Command(project.top)
    with command.start("gate", "--base", "main") as running:
        pids = command.pids()
        running.send_signal(number)
    assert comes_true(lambda: not still_run(pids), within_s=10)
    assert bool(command.left()) is (number is signal.SIGKILL)
    project.write("pyproject.toml", '[tool.timetrial.gate]\ninstall = ["uv", "no-such-command"]\n')
    project.commit("an install that fails")
    with command.start("gate", "--base", "main") as running:
        assert running.wait() == 2
    assert command.left() == []
    assert project.worktrees() == []
