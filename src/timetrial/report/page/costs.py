"""What a trial cost besides time, as the accounting round saw it: memory, CPU time by role, latencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from timetrial.results.trials import StoredTrial

ROLES: Final = ("client", "worker", "server")


def roles(trial: StoredTrial) -> Mapping[str, Any]:
    """The accounting by role; empty where there is none."""
    account = trial.figures.get("accounting")
    found = account.get("roles") if isinstance(account, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def memory_bytes(trial: StoredTrial) -> float | None:
    """The peak of the client and its workers together; the server is an instrument, and not in it."""
    peaks = [
        trial.number("accounting", "roles", role, "memory_peak_bytes") for role in roles(trial) if role != "server"
    ]
    known = [peak for peak in peaks if peak is not None]
    return sum(known) if known else None


def cpu_s_per_item(trial: StoredTrial, role: str) -> float | None:
    """CPU seconds of a role for each item; None where it was not accounted for."""
    rounds = trial.number("accounting", "rounds")
    used = [trial.number("accounting", "roles", role, name) for name in ("cpu_user_s", "cpu_system_s")]
    if not rounds or None in used:
        return None
    return sum(each for each in used if each is not None) / (rounds * trial.items)


def latency_s(trial: StoredTrial, percentile: str, *, loop: str = "accounting") -> float | None:
    """A percentile such as ``p99`` of an item's latency, in seconds; ``open_loop`` and ``closed`` of the open loop."""
    path = {
        "accounting": ("accounting", "latency"),
        "open": ("open_loop", "latency"),
        "closed": ("open_loop", "closed_latency"),
    }
    found = trial.number(*path[loop], f"{percentile}_ms")
    return None if found is None else found / 1e3
