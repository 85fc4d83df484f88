"""What the models of interpreters load in one, looked at under every Python, since older ones have none to try."""

from __future__ import annotations

import subprocess
import sys

UNLOADABLE = ("_tracemalloc", "readline", "faulthandler", "_curses", "numpy", "psutil")
"""Modules that refuse to be loaded in a second interpreter of a process."""

CODE = f"""
import sys
import timetrial.models.coroutines, timetrial.models.futures_worker
print(*[name for name in {UNLOADABLE!r} if name in sys.modules])
"""


def test_nothing_that_refuses_a_second_interpreter_is_loaded_there() -> None:
    """Of our own modules that run there; what the task imports is the user's."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
