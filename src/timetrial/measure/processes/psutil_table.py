"""Processes on macOS and Windows, read through psutil."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

import psutil

from timetrial.measure.processes.readings import CpuReading, Glance, Memory, Switches


class PsutilTable:
    """psutil's view, with its errors turned into ProcessLookupError and PermissionError."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}

    def glance(self, pid: int) -> Glance:
        """Threads are 0 once the process has ended."""
        process = self._process(pid)
        with _as_os_errors(), process.oneshot():
            times = process.cpu_times()
            return Glance(
                parent_pid=process.ppid(),
                born=process.create_time(),
                cpu=_reading(times.user, times.system),
                reaped=_reading(getattr(times, "children_user", 0.0), getattr(times, "children_system", 0.0)),
                threads=0 if process.status() == psutil.STATUS_ZOMBIE else process.num_threads(),
                rss_bytes=process.memory_info().rss,
                files=None,
            )

    def memory(self, pid: int) -> Memory:
        """USS: what the process would give back by ending; RSS, which says so, where that may not be read."""
        process = self._process(pid)
        with _as_os_errors():
            try:
                return Memory(process.memory_full_info().uss, "uss")
            except psutil.AccessDenied:
                return Memory(process.memory_info().rss, "rss")

    def sockets(self, pid: int) -> int:
        """Its internet sockets; 0 for a process whose files this user may not see."""
        process = self._process(pid)
        with _as_os_errors():
            try:
                return len(process.net_connections(kind="inet"))
            except psutil.AccessDenied:
                return 0

    def switches(self, pid: int) -> Switches:
        """Of all threads together, under the id 0."""
        process = self._process(pid)
        with _as_os_errors():
            counted = process.num_ctx_switches()
            return {0: (counted.voluntary, counted.involuntary)}

    def parents(self) -> Mapping[int, int]:
        """The parent of every process that tells."""
        found = {}
        for process in psutil.process_iter(["ppid"]):
            if process.info["ppid"] is not None:
                found[process.pid] = process.info["ppid"]
        return found

    def command(self, pid: int) -> str:
        """Its command line; empty where it may not be read."""
        process = self._process(pid)
        with _as_os_errors():
            try:
                return " ".join(process.cmdline())
            except psutil.AccessDenied:
                return ""

    def _process(self, pid: int) -> psutil.Process:
        with _as_os_errors():
            if pid not in self._known or not self._known[pid].is_running():
                self._known[pid] = psutil.Process(pid)
        return self._known[pid]


def _reading(user_s: float, system_s: float) -> CpuReading:
    return CpuReading(round((user_s + system_s) * 1e9), round(user_s * 1e9), round(system_s * 1e9))


@contextmanager
def _as_os_errors() -> Generator[None]:
    try:
        yield
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(str(error)) from None
    except psutil.AccessDenied as error:
        raise PermissionError(str(error)) from None
