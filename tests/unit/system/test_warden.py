"""What a command started ends with it, whatever ends the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from tests.waiting import comes_true, still_run
from timetrial.system.warden import OWNER, gone, start, warden

# Starts a program in the way that is asked for, and one that leaves its group, and tells their numbers.
_COMMAND = '''
import subprocess, sys, time
from timetrial.system.warden import gone, start, warden
LEAVES = """
import subprocess, time
print(subprocess.Popen(["sleep", "60"], start_new_session=True).pid, flush=True)
time.sleep(60)
"""
with warden():
    program = start([sys.executable, "-c", LEAVES], stdout=subprocess.PIPE)
    print(program.pid, int(program.stdout.readline()), flush=True)
    time.sleep(60 if sys.argv[1] == "stay" else 0)
    program.kill(); program.wait(); gone(program)
'''


@pytest.fixture
def command(request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """It, and the processes that it has started."""
    how = getattr(request, "param", "stay")
    with subprocess.Popen([sys.executable, "-c", _COMMAND, how], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        pids = [int(each) for each in running.stdout.readline().split()]
        yield running, pids
        running.kill()
        for pid in pids:
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGKILL)


def until_gone(pids: list[int]) -> list[int]:
    """Those that still run after ten seconds."""
    comes_true(lambda: not still_run(pids), within_s=10)
    return still_run(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process that left its group can't be found")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_command_that_is_killed_leaves_nothing(
    command: tuple[subprocess.Popen[str], list[int]], number: signal.Signals
) -> None:
    """Neither its programs nor what left their groups."""
    running, pids = command
    running.send_signal(number)
    running.wait()
    assert until_gone(pids) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no groups")
@pytest.mark.parametrize("command", ["leave"], indirect=True)
def test_a_command_that_ends_by_itself_has_ended_what_it_meant_to(
    command: tuple[subprocess.Popen[str], list[int]],
) -> None:
    """A daemon that an install started, such as a compiler's cache, is not the warden's to end then."""
    running, (program, daemon) = command
    assert running.wait() == 0
    assert until_gone([program]) == []
    assert still_run([daemon])


def test_without_a_warden_a_program_is_only_in_a_session_of_its_own() -> None:
    """As in a test that calls the gate."""
    program = start([sys.executable, "-c", f"import os; print(os.environ.get('{OWNER}'))"], stdout=subprocess.PIPE)
    assert program.communicate()[0].split() == [b"None"]
    gone(program)


def test_wardens_nest(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one a process, and it knows its own from those of another command above it."""
    monkeypatch.setenv(OWNER, "another")
    with warden(), warden():
        program = start([sys.executable, "-c", f"import os; print(os.environ['{OWNER}'])"], stdout=subprocess.PIPE)
        (owner,) = program.communicate()[0].split()
        gone(program)
    assert owner != b"another"
