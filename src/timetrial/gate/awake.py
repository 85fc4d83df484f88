"""Keeps processors from halting while a gate measures on them, without taking time from anything that wants to run.

A virtual processor that halts often loses time to its host at each waking, and the sides' turns make it halt all the
time. A spinner in the scheduling class that runs only when nothing else wants to (SCHED_IDLE, Linux) keeps it busy.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from timetrial.gate.pinning import usable_cpus

# Spins after a "1" and waits after a "0". Ends when its standard input does, whatever becomes of its parent.
_SPINNER: Final = """
import os, select, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
os.nice(19)
spins = False
while True:
    if select.select([0], [], [], 0 if spins else None)[0]:
        told = os.read(0, 1)
        if not told:
            break
        spins = told == b"1"
    for _ in range(100_000 if spins else 0):
        pass
"""


class Spinners:
    """One for each processor, at rest until it is told to spin; none where they are unwanted or impossible."""

    def __init__(self, processes: Mapping[int, subprocess.Popen[bytes]]) -> None:
        self._processes = processes

    @contextlib.contextmanager
    def spinning(self, cpus: Collection[int]) -> Iterator[None]:
        """Those of these processors spin while the block runs."""
        self._tell(cpus, b"1")
        try:
            yield
        finally:
            self._tell(cpus, b"0")

    def _tell(self, cpus: Collection[int], what: bytes) -> None:
        for cpu in self._processes.keys() & set(cpus):
            stdin = self._processes[cpu].stdin
            assert stdin is not None
            with contextlib.suppress(OSError):  # one that was killed only leaves its processor to sleep
                os.write(stdin.fileno(), what)


def can_keep_awake() -> bool:
    """Whether this platform has a scheduling class below all others."""
    return hasattr(os, "SCHED_IDLE") and bool(usable_cpus())


@contextlib.contextmanager
def spinners(wanted: bool) -> Iterator[Spinners]:
    """Starts them, one for each usable processor, and ends them with the block."""
    cpus = usable_cpus() if wanted and can_keep_awake() else []
    with contextlib.ExitStack() as stack:
        yield Spinners({cpu: stack.enter_context(_started(cpu)) for cpu in cpus})


@contextlib.contextmanager
def _started(cpu: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-S", "-E", "-c", _SPINNER, str(cpu)]
    spinner = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield spinner
    finally:
        spinner.kill()
        spinner.communicate()
