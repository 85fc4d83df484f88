"""What each model costs, as a small table: its three times, CPU, memory, latency and loop lag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from timetrial.measure.processes.usage import ROLES
from timetrial.report.text import columns, duration, few, size
from timetrial.results.standings import Entry

_HEAD = (
    *("model", "start-up", "a round", "tear-down", "CPU: client", "workers", "server"),
    *("memory", "p50 an item", "p99", "p99 lag", "switches"),
)
_LEGEND = (
    "CPU time and context switches are a round's; memory is the peak of client and workers together;",
    "p50 and p99 are latencies of items; lag is the event loop's.",
)


def accounting_lines(entries: Iterable[Entry]) -> list[str]:
    """The lines of the table, empty where no trial was accounted for; groups in the order of their first trial."""
    accounted = [entry for entry in entries if entry.figures.get("accounting")]
    if not accounted:
        return []
    groups = list(dict.fromkeys(each.group for each in accounted))
    ordered = [each for group in groups for each in accounted if each.group == group]
    head, *rows = columns([_HEAD, *map(_row, ordered)], right=range(1, len(_HEAD)))
    lines = [f"  {head}"]
    for group in groups:
        lines.append(group)
        lines += [f"  {row}" for row, each in zip(rows, ordered, strict=True) if each.group == group]
    kinds = (_remarks(ordered, kind) for kind in ("leftovers", "notes"))
    return [*lines, *_LEGEND, *(line for remarks in kinds for line in few(remarks))]


def _row(entry: Entry) -> Sequence[str]:
    measured, account = entry.measurement, entry.figures["accounting"]
    latency, lag = account["latency"] or {}, account["loop_lag"] or {}
    return (
        entry.shown_model,
        duration(measured.startup_s),
        duration(measured.median_s_per_round),
        duration(measured.teardown_s),
        *(_cpu(account, role) for role in ROLES),
        _memory(account),
        _ms(latency.get("p50_ms")),
        _ms(latency.get("p99_ms")),
        _ms(lag.get("p99_ms")),
        _switches(account),
    )


def _cpu(account: Mapping[str, Any], role: str) -> str:
    usage = account["roles"].get(role)
    return duration((usage["cpu_user_s"] + usage["cpu_system_s"]) / account["rounds"]) if usage else "-"


def _memory(account: Mapping[str, Any]) -> str:
    ours = [usage for role, usage in account["roles"].items() if role != "server"]
    kinds = "+".join(sorted({usage["memory_kind"] for usage in ours}))
    return f"{size(sum(usage['memory_peak_bytes'] for usage in ours))} {kinds}"


def _switches(account: Mapping[str, Any]) -> str:
    ours = [usage for role, usage in account["roles"].items() if role != "server"]
    return f"{sum(each['switches_voluntary'] + each['switches_involuntary'] for each in ours) / account['rounds']:.0f}"


def _ms(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else duration(milliseconds / 1e3)


def _remarks(entries: Iterable[Entry], kind: str) -> list[str]:
    return [
        f"{kind}: {entry.group}, {entry.measurement.model}: {remark}"
        for entry in entries
        for remark in entry.figures["accounting"][kind]
    ]
