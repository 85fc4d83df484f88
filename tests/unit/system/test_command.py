"""Programs that are run to their end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from timetrial.system.command import run_to_end

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs sleep, and sessions")

# Starts what leaves its group and keeps its output open.
_LEAVES = """
import subprocess, sys, time
left = subprocess.Popen(["sleep", "60"], start_new_session=True)
open("left", "w").write(str(left.pid))
print("said", flush=True)
time.sleep(float(sys.argv[1]))
"""


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Path]:
    """Where the program writes who it left; that one is ended with the test."""
    file = tmp_path / "left"
    yield file
    os.kill(int(file.read_text()), signal.SIGKILL)


def test_what_a_program_leaves_running_does_not_hold_up_its_end(left: Path) -> None:
    """Although that has the program's output open; what was said is there."""
    began_s = time.monotonic()
    ended = run_to_end([sys.executable, "-c", _LEAVES, "0"], cwd=left.parent)
    assert (ended.status, ended.output, ended.complaint) == (0, "said\n", "")
    assert time.monotonic() - began_s < 30


def test_a_program_that_takes_too_long_is_ended_whatever_it_left(left: Path) -> None:
    """The error tells the time that it was given, and comes soon after."""
    began_s = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired, match=r"after 1\.5 seconds"):
        run_to_end([sys.executable, "-c", _LEAVES, "60"], cwd=left.parent, patience_s=1.5)
    assert time.monotonic() - began_s < 30
