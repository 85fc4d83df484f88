"""Keeps the processors from halting while a gate measures, without taking time from anything that wants to run.

A virtual processor that halts often loses time to its host at each waking. One spinner a processor, in the scheduling
class that runs only when nothing else wants to (SCHED_IDLE, Linux), keeps it from halting.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from timetrial.gate.pinning import usable_cpus

# Ends when its standard input does, which it does whatever becomes of its parent.
_SPINNER: Final = """
import os, sys, threading
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
os.nice(19)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
while True:
    for _ in range(1_000_000):
        pass
"""


def can_keep_awake() -> bool:
    """Whether this platform has a scheduling class below all others."""
    return hasattr(os, "SCHED_IDLE") and bool(usable_cpus())


@contextlib.contextmanager
def kept_awake(wanted: bool) -> Iterator[bool]:
    """Spins on every usable processor meanwhile; yields whether it does, for the record."""
    if not (wanted and can_keep_awake()):
        yield False
        return
    with contextlib.ExitStack() as stack:
        for cpu in usable_cpus():
            command = [sys.executable, "-S", "-E", "-c", _SPINNER, str(cpu)]
            spinner = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
            stack.callback(_end, spinner)
        yield True


def _end(spinner: subprocess.Popen[bytes]) -> None:
    spinner.kill()
    spinner.communicate()
