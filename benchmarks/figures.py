"""Draws a run's trials as bars of text: ``python -m benchmarks.figures results/FILE.json [part of a group's name]``.

It is what the figures in docs/workloads.md are made with. Void trials are left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from timetrial.report.text import duration

_WIDTH: Final = 40
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


class Timed(NamedTuple):
    """A trial's median round, and how many items there are in one."""

    round_s: float
    items: int


def figures(run: Mapping[str, Any], part: str = "") -> list[str]:
    """The lines of all groups whose name holds ``part``: a bar for each model, the fastest first.

    Before it, the median round and what that is for each item.
    """
    groups: dict[str, dict[str, Timed]] = {}
    for benchmark in run["benchmarks"]:
        found = benchmark["extra_info"].get("timetrial")
        if found and not found["void"] and part in benchmark["group"]:
            groups.setdefault(benchmark["group"], {})[found["model"]] = Timed(
                benchmark["stats"]["median"], found["items"]
            )
    return [line for group, models in groups.items() for line in _bars(group, models)]


def _bars(group: str, models: Mapping[str, Timed]) -> Iterable[str]:
    longest_s, widest = max(models.values()).round_s, max(map(len, models))
    yield group
    yield f"  {'':{widest}}  a round  an item"
    for model, timed in sorted(models.items(), key=lambda each: each[1]):
        per_item = duration(timed.round_s / timed.items)
        yield f"  {model:{widest}}  {duration(timed.round_s):>7}  {per_item:>7}  {_bar(timed.round_s / longest_s)}"


def _bar(share: float) -> str:
    """At least a thin line, so that the fastest is seen beside what takes a thousand times as long."""
    eighths = max(1, round(share * _WIDTH * 8))
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


if __name__ == "__main__":
    print("\n".join(figures(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), " ".join(sys.argv[2:]))))
