"""A chart of lines over a size: each with its interval as a band, its marks, and its name at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from timetrial.languages import Text
from timetrial.report.draw.axes import CHARACTER_PX, Frame, axis_names, grid, widest
from timetrial.report.draw.labels import end_labels, lines_of
from timetrial.report.draw.marks import Look, looks_of
from timetrial.report.draw.scales import Scale, figures_scale, sizes_scale
from timetrial.report.draw.svg import Point, dots, element, path, picture, text

WIDTH: Final = 420.0
HEIGHT: Final = 264.0
_FEW: Final = 6
_MORE_PX: Final = 14.0
"""How much higher a chart is for each line beyond a few."""


@dataclass(frozen=True)
class Spot:
    """A measured point with the ends of its interval; one that is void is shown hollow, and no line leads there."""

    x: Any
    y: float
    low: float
    high: float
    void: bool = False


@dataclass(frozen=True)
class Rule:
    """A line that is no measurement, such as an ideal: through these points, with its name above one of them."""

    points: Sequence[tuple[Any, float]]
    name: Text
    named_at: int
    """Which of the points."""
    anchor: str
    """Which end of the name stands there: start or end."""


@dataclass(frozen=True)
class Lines:
    """What to draw: the spots of each model, in the order of x, which are among ``xs``."""

    xs: Sequence[Any]
    series: Mapping[str, Sequence[Spot]]
    x_name: Text
    y_name: Text
    x_label: Callable[[Any], str]
    y_label: Callable[[float], str]
    crossings: Sequence[tuple[Any, str]] = ()
    """Where the fastest model changes, and the words for it."""
    rules: Sequence[Rule] = field(default=())


@dataclass(frozen=True)
class Drawn:
    """The picture, and where each of ``xs`` is."""

    svg: str
    anchors: Sequence[Point]


def draw_lines(chart: Lines) -> Drawn:
    """The chart as SVG."""
    labels = [line for name in chart.series for line in lines_of(name)]
    right = min(150.0, widest(labels) + 16)
    ys = [value for spots in chart.series.values() for spot in spots for value in (spot.y, spot.low, spot.high)]
    ys += [y for rule in chart.rules for _, y in rule.points]
    probe = figures_scale(ys, HEIGHT, 0)
    left = max(30.0, CHARACTER_PX * max(len(chart.y_label(tick)) for tick in probe.ticks()) + 10)
    height = HEIGHT + _MORE_PX * max(0, len(chart.series) - _FEW)
    frame = Frame(WIDTH, height, left, right)
    x = sizes_scale(chart.xs, frame.x_px[0] + 8, frame.x_px[1] - 4, chart.x_label)
    y = figures_scale(ys, *frame.y_px)
    looks = looks_of([*chart.series])
    parts = [
        grid(frame, x, y, chart.x_label, chart.y_label),
        axis_names(frame, chart.x_name, chart.y_name),
        *(_crossing(at, told, frame, x) for at, told in chart.crossings),
        *(_rule(rule, x, y) for rule in chart.rules),
        *(_band(spots, looks[name], x, y, few=len(chart.series) <= _FEW) for name, spots in chart.series.items()),
        *(_line(spots, looks[name], x, y) for name, spots in chart.series.items()),
    ]
    ends = {name: (x(spots[-1].x), y(spots[-1].y)) for name, spots in chart.series.items() if spots}
    parts.append(end_labels(ends, looks, frame.x_px[1] + 10, frame.top - 8, frame.y_px[0] + 3))
    bottom, top = frame.y_px
    return Drawn(picture(WIDTH, height, parts), [(x(value), (top + bottom) / 2) for value in chart.xs])


def _band(spots: Sequence[Spot], look: Look, x: Scale, y: Scale, *, few: bool) -> str:
    fair = [spot for spot in spots if not spot.void]
    if len(fair) < 2 or all(spot.low == spot.high for spot in fair):
        return ""
    edge = [(x(spot.x), y(spot.low)) for spot in fair] + [(x(spot.x), y(spot.high)) for spot in reversed(fair)]
    return element("path", d=path(edge, closed=True), class_=f"band{'' if few else ' thin'} {look.fill}")


def _line(spots: Sequence[Spot], look: Look, x: Scale, y: Scale) -> str:
    fair = [(x(spot.x), y(spot.y)) for spot in spots if not spot.void]
    void = [(x(spot.x), y(spot.y)) for spot in spots if spot.void]
    class_ = f"line {look.stroke} {look.marks()}"
    line = element("path", d=dots(fair), class_=class_, stroke_dasharray=look.dash) if fair else ""
    return line + (element("path", d=dots(void), class_=look.marks(hollow=True)) if void else "")


def _rule(rule: Rule, x: Scale, y: Scale) -> str:
    points = [(x(at), y(value)) for at, value in rule.points]
    at_x, at_y = points[rule.named_at]
    name = text(rule.name, (at_x, at_y - 5), "rule-name", rule.anchor)
    return element("path", d=path(points), class_="rule") + name


def _crossing(at: Any, told: str, frame: Frame, x: Scale) -> str:
    bottom, top = frame.y_px
    place = x(at)
    line = element("path", d=path([(place, bottom), (place, top)]), class_="cross")
    return line + text(told, (place, top - 2), "cross-name", "middle")
