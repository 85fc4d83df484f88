"""The limits that a trial can run into: open files, ports, waiting connections, processes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from timetrial.measure import cgroups
from timetrial.measure.facts import ROOT, known, number_in, sysctl, text_of

UNLIMITED: Final = "unlimited"
"""How a limit that is switched off is written; None means that it isn't known."""

Limit = int | str | None


def limit_facts(root: Path = ROOT) -> dict[str, Any]:
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
