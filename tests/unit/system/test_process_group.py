"""A program that is ended takes along what it started, and gets a moment to tidy up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.waiting import comes_true, still_run
from timetrial.system.process_group import end_group, kill_group

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no process groups")

# Starts a child, tells its id, and waits; the child holds the pipe open as well.
_PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
_TIDY = """
import signal, sys, time
def tidy(number, frame):
    with open(sys.argv[1], "w") as file:
        file.write(signal.Signals(number).name)
    sys.exit(0)
signal.signal(signal.SIGTERM, tidy)
signal.signal(signal.SIGINT, tidy)
print("ready", flush=True)
while True:
    time.sleep(1)
"""
_DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


def start(program: str, *arguments: object) -> tuple[subprocess.Popen[str], str]:
    """The program in a session of its own, and the first line that it wrote."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def is_gone(pid: int) -> bool:
    """Whether a process ends within five seconds; one that nobody has waited for yet has ended."""
    return comes_true(lambda: not still_run([pid]), 5)


def test_what_a_program_started_ends_with_it() -> None:
    """Although nobody knows it by its id."""
    process, child = start(_PARENT)
    end_group(process, 5.0)
    assert process.returncode == -signal.SIGTERM
    assert is_gone(int(child))


def test_a_program_that_is_asked_can_tidy_up(tmp_path: Path) -> None:
    """By SIGTERM, unless its caller asks in another way."""
    asked = tmp_path / "asked"
    process, _ = start(_TIDY, asked)
    end_group(process, 10.0)
    assert (process.returncode, asked.read_text()) == (0, "SIGTERM")
    process, _ = start(_TIDY, asked)
    end_group(process, 10.0, ask=partial(process.send_signal, signal.SIGINT))
    assert (process.returncode, asked.read_text()) == (0, "SIGINT")


def test_a_program_that_does_not_listen_is_killed() -> None:
    """After so much patience and no more."""
    process, _ = start(_DEAF)
    end_group(process, 0.1)
    assert process.returncode == -signal.SIGKILL


def test_the_group_of_a_program_that_has_ended_is_killed_all_the_same() -> None:
    """It may have left others behind."""
    process, child = start(_PARENT)
    process.kill()
    process.wait()
    kill_group(process)
    process.communicate()
    assert is_gone(int(child))
    kill_group(process)  # and a second time there is nobody left to kill
