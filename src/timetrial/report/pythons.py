"""The answer of ``timetrial run --python …`` as text: which Python, with which model, and a table of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from timetrial.advice.of_pythons import Behind, Contender, PythonAnswer
from timetrial.environment.identity import baseline_lines
from timetrial.report.text import columns, duration, three_digits
from timetrial.stats.lead import Lead


def python_lines(found: PythonAnswer) -> list[str]:
    """The answer, the tables, and what is no fair baseline."""
    launches = max(each.rounds for each in found.leads.values()) if found.leads else 0
    return [
        *_headline(found),
        "",
        *_table(found, found.best),
        *(["", "One item after the other:", *_table(found, found.serial)] if found.serial != found.best else []),
        "",
        f"Intervals are of 95 %, from {launches} launches of all Pythons at once, which took turns round by round.",
        *(f"{line}." for each in found.best for line in baseline_lines(each.python)),
    ]


def _headline(found: PythonAnswer) -> Iterator[str]:
    if found.tied:
        yield f"Use {found.advised}."
        others = "; ".join(f"{each.contender} takes {_change(each)}" for each in found.tied)
        yield f"It is a tie: {others}."
    if found.next_best is not None:
        told = f"{_times(found.next_best.lead)} as fast as the next best, {found.next_best.contender}"
        yield f"It is {told}." if found.tied else f"Use {found.advised}: {told}."


def _change(behind: Behind) -> str:
    return f"{three_digits(behind.lead.ratio)} times as long ({_span(behind.lead)})"


def _table(found: PythonAnswer, rows: Sequence[Contender]) -> list[str]:
    head = ("Python", "model", "at once", "an item", f"x {found.base}", "interval")
    return columns([head, *(_row(each, found) for each in rows)], right=(2, 3, 4))


def _row(each: Contender, found: PythonAnswer) -> Sequence[str]:
    lead = found.leads.get(each)
    if each.name == found.base:
        times, interval = "1.00", ""
    elif lead is None:
        times, interval = "?", "too few launches"
    else:
        times, interval = three_digits(lead.ratio), _span(lead) + (" (tie)" if lead.tie else "")
    flag = " (no fair baseline)" if each.python.is_no_fair_baseline else ""
    way = each.way
    return f"{each.name}{flag}", way.model, str(way.concurrency), duration(each.s_per_item), times, interval


def _times(lead: Lead) -> str:
    return f"{three_digits(lead.ratio)} times ({_span(lead)})"


def _span(lead: Lead) -> str:
    return f"{three_digits(lead.low)} to {three_digits(lead.high)}"
