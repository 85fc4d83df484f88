"""A chart of whole distributions: what so many percent of all items take at most, with room for the tail."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.languages import Text
from timetrial.report.draw.axes import CHARACTER_PX, Frame, axis_names, grid, widest
from timetrial.report.draw.labels import end_labels, lines_of
from timetrial.report.draw.marks import Look, looks_of
from timetrial.report.draw.scales import Scale, figures_scale
from timetrial.report.draw.svg import Point, curve, element, marks, picture

_WIDTH: Final = 420.0
_HEIGHT: Final = 264.0
_TICKS: Final = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999)
_MARKED: Final = (50.0, 99.0)
"""Where lines have their marks, and at their ends."""


@dataclass(frozen=True)
class Distribution:
    """One line: percentages below 100, each with what so many items take at most, both rising; two at least.

    One that is ``beside`` another of the same model, such as the closed loop beside the open one, has its name there.
    """

    model: str
    quantiles: Sequence[Point]
    beside: bool = False


@dataclass(frozen=True)
class Tail:
    """Percentages by what is left above them, logarithmic: a scale on which 90, 99 and 99.9 stand equally far apart."""

    last: float
    """The highest of them, below 100."""
    start_px: float
    end_px: float

    def __call__(self, value: float) -> float:
        """The pixel of a percentage."""
        return self.start_px + math.log1p(-value / 100) / math.log1p(-self.last / 100) * (self.end_px - self.start_px)

    def ticks(self) -> Sequence[float]:
        """0, 50, and as many nines as there are."""
        return [each for each in _TICKS if each <= self.last]


def draw_distributions(
    lines: Sequence[Distribution], x_name: Text, y_name: Text, y_label: Callable[[float], str]
) -> tuple[str, list[Point]]:
    """The SVG, and where each line ends."""
    names = [*dict.fromkeys(line.model for line in lines)]
    ys = [y for line in lines for _, y in line.quantiles]
    right = min(150.0, widest([part for name in names for part in lines_of(name)]) + 16)
    left = max(30.0, CHARACTER_PX * max(len(y_label(tick)) for tick in figures_scale(ys, _HEIGHT, 0).ticks()) + 10)
    frame = Frame(_WIDTH, _HEIGHT, left, right)
    x = Tail(max(line.quantiles[-1][0] for line in lines), frame.x_px[0] + 8, frame.x_px[1] - 4)
    y = figures_scale(ys, *frame.y_px)
    looks = looks_of(names)
    ends = [(x(at), y(value)) for at, value in (line.quantiles[-1] for line in lines)]
    named = {line.model: end for line, end in zip(lines, ends, strict=True) if not line.beside}
    parts = [
        grid(frame, x, y, lambda value: f"{value:g}%", y_label),
        axis_names(frame, x_name, y_name),
        *(_line(line, looks[line.model], x, y) for line in lines),
        *marks((looks[line.model].marks(hollow=line.beside), _marked(line, x, y)) for line in lines),
        end_labels(named, looks, frame.x_px[1] + 10, frame.top - 8, frame.y_px[0] + 3),
    ]
    return picture(_WIDTH, _HEIGHT, parts), ends


def _line(line: Distribution, look: Look, x: Scale, y: Scale) -> str:
    points = [(x(at), y(value)) for at, value in line.quantiles]
    class_ = f"line{' beside' if line.beside else ''} {look.stroke}"
    return element("path", d=curve(points), class_=class_, stroke_dasharray=None if line.beside else look.dash)


def _marked(line: Distribution, x: Scale, y: Scale) -> list[Point]:
    last = line.quantiles[-1]
    return [(x(at), y(value)) for at, value in line.quantiles if at in _MARKED or (at, value) == last]
