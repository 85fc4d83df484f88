"""Draws a run's trials as bars of text: ``python -m benchmarks.figures results/FILE.json [part of a group's name]``.

It is what the figures in docs/workloads.md are made with. Void trials are left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from timetrial.report.text import duration

_WIDTH: Final = 40
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def figures(run: Mapping[str, Any], part: str = "") -> list[str]:
    """The lines of all groups whose name holds ``part``: a bar for each model, the fastest first, time per item."""
    groups: dict[str, dict[str, float]] = {}
    for benchmark in run["benchmarks"]:
        found = benchmark["extra_info"].get("timetrial")
        if found and not found["void"] and part in benchmark["group"]:
            groups.setdefault(benchmark["group"], {})[found["model"]] = benchmark["stats"]["median"] / found["items"]
    return [line for group, models in groups.items() for line in (f"{group}, time per item", *_bars(models))]


def _bars(seconds_by_model: Mapping[str, float]) -> Iterable[str]:
    longest_s, widest = max(seconds_by_model.values()), max(map(len, seconds_by_model))
    for model, seconds in sorted(seconds_by_model.items(), key=lambda each: each[1]):
        yield f"  {model:{widest}}  {duration(seconds):>7}  {_bar(seconds / longest_s)}"


def _bar(share: float) -> str:
    """At least a thin line, so that the fastest is seen beside what takes a thousand times as long."""
    eighths = max(1, round(share * _WIDTH * 8))
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


if __name__ == "__main__":
    print("\n".join(figures(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), " ".join(sys.argv[2:]))))
