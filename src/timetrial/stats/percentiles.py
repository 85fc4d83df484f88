"""Percentiles of raw samples: seen, not interpolated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NotRequired, TypedDict, TypeVar

from timetrial.errors import AccountingError

Number = TypeVar("Number", int, float)


class Percentiles(TypedDict):
    """Percentiles in milliseconds; ``note`` says which of them too few samples stand behind."""

    p50_ms: float
    p90_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    """The largest sample."""
    count: int
    """How many samples there were."""
    note: NotRequired[str]


_TAILS = {"p90": 10, "p99": 100, "p99.9": 1_000}
"""How many samples it takes before a percentile can be anything but the highest one."""


def percentiles(samples_ns: Sequence[int]) -> Percentiles:
    """Percentiles of raw samples by nearest rank: each is a sample that was really seen, none is interpolated.

    The rank is ceil(p * count / 100): definition 1 of Hyndman and Fan, "Sample Quantiles in Statistical Packages",
    The American Statistician 50 (1996). Raises AccountingError where there are no samples.
    """
    if not samples_ns:
        raise AccountingError("there are no percentiles of no samples; run the round on at least one item")
    ordered = sorted(samples_ns)
    found = Percentiles(
        p50_ms=nearest_rank(ordered, 500) / 1e6,
        p90_ms=nearest_rank(ordered, 900) / 1e6,
        p99_ms=nearest_rank(ordered, 990) / 1e6,
        p999_ms=nearest_rank(ordered, 999) / 1e6,
        max_ms=ordered[-1] / 1e6,
        count=len(ordered),
    )
    short = [f"{name} takes {needed:,}" for name, needed in _TAILS.items() if len(ordered) < needed]
    if short:
        found["note"] = f"too few samples to tell a tail from the maximum: {', '.join(short)}; there are {len(ordered)}"
    return found


def percentile(samples: Iterable[Number], per_mille: int) -> Number:
    """As nearest_rank, of samples in any order: of 100, ``percentile(latencies_s, 990)`` is the second longest.

    Raises ValueError where there are none.
    """
    ordered = sorted(samples)
    if not ordered:
        raise ValueError("there is no percentile of nothing")
    return nearest_rank(ordered, per_mille)


def nearest_rank(ordered: Sequence[Number], per_mille: int) -> Number:
    """The smallest sample that at least ``per_mille`` thousandths of all samples do not exceed, in exact arithmetic."""
    rank = -(-per_mille * len(ordered) // 1_000)
    return ordered[max(rank, 1) - 1]
