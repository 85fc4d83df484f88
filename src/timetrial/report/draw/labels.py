"""Names at the ends of lines, in place of a legend: moved apart where they would lie on each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from timetrial.report.draw.marks import Look
from timetrial.report.draw.svg import Point, element, path, text

LINE_PX: Final = 13.0
_LONGEST: Final = 21


def lines_of(name: str) -> list[str]:
    """A long id in two lines: the model, and its variant."""
    base, bracket, variant = name.partition("[")
    if len(name) <= _LONGEST or not bracket:
        return [_cut(name)]
    return [_cut(base), _cut(f"[{variant}")]


def spread(wanted: Sequence[float], heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """Upper edges near those wanted, in their order, apart by their heights, between top and bottom where they fit."""
    placed: list[float] = []
    for at, _ in zip(wanted, heights, strict=True):
        least = placed[-1] + heights[len(placed) - 1] if placed else top
        placed.append(max(at, least))
    limit = bottom
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], limit - heights[index])
        limit = placed[index]
    return placed


def end_labels(ends: Mapping[str, Point], looks: Mapping[str, Look], at_x: float, top: float, bottom: float) -> str:
    """Each name to the right of its line's end, with a thread to it where it had to move."""
    names = sorted(ends, key=lambda name: ends[name][1])
    told = {name: lines_of(name) for name in names}
    heights = [LINE_PX * len(told[name]) for name in names]
    wanted = [ends[name][1] - LINE_PX / 2 for name in names]
    parts = []
    for name, y in zip(names, spread(wanted, heights, top, bottom), strict=True):
        end_x, end_y = ends[name]
        middle, look = y + LINE_PX / 2, looks[name]
        if abs(middle - end_y) > 2 or at_x - end_x > 14:
            parts.append(
                element("path", d=path([(end_x + 6, end_y), (at_x - 3, middle)]), class_=f"thread {look.stroke}")
            )
        parts += [text(line, (at_x, middle + 4 + LINE_PX * row), look.fill) for row, line in enumerate(told[name])]
    return element("g", *parts, class_="name")


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
