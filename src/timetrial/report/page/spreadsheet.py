"""Every trial of the report as a row for a spreadsheet: plain numbers, with the unit in the column's name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final

from timetrial.errors import ResultsError
from timetrial.report.page.costs import ROLES, cpu_s_per_item, latency_s, memory_bytes
from timetrial.report.page.page import Page
from timetrial.report.page.ranking import Ranked, Ranking

Cell = str | float | int | None
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def page_csv(page: Page) -> str:
    """The rows below their head; of a report with several places the first column says which.

    Raises ResultsError where there are none, as in files of pytest-benchmark alone.
    """
    rows = [
        {**_row(place.label, details.ranking, ranked), "no_fair_baseline": place.no_fair_baseline}
        for place in page.places
        for details in place.overview
        for ranked in details.ranking.rows
    ]
    if not rows:
        raise ResultsError(
            "these results hold no trials, of which CSV has a row each: --format html shows what they hold"
        )
    stream = io.StringIO()
    writer = csv.DictWriter(stream, [*rows[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _row(label: str, ranking: Ranking, ranked: Ranked) -> Mapping[str, Cell]:
    trial, lead, behind = ranked.trial, ranked.speedup, ranked.behind
    low_s, high_s = ranked.interval_s
    found: dict[str, Cell] = {
        "where": label,
        "file": trial.file.name,
        "test": trial.name,
        "workload": ranking.name,
        "parameters": ranking.parameters,
        "model": trial.way.model,
        "concurrency": trial.way.concurrency,
        "place": ranked.place,
        "s_per_item": trial.median_s_per_item,
        "s_per_item_low": low_s,
        "s_per_item_high": high_s,
        "speedup": lead.ratio if lead else None,
        "speedup_low": lead.low if lead else None,
        "speedup_high": lead.high if lead else None,
        "times_the_first": behind.ratio if behind else None,
        "startup_s": trial.number("startup_s"),
        **dict(_costs(ranked)),
        "void": trial.void,
    }
    return {name: _plain(cell) for name, cell in found.items()}


def _costs(ranked: Ranked) -> Iterator[tuple[str, Cell]]:
    trial = ranked.trial
    for loop, name in (("accounting", "latency"), ("open", "open_loop_latency")):
        for percentile in ("p50", "p99"):
            yield f"{name}_{percentile}_s", latency_s(trial, percentile, loop=loop)
    yield "memory_peak_bytes", memory_bytes(trial)
    for role in ROLES:
        yield f"cpu_s_per_item_{role}", cpu_s_per_item(trial, role)


def _plain(cell: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula is kept from being one."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
