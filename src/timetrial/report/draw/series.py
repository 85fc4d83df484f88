"""A chart of one benchmark over its runs: every run or bins of them, its levels, and where they change."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from timetrial.languages import Text
from timetrial.report.draw.axes import CHARACTER_PX, Frame, axis_names, grid
from timetrial.report.draw.scales import AtValues, Linear, figures_scale
from timetrial.report.draw.svg import Point, element, path, picture, text

_WIDTH: Final = 420.0
_HEIGHT: Final = 190.0
_MOST_POINTS: Final = 140


@dataclass(frozen=True)
class Level:
    """From run ``start`` up to run ``end``, which is of the next one, at ``value``; with the words for its change."""

    start: int
    end: int
    value: float
    change: str = ""


def draw_series(
    values: Sequence[float],
    levels: Sequence[Level],
    names: tuple[str, str],
    y_name: Text,
    y_label: Callable[[float], str],
) -> tuple[str, list[Point]]:
    """The SVG, and where the middle of each level is; ``names`` are the first and the last run's."""
    y_probe = figures_scale([*values], _HEIGHT, 0, from_zero=False)
    left = max(30.0, CHARACTER_PX * max(len(y_label(tick)) for tick in y_probe.ticks()) + 10)
    frame = Frame(_WIDTH, _HEIGHT, left, 14.0)
    last = max(1, len(values) - 1)
    line = Linear(0, last, frame.x_px[0] + 4, frame.x_px[1] - 4)
    x = AtValues(line, [], str)
    y = figures_scale([*values], *frame.y_px, from_zero=False)
    points = [(line(at), y(low), y(middle), y(high)) for at, low, middle, high in binned(values)]
    bottom, top = frame.y_px
    parts = [
        grid(frame, x, y, str, y_label),
        axis_names(frame, Text("", ""), y_name),
        text(names[0], (frame.x_px[0], bottom + 16), "n"),
        text(names[1], (frame.x_px[1], bottom + 16), "n", "end"),
        _spread(points),
        element("path", d=path([(at, middle) for at, _, middle, _ in points]), class_="run"),
        *(_level(each, line, y) for each in levels),
        *(_change(each, line(each.start - 0.5), bottom, top) for each in levels if each.change),
    ]
    return picture(_WIDTH, _HEIGHT, parts), [(line((each.start + each.end - 1) / 2), y(each.value)) for each in levels]


def binned(values: Sequence[float]) -> list[tuple[float, float, float, float]]:
    """At most so many places with the lowest, the middle and the highest value there: each run where they are few."""
    count = min(_MOST_POINTS, len(values))
    edges = [len(values) * at // count for at in range(count + 1)] if count else []
    bins = [(start, values[start:end]) for start, end in pairwise(edges)]
    return [(start + (len(part) - 1) / 2, min(part), statistics.median(part), max(part)) for start, part in bins]


def _spread(points: Sequence[tuple[float, float, float, float]]) -> str:
    if all(low == high for _, low, _, high in points):
        return ""
    edge = [(at, low) for at, low, _, _ in points] + [(at, high) for at, _, _, high in reversed(points)]
    return element("path", d=path(edge, closed=True), class_="band f-s")


def _level(level: Level, x: Linear, y: Callable[[float], float]) -> str:
    ends = [(x(max(0, level.start - 0.4)), y(level.value)), (x(level.end - 0.6), y(level.value))]
    return element("path", d=path(ends), class_="level")


def _change(level: Level, at: float, bottom: float, top: float) -> str:
    line = element("path", d=path([(at, bottom), (at, top)]), class_="change")
    anchor = "end" if at > _WIDTH * 0.75 else "middle"
    return line + text(level.change, (at, top - 3), "cross-name", anchor)
