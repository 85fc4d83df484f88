"""A chart of two figures against each other, with the front that nothing beats in both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.languages import Text
from timetrial.report.draw.axes import CHARACTER_PX, Frame, axis_names, grid
from timetrial.report.draw.labels import LINE_PX
from timetrial.report.draw.marks import look_of
from timetrial.report.draw.scales import Linear, Log, figures_scale
from timetrial.report.draw.svg import Point, element, marks, path, picture, text

_WIDTH: Final = 420.0
_HEIGHT: Final = 264.0


@dataclass(frozen=True)
class Place:
    """A model at its two figures; ``label`` is its name with what sets it apart."""

    model: str
    label: str
    x: float
    y: float


def front(places: Sequence[Place]) -> list[Place]:
    """Those that no other beats: less of x and at least as much of y, or as little of x and more of y."""
    found: list[Place] = []
    for place in sorted(places, key=lambda each: (each.x, -each.y)):
        if not found or place.y > found[-1].y:
            found.append(place)
    return found


def draw_scatter(
    places: Sequence[Place],
    x_name: Text,
    y_name: Text,
    x_label: Callable[[float], str],
    y_label: Callable[[float], str],
) -> tuple[str, list[Point]]:
    """The SVG, and where each place is."""
    y_probe = figures_scale([place.y for place in places], _HEIGHT, 0)
    left = max(30.0, CHARACTER_PX * max(len(y_label(tick)) for tick in y_probe.ticks()) + 10)
    frame = Frame(_WIDTH, _HEIGHT, left, 18.0)
    x = _with_room(figures_scale([place.x for place in places], *frame.x_px, from_zero=False))
    y = figures_scale([place.y for place in places], *frame.y_px)
    at = [(x(place.x), y(place.y)) for place in places]
    best = front(places)
    parts = [
        grid(frame, x, y, x_label, y_label),
        axis_names(frame, x_name, y_name),
        element("path", d=path([(x(place.x), y(place.y)) for place in best]), class_="front"),
        *marks(
            (look_of(place.model).marks(hollow=place not in best), [point])
            for place, point in zip(places, at, strict=True)
        ),
        _names(places, at, frame),
    ]
    return picture(_WIDTH, _HEIGHT, parts), at


def _with_room(scale: Linear | Log) -> Linear | Log:
    kind = type(scale)
    return kind(scale.low, scale.high, scale.start_px, scale.end_px, most_ticks=4)


def _names(places: Sequence[Place], at: Sequence[Point], frame: Frame) -> str:
    """Beside each mark, on the side with room; one that would lie on another is left to the table."""
    taken: list[tuple[float, float, float, float]] = [(x - 5, y - 5, x + 5, y + 5) for x, y in at]
    parts = []
    for place, (x, y) in sorted(zip(places, at, strict=True), key=lambda each: each[1][1]):
        width = CHARACTER_PX * len(place.label)
        for side, start in (("start", x + 8), ("end", x - 8 - width)):
            box = (start, y - LINE_PX / 2, start + width, y + LINE_PX / 2)
            inside = box[0] >= frame.left and box[2] <= frame.width
            own = (x - 5, y - 5, x + 5, y + 5)
            if inside and not any(_overlap(box, other) for other in taken if other != own):
                taken.append(box)
                place_x = x + 8 if side == "start" else x - 8
                anchor = "end" if side == "end" else None
                parts.append(text(place.label, (place_x, y + 4), look_of(place.model).fill, anchor))
                break
    return element("g", *parts, class_="name")


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
