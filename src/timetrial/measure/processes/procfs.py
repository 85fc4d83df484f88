"""Processes on Linux, read from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from timetrial.measure.processes.readings import CpuReading, Glance, Memory, Switches

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_BYTES_AT_ONCE = 16_384


class ProcFiles:
    """The files in /proc, opened anew for each reading."""

    def __init__(self) -> None:
        # Linux 6.2 and later tell the number of open files as the directory's size; before that it is always 0.
        self._sizes_count_files = os.stat("/proc/self/fd").st_size > 0  # noqa: PTH116 - a Path costs more than the call

    def glance(self, pid: int) -> Glance:
        """From /proc/PID/stat, and the process's CPU clock, which is exact where stat counts in ticks of 10 ms."""
        fields = _read(f"/proc/{pid}/stat").rsplit(b")", 1)[1].split()
        return Glance(
            parent_pid=int(fields[1]),
            born=int(fields[19]),
            cpu=_own_cpu(pid, int(fields[11]) * _TICK_NS, int(fields[12]) * _TICK_NS),
            reaped=_in_ticks(int(fields[13]) * _TICK_NS, int(fields[14]) * _TICK_NS),
            threads=0 if fields[0] in (b"Z", b"X") else int(fields[17]),
            rss_bytes=int(fields[21]) * _PAGE_BYTES,
            files=self._files(pid),
        )

    def memory(self, pid: int) -> Memory:
        """PSS; RSS, which says so, for a process whose memory map this user may not see."""
        try:
            rollup = _read(f"/proc/{pid}/smaps_rollup")
            return Memory(_rolled_up(rollup, b"\nPss:"), "pss", _rolled_up(rollup, b"\nRss:"))
        except (PermissionError, ProcessLookupError):
            pass  # another user's process, or a kernel before 4.14; a process that is gone raises below
        rss_bytes = int(_read(f"/proc/{pid}/statm").split()[1]) * _PAGE_BYTES
        return Memory(rss_bytes, "rss", rss_bytes)

    def sockets(self, pid: int) -> int:
        """From the links in /proc/PID/fd; 0 for a process whose files this user may not see."""
        folder = f"/proc/{pid}/fd"
        try:
            return sum(_is_socket(f"{folder}/{name}") for name in _list(folder))
        except PermissionError:
            return 0

    def switches(self, pid: int) -> Switches:
        """From every thread's own file: /proc/PID/status knows the main thread's only."""
        found = {}
        for thread_id in _list(f"/proc/{pid}/task"):
            try:
                lines = _read(f"/proc/{pid}/task/{thread_id}/status").splitlines()
            except ProcessLookupError:
                continue  # that thread has ended since
            voluntary, involuntary = (int(line.split()[1]) for line in lines if b"voluntary_ctxt" in line)
            found[int(thread_id)] = voluntary, involuntary
        return found

    def parents(self) -> Mapping[int, int]:
        """From every process's stat."""
        found = {}
        for name in os.listdir("/proc"):  # noqa: PTH208 - a Path for each costs more than the reading
            if name.isdigit():
                try:
                    found[int(name)] = int(_read(f"/proc/{name}/stat").rsplit(b")", 1)[1].split()[1])
                except ProcessLookupError:
                    continue
        return found

    def command(self, pid: int) -> str:
        """From /proc/PID/cmdline."""
        return _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").decode(errors="replace").strip()

    def _files(self, pid: int) -> int | None:
        if not self._sizes_count_files:
            return None
        try:
            return os.stat(f"/proc/{pid}/fd").st_size  # noqa: PTH116 - as above
        except OSError:
            return None


def _rolled_up(rollup: bytes, name: bytes) -> int:
    return int(rollup.partition(name)[2].split(None, 1)[0]) * 1024


def _own_cpu(pid: int, user_ns: int, system_ns: int) -> CpuReading:
    # The kernel's id of another process's CPU clock, as clock_getcpuclockid() computes it.
    clock = (~pid << 3) | 2
    try:
        return CpuReading(time.clock_gettime_ns(clock), user_ns, system_ns)
    except OSError:
        return _in_ticks(user_ns, system_ns)


def _in_ticks(user_ns: int, system_ns: int) -> CpuReading:
    return CpuReading(user_ns + system_ns, user_ns, system_ns)


def _read(path: str) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ProcessLookupError(path) from None
    try:
        return os.read(file, _BYTES_AT_ONCE)
    finally:
        os.close(file)


def _list(path: str) -> list[str]:
    try:
        return os.listdir(path)  # noqa: PTH208 - names are what is needed
    except FileNotFoundError:
        raise ProcessLookupError(path) from None


def _is_socket(link: str) -> bool:
    try:
        return os.readlink(link).startswith("socket:")  # noqa: PTH115 - a Path costs more than the call
    except OSError:
        return False  # closed since
