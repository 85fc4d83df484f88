"""The limits that a trial can run into: open files, ports, waiting connections, processes."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from timetrial.environment import cgroups
from timetrial.environment.facts import ROOT, known, number_in, sysctl, text_of

UNLIMITED: Final = "unlimited"
"""How a limit that is switched off is written; None means that it isn't known."""

Limit = int | str | None


class LimitFacts(TypedDict):
    """The section ``limits``; "unlimited" is a limit that is switched off, None what can't be known here."""

    open_files: Limit
    """In force: files and sockets of this process."""
    open_files_ceiling: Limit
    """Up to which it may be raised."""
    processes: Limit
    """Of this user, threads included."""
    processes_of_cgroup: int | None
    ephemeral_ports: list[int] | None
    """The first and the last port that an outgoing connection can get."""
    waiting_connections: int | None
    """How many may wait to be accepted (somaxconn)."""


def limit_facts(root: Path = ROOT) -> LimitFacts:
    """The limits as they are now; a run that raises one records them afterwards."""
    files, processes = known(lambda: resource_limits("RLIMIT_NOFILE")), known(lambda: resource_limits("RLIMIT_NPROC"))
    return {
        "open_files": files[0] if files else None,
        "open_files_ceiling": files[1] if files else None,
        "processes": processes[0] if processes else None,
        "processes_of_cgroup": known(lambda: cgroups.process_limit(root)),
        "ephemeral_ports": known(lambda: ephemeral_ports(root)),
        "waiting_connections": known(lambda: waiting_connections(root)),
    }


@dataclass(frozen=True)
class OpenFiles:
    """How many files and sockets this process may have open: as found, and as allowed now; None is no limit."""

    found: int | None
    allowed: int | None


_ENOUGH_FILES: Final = 65_536  # where the ceiling is no number, or more than the system grants (macOS)
_MOST_FILES: Final = 1_048_576  # some programs prepare for as many files as they may open


def raise_open_files() -> OpenFiles | None:
    """Lets this process, and those it starts from now on, open as many files as it may; None on Windows.

    The limit in force is often 1,024, where the ceiling beside it is many times that and free to be used.
    """
    if sys.platform == "win32":
        return None
    import resource

    found, ceiling = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (min(ceiling, _MOST_FILES), _ENOUGH_FILES, _ENOUGH_FILES // 8):
        better = wanted != resource.RLIM_INFINITY and found != resource.RLIM_INFINITY and wanted > found
        if better and set_open_files(wanted):
            break
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OpenFiles(*(None if each == resource.RLIM_INFINITY else each for each in (found, allowed)))


def set_open_files(limit: int) -> bool:
    """Sets the limit in force and leaves the ceiling; False where the system doesn't grant it."""
    if sys.platform == "win32":
        return False
    import resource

    _, ceiling = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, ceiling))
    except (OSError, ValueError):
        return False
    return True


def count_open_files() -> int | None:
    """How many files and sockets this process has open; None where the system doesn't list them (Windows)."""
    try:
        return len(os.listdir("/dev/fd")) - 1  # noqa: PTH208 - numbers, not paths; without the folder's own
    except OSError:
        return None


def ephemeral_ports(root: Path = ROOT) -> list[int] | None:
    """The first and the last port that an outgoing connection can get."""
    text = text_of(root / "proc/sys/net/ipv4/ip_local_port_range")
    if text is None:
        text = f"{sysctl('net.inet.ip.portrange.first') or ''} {sysctl('net.inet.ip.portrange.last') or ''}"
    ports = [int(port) for port in text.split()]
    return ports if len(ports) == 2 else None


def waiting_connections(root: Path = ROOT) -> int | None:
    """How many connections may wait to be accepted (somaxconn)."""
    on_linux = number_in(root / "proc/sys/net/core/somaxconn")
    if on_linux is not None:
        return on_linux
    on_macos = sysctl("kern.ipc.somaxconn")
    return int(on_macos) if on_macos else None


def resource_limits(name: str) -> tuple[Limit, Limit] | None:
    """The limit in force and the one up to which it may be raised; None on Windows, which has neither."""
    if sys.platform == "win32":
        return None
    import resource

    in_force, ceiling = resource.getrlimit(getattr(resource, name))
    return _in_words(in_force, resource.RLIM_INFINITY), _in_words(ceiling, resource.RLIM_INFINITY)


def _in_words(limit: int, infinity: int) -> Limit:
    return UNLIMITED if limit == infinity else limit
