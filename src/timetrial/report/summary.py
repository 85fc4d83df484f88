"""The short table at the end of a run: for each workload the fastest model, by how much, and what was void."""

from __future__ import annotations

from collections.abc import Sequence

from timetrial.advice.choice import Choice
from timetrial.advice.of_standings import Placing, placings
from timetrial.report.native_threads import thread_lines
from timetrial.report.text import columns, duration, few, times
from timetrial.report.voids import disturbed_lines, void_lines
from timetrial.results.standings import Entry, Standings
from timetrial.stats.lead import Lead

_HEAD = ("workload", "fastest", "a round", "x serial", "next best", "takes")
_ALL_VOID = ("all void", *"----")


def summary_lines(standings: Standings) -> list[str]:
    """The lines of the table, without colours; empty when nothing was measured and nothing was void."""
    rows_by_group = {placing.group: _row(placing) for placing in placings(standings)}
    rows = [rows_by_group.get(group, (group, *_ALL_VOID)) for group in standings.groups]
    lines = columns([_HEAD, *rows], right=(2, 3, 5)) if rows else []
    entries = standings.entries
    remarks = [*disturbed_lines(entries), *void_lines(standings.voids), *few(thread_lines(entries))]
    return [*lines, *remarks, *few(_error_lines(entries))]


def _row(placing: Placing) -> Sequence[str]:
    advised, next_best, choice = placing.advised.measurement, placing.next_best, placing.choice
    return (
        placing.group,
        advised.model,
        duration(advised.median_s_per_round),
        "-" if choice is None else _speedup(choice),
        next_best.measurement.model if next_best else "-",
        "-" if choice is None else _takes(choice),
    )


def _speedup(choice: Choice) -> str:
    return "1.00x" if choice.is_reference else _lead(choice.speedup)


def _takes(choice: Choice) -> str:
    """How many times as long the next best takes, or that it ties, alone or with others."""
    if not choice.tied:
        return _lead(choice.next_best.lead if choice.next_best else None)
    more = f", and {len(choice.tied) - 1} more" if len(choice.tied) > 1 else ""
    return f"{_lead(choice.tied[0].lead)}{more}"


def _lead(lead: Lead | None) -> str:
    """With its interval where the two took turns, and as a tie where nobody can tell, or would notice."""
    if lead is None:
        return "-"
    span = f" ({lead.low:.2f}-{lead.high:.2f})"
    if lead.tie:
        return f"tie{span}"
    return times(lead.ratio) + (span if lead.paired else "")


def _error_lines(entries: Sequence[Entry]) -> list[str]:
    """What failed after the timed rounds, which were good and are kept."""
    looks = {"accounting": "accounting_error", "open loop": "open_loop_error"}
    return [
        f"no {look}: {entry.group}, {entry.measurement.model}: {' '.join(error.split())}"
        for entry in entries
        for look, name in looks.items()
        if (error := getattr(entry.measurement, name))
    ]
