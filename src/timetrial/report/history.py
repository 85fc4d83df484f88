"""The history for people: a line with a sparkline for each benchmark, below it what changed and at which commit."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from timetrial.environment.difference import differences
from timetrial.environment.identity import baseline_lines, python_in
from timetrial.report.text import columns, duration, few, times
from timetrial.results.history import Group, History, Run, Series
from timetrial.stats.change_points import change_points, levels

BARS: Final = "▁▂▃▄▅▆▇█"
PLAIN_BARS: Final = "_.-=+*%#"
_WIDTH: Final = 40
_SHOWN_DIFFERENCES: Final = 4
_HEAD = ("benchmark", "runs", "over time", "now", "against")


def history_lines(history: History, least: float, bars: str = BARS) -> list[str]:
    """All groups, one after the other; changes smaller than ``least`` (0.02: 2 %) are not told."""
    lines: list[str] = []
    for group in history.groups:
        lines += ["", *_group_lines(group, least, bars)]
    return lines[1:]


def _group_lines(group: Group, least: float, bars: str) -> list[str]:
    found = change_points([each.logs for each in group.series], math.log1p(least))
    shown = [(each, cuts) for each, cuts in zip(group.series, found, strict=True) if each.logs]
    table = columns([_HEAD, *(_row(each, cuts, bars) for each, cuts in shown)], right=(1, 3))
    head = f"{group.label}: {_count(len(group.runs), 'run')}, {group.runs[0].when[:10]} to {group.runs[-1].when[:10]}"
    lines = [head, *baseline_lines(python_in(group.runs[-1].environment())), table[0]]
    for (each, cuts), line in zip(shown, table[1:], strict=True):
        lines += [line, *_change_lines(each, cuts), *_left_out_lines(each)]
    for each in group.series:
        if not each.logs:
            lines += [f"{each.name}: no run to show", *_left_out_lines(each)]
    changed = sum(bool(cuts) for _, cuts in shown)
    return [*lines, f"{changed} of {_count(len(shown), 'benchmark')} changed by {100 * least:.3g}% or more"]


def _row(series: Series, cuts: Sequence[int], bars: str) -> Sequence[str]:
    now = math.exp(levels(series.logs, cuts)[-1])
    return (
        series.name,
        str(len(series.logs)),
        sparkline(series.logs, bars),
        times(now) if series.reference else duration(now),
        series.reference or "the clock",
    )


def _change_lines(series: Series, cuts: Sequence[int]) -> list[str]:
    parts = levels(series.logs, cuts)
    return [
        f"    {math.expm1(new - old):+.1%} from {_run(series.runs[cut])} on, before it {_run(series.runs[cut - 1])}"
        f"{_also(series.runs[cut - 1], series.runs[cut])}"
        for cut, old, new in zip(cuts, parts, parts[1:], strict=False)
    ]


def _left_out_lines(series: Series) -> list[str]:
    """Runs that are no points of the series are not left out in silence."""
    why = sorted(series.left_out.items(), key=lambda each: -each[1])
    return few([f"    {_count(count, 'run')} left out: {' '.join(reason.split())}" for reason, count in why])


def _run(run: Run) -> str:
    commit = f"commit {run.commit[:10]}{' with changes' if run.dirty else ''}" if run.commit else "no commit"
    return f"{commit} ({run.when[:16].replace('T', ' ')})"


def _also(before: Run, after: Run) -> str:
    """What else changed between the two runs, which may be the cause as well as the commit."""
    if before.raw_environment == after.raw_environment:
        return ""
    found = differences(before.environment(), after.environment())
    found = [each for each in found if each.matters or each.path.startswith("installed.")]
    if not found:
        return ""
    told = [f"{each.path} {each.one} to {each.other}" for each in found[:_SHOWN_DIFFERENCES]]
    more = f" and {len(found) - len(told)} more" if len(found) > len(told) else ""
    return f"; also new: {', '.join(told)}{more}"


def sparkline(values: Sequence[float], bars: str = BARS) -> str:
    """The values as bars, at most forty: each is the median of as many neighbours as it takes."""
    count = min(_WIDTH, len(values))
    edges = [len(values) * at // count for at in range(count + 1)] if count else []
    shown = [statistics.median(values[start:end]) for start, end in pairwise(edges)]
    low, span = min(shown, default=0.0), max(shown, default=0.0) - min(shown, default=0.0)
    if not span:
        return bars[0] * len(shown)
    return "".join(bars[min(len(bars) - 1, int((each - low) / span * len(bars)))] for each in shown)


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
