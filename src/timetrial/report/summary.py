"""The short table at the end of a run: for each workload the fastest model, by how much, and what was void."""

from __future__ import annotations

from collections.abc import Sequence

from timetrial.report.text import columns, duration, times
from timetrial.results.standings import Entry, Placing, Standings, VoidTrial
from timetrial.stats.paired_ratio import PairedRatio

_HEAD = ("workload", "fastest", "a round", "x serial", "next best", "takes")
_ALL_VOID = ("all void", *"----")


def summary_lines(standings: Standings) -> list[str]:
    """The lines of the table, without colours; empty when nothing was measured and nothing was void."""
    placings = {placing.group: _row(placing) for placing in standings.placings()}
    rows = [placings.get(group, (group, *_ALL_VOID)) for group in standings.groups]
    lines = columns([_HEAD, *rows], right=(2, 3, 5)) if rows else []
    return [*lines, *_void_lines(standings.voids), *_error_lines(standings.entries)]


def _row(placing: Placing) -> Sequence[str]:
    fastest, next_best = placing.fastest.measurement, placing.next_best
    return (
        placing.group,
        fastest.model,
        duration(fastest.median_s_per_round),
        _ratio(placing.speedup, placing.paired_speedup),
        next_best.measurement.model if next_best else "-",
        _ratio(placing.lead, placing.paired_lead),
    )


def _ratio(ratio: float | None, paired: PairedRatio | None) -> str:
    """How many times as long another one takes; with its interval, or as a tie, where the two took turns."""
    if paired is None:
        return times(ratio)
    span = f"{paired.low:.2f}-{paired.high:.2f}"
    return f"tie ({span})" if paired.tie else f"{times(paired.ratio)} ({span})"


def _error_lines(entries: Sequence[Entry]) -> list[str]:
    """What failed after the timed rounds, which were good and are kept."""
    looks = {"accounting": "accounting_error", "open loop": "open_loop_error"}
    return [
        f"no {look}: {entry.group}, {entry.measurement.model}: {' '.join(error.split())}"
        for entry in entries
        for look, name in looks.items()
        if (error := getattr(entry.measurement, name))
    ]


def _void_lines(voids: Sequence[VoidTrial]) -> list[str]:
    return [f"void: {void.group}, {void.model}: {void.void}" for void in voids]
