"""SVG elements as text, whatever stands in their attributes and between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from timetrial.languages import Text
from timetrial.report.escaped import in_html

Point = tuple[float, float]


def element(tag: str, *children: str, **attributes: object) -> str:
    """An element; ``children`` are markup already, attributes are not. ``class_`` is class, ``_`` else a hyphen."""
    told = "".join(f' {_name(name)}="{_value(value)}"' for name, value in attributes.items() if value is not None)
    inside = "".join(children)
    return f"<{tag}{told}>{inside}</{tag}>" if inside else f"<{tag}{told}/>"


def text(content: Text | str, at: Point, class_: str | None = None, anchor: str | None = None) -> str:
    """A text at a place; one in two languages is two elements, of which the page shows one."""
    x, y = (number(each) if round(each) else None for each in at)
    if isinstance(content, Text) and content.en != content.zh:
        return "".join(
            element("text", in_html(each), x=x, y=y, class_=class_, text_anchor=anchor, lang=language)
            for each, language in ((content.en, "en"), (content.zh, "zh-CN"))
        )
    return element("text", in_html(str(content)), x=x, y=y, class_=class_, text_anchor=anchor)


def path(points: Iterable[Point], *, closed: bool = False) -> str:
    """A path's data through the points."""
    told = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return f"M{told}{'Z' if closed else ''}"


def curve(points: Sequence[Point], within_px: float = 0.75) -> str:
    """A path's data through those of the points that it takes to pass all of them at no more than so far, in y.

    Each step is told from where the one before ended, which is half as long as telling every place.
    """
    kept = [points[0]]
    first = 0
    while first < len(points) - 1:
        first = max(
            at
            for at in range(first + 1, len(points))
            if at == first + 1 or _straight(points[first : at + 1], within_px)
        )
        kept.append(points[first])
    places = [(round(x), round(y)) for x, y in kept]
    steps = [f"{x2 - x1}{'' if y2 < y1 else ' '}{y2 - y1}" for (x1, y1), (x2, y2) in pairwise(places)]
    return f"M{places[0][0]} {places[0][1]}l{' '.join(steps)}"


def _straight(points: Sequence[Point], within_px: float) -> bool:
    """Whether a line from the first to the last passes all between."""
    (x1, y1), (x2, y2) = points[0], points[-1]
    slope = (y2 - y1) / (x2 - x1) if x2 > x1 else 0.0
    return all(abs(y1 + slope * (x - x1) - y) <= within_px for x, y in points)


def marks(found: Iterable[tuple[str, Sequence[Point]]]) -> list[str]:
    """Marks at points, by their classes: one element for all of a class."""
    by_class: dict[str, str] = {}
    for class_, points in found:
        by_class[class_] = by_class.get(class_, "") + dots(points)
    return [element("path", d=data, class_=class_) for class_, data in by_class.items()]


def dots(points: Sequence[Point]) -> str:
    """A path's data with a vertex at each point, for marks; of a single one, too, browsers draw it."""
    return path(points) + ("h0" if len(points) == 1 else "")


def number(value: float) -> str:
    """A coordinate in whole pixels, of which a chart has hundreds each way."""
    return f"{value:.0f}"


def picture(width: float, height: float, parts: Sequence[str], **attributes: object) -> str:
    """A whole SVG for a page, which fills the width that it is given."""
    box = f"0 0 {number(width)} {number(height)}"
    return element("svg", *parts, viewBox=box, **attributes)


def _name(name: str) -> str:
    return name if name == "viewBox" else name.rstrip("_").replace("_", "-")


def _value(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else in_html(str(value))
