"""What the open loop found out, as a small table, beside what the closed loop shows of the same work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from timetrial.report.text import columns, duration, three_digits
from timetrial.results.standings import Entry

_HEAD = (
    *("workload", "model", "asked /s", "reached /s", "p50", "p99", "max", "began late p99", "worst backlog"),
    *("closed p50", "closed p99"),
)


def open_loop_lines(entries: Iterable[Entry]) -> list[str]:
    """The lines of the table; empty where no open loop was run."""
    rows = [_row(entry, entry.figures["open_loop"]) for entry in entries if entry.figures.get("open_loop")]
    return columns([_HEAD, *rows], right=range(2, len(_HEAD))) if rows else []


def _row(entry: Entry, found: Mapping[str, Any]) -> Sequence[str]:
    latency, closed = found["latency"], found["closed_latency"]
    return (
        entry.group,
        entry.shown_model,
        three_digits(found["rate_asked_per_s"]),
        three_digits(found["rate_reached_per_s"]),
        *(duration(latency[name] / 1e3) for name in ("p50_ms", "p99_ms", "max_ms")),
        duration(found["late_start"]["p99_ms"] / 1e3),
        str(found["worst_backlog"]),
        *(duration(closed[name] / 1e3) for name in ("p50_ms", "p99_ms")),
    )
