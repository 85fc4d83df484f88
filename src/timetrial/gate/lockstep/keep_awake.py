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

from timetrial.system.affinity import usable_cpus

# Spins after a "1" and waits after a "0". Ends when its standard input does, whatever becomes of its parent.
_SPINNER: Final = """
import os, select, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
os.nice(19)
os.write(1, b"r")
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

    def __len__(self) -> int:
        return len(self._processes)

    def _tell(self, cpus: Collection[int], what: bytes) -> None:
        for cpu in self._processes.keys() & set(cpus):
            stdin = self._processes[cpu].stdin
            assert stdin is not None
            with contextlib.suppress(OSError):  # one that was killed only leaves its processor to sleep
                os.write(stdin.fileno(), what)


def can_keep_awake() -> bool:
    """Whether this platform has a scheduling class below all others, and lets this process use it."""
    if not (hasattr(os, "SCHED_IDLE") and usable_cpus()):
        return False
    with spinners(True) as started:
        return bool(started)


@contextlib.contextmanager
def spinners(wanted: bool) -> Iterator[Spinners]:
    """Starts them, one for each usable processor, and ends them with the block."""
    cpus = usable_cpus() if wanted and hasattr(os, "SCHED_IDLE") else []
    with contextlib.ExitStack() as stack:
        started = {cpu: stack.enter_context(_started(cpu)) for cpu in cpus}
        yield Spinners({cpu: each for cpu, each in started.items() if _is_ready(each)})


@contextlib.contextmanager
def _started(cpu: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-S", "-E", "-c", _SPINNER, str(cpu)]
    spinner = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield spinner
    finally:
        spinner.kill()
        spinner.communicate()


def _is_ready(spinner: subprocess.Popen[bytes]) -> bool:
    """False for one that was not let: a container may forbid the scheduling class, and it has ended then."""
    assert spinner.stdout is not None
    return spinner.stdout.read(1) == b"r"
