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


def memory_low_bytes(trial: StoredTrial) -> float | None:
    """The same in the stretch of rounds where it was lowest; None where that was not kept."""
    lows = [trial.number("accounting", "roles", role, "memory_low_bytes") for role in roles(trial) if role != "server"]
    known = [low for low in lows if low is not None]
    return sum(known) if known and len(known) == len(lows) else None


_LOOPS: Final = {
    "accounting": ("accounting", "latency"),
    "open": ("open_loop", "latency"),
    "closed": ("open_loop", "closed_latency"),
}
_PERCENTILES: Final = {50.0: "p50", 90.0: "p90", 99.0: "p99", 99.9: "p999"}
_UNCOUNTED: Final = 1_000


def latency_s(trial: StoredTrial, percentile: str, *, loop: str = "accounting") -> float | None:
    """A percentile such as ``p99`` of an item's latency, in seconds; ``open`` and ``closed`` of the open loop."""
    found = trial.number(*_LOOPS[loop], f"{percentile}_ms")
    return None if found is None else found / 1e3


def quantiles_s(trial: StoredTrial, loop: str) -> list[tuple[float, float]]:
    """Percentages of items below 100, each with what these take at most; of files before they were kept, a few.

    The longest stands at half an item from the end. Empty where no latencies are known.
    """
    count, longest = trial.number(*_LOOPS[loop], "count") or _UNCOUNTED, latency_s(trial, "max", loop=loop)
    if longest is None:
        return []
    last = 100 - 50 / count
    return [*((at, taken) for at, taken in _quantiles(trial, loop) if at < last), (last, longest)]


def _quantiles(trial: StoredTrial, loop: str) -> list[tuple[float, float]]:
    where: Any = trial.figures
    for name in _LOOPS[loop]:
        where = where.get(name) if isinstance(where, Mapping) else None
    kept = where.get("quantiles_ms") if isinstance(where, Mapping) else None
    if isinstance(kept, Mapping):
        return sorted((float(at), taken / 1e3) for at, taken in kept.items())
    known = ((at, latency_s(trial, name, loop=loop)) for at, name in _PERCENTILES.items())
    return [(at, taken) for at, taken in known if taken is not None]
