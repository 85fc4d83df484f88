"""A process that leaves the group of the program that started it is found, named and ended all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from timetrial.system.process_group import kill_group
from timetrial.system.strays import adopting
from timetrial.system.warden import start

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to whom asks for them")

# Each level in a session of its own, so that no group holds them; the last one tells its number.
_RUNAWAY = """
import os, subprocess, sys
depth = int(sys.argv[1])
if depth:
    subprocess.Popen([sys.executable, "-c", sys.argv[2], str(depth - 1), sys.argv[2]], start_new_session=True)
else:
    print(os.getpid(), flush=True)
    import time
    time.sleep(60)
"""


def runaway(depth: int, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """The program, and the process that got away from it."""
    command = [sys.executable, "-c", _RUNAWAY, str(depth), _RUNAWAY]
    program = start(command, stdout=subprocess.PIPE, cwd=folder)
    assert program.stdout is not None
    with program.stdout:
        return program, int(program.stdout.readline())


@pytest.mark.parametrize("depth", [1, 3])
def test_what_left_its_group_is_ended_and_named(depth: int, tmp_path: Path) -> None:
    """However often it changed its session on the way, and whoever started it has ended by then."""
    with adopting() as strays:
        program, pid = runaway(depth, tmp_path)
        kill_group(program)
        program.wait()
        (found,) = [each for each in strays.end() if each.pid == pid]
    assert not psutil.pid_exists(pid)
    assert "time.sleep(60)" in found.command or found.command.startswith(sys.executable)
    assert found.folder == str(tmp_path)


def test_what_ends_by_itself_soon_after_its_program_is_not_named() -> None:
    """As a fork server does, which has a session of its own and reads from a pipe that nobody holds any more."""
    leaves = "import subprocess, sys; subprocess.Popen(['cat'], stdin=0, start_new_session=True)"
    with adopting() as strays:
        program = start([sys.executable, "-c", leaves], stdin=subprocess.PIPE)
        assert program.stdin is not None
        program.wait()
        with ThreadPoolExecutor(1) as other:
            ended = other.submit(strays.end)
            program.stdin.close()
            assert ended.result() == []


def test_own_children_are_no_strays() -> None:
    """What this process had started before goes on."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as own, adopting() as strays:
        assert strays.end() == []
        assert own.poll() is None
        own.communicate(b"\n")


def test_afterwards_orphans_go_where_they_did(tmp_path: Path) -> None:
    """Adopting ends with the block."""
    with adopting():
        pass
    program, pid = runaway(1, tmp_path)
    program.wait()
    assert psutil.Process(pid).ppid() != os.getpid()
    psutil.Process(pid).kill()
