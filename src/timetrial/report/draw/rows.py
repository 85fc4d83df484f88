"""A chart of named rows along one scale: dots with intervals, ranges, or stacked parts; a name each, no legend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.languages import Text
from timetrial.report.draw.axes import CHARACTER_PX
from timetrial.report.draw.marks import Look, look_of
from timetrial.report.draw.scales import Linear, Log, figures_scale
from timetrial.report.draw.svg import Point, dots, element, number, picture, text

WIDTH: Final = 420.0
_ROW_PX: Final = 17.0
_TOP_PX: Final = 24.0
_BOTTOM_PX: Final = 22.0
_LONGEST: Final = 29


@dataclass(frozen=True)
class Dot:
    """A value in a row, perhaps with an interval, perhaps hollow."""

    value: float
    low: float | None = None
    high: float | None = None
    hollow: bool = False


@dataclass(frozen=True)
class Row:
    """One row: its name, dots, or the parts of a bar from zero on, by the class of each."""

    name: str
    dots: Sequence[Dot] = ()
    parts: Sequence[tuple[str, float]] = ()
    look: Look | None = None
    continues: bool = False
    """Whether it is a second row of the model above, and needs no name of its own."""
    heading: bool = False
    """Whether it holds nothing but the name of those below."""
    note: Text | None = None
    """What a row that continues stands for."""


def draw_rows(
    rows: Sequence[Row], x_name: Text, x_label: Callable[[float], str], *, around: float | None = None
) -> tuple[str, list[Point]]:
    """The SVG, and the middle of each row; with ``around`` the scale is linear and shows as much on either side."""
    names = [_cut(row.name) for row in rows]
    widest = max(len(row.note.en) if row.note else len(name) for row, name in zip(rows, names, strict=True))
    left = min(216.0, CHARACTER_PX * widest + 14)
    scale = _scale(rows, left + 6, WIDTH - 18, around=around)
    height = _TOP_PX + _ROW_PX * len(rows) + _BOTTOM_PX
    parts = [_grid(scale, height, x_label), text(x_name, (0.0, 12.0), "axis")]
    anchors: list[Point] = []
    told: list[str] = []
    shapes: list[tuple[str, str]] = []
    marks: dict[str, list[Point]] = {}
    for index, (row, name) in enumerate(zip(rows, names, strict=True)):
        y = _TOP_PX + _ROW_PX * (index + 0.5)
        look = row.look or look_of(row.name)
        if row.heading:
            told.append(text(row.name, (8 - left, y + 4), "n start"))
            anchors.append((left, y))
            continue
        label, class_ = (row.note or "", "n") if row.continues else (name, look.fill)
        told.append(text(label, (0.0, y + 4), class_))
        shapes += _bar(row, scale, y) if row.parts else _ranges(row, scale, y, look)
        for dot in row.dots:
            marks.setdefault(look.marks(hollow=dot.hollow), []).append((scale(dot.value), y))
        anchors.append((scale(row.dots[0].value) if row.dots else (left + WIDTH) / 2, y))
    drawn = [element("path", d=dots(points), class_=class_) for class_, points in marks.items()]
    return picture(
        WIDTH,
        height,
        [
            *parts,
            *_shapes(shapes),
            *drawn,
            element("g", *told, class_="name end", transform=f"translate({number(left - 8)})"),
        ],
    ), anchors


def _scale(rows: Sequence[Row], start: float, end: float, *, around: float | None) -> Linear | Log:
    values = [
        value for row in rows for dot in row.dots for value in (dot.value, dot.low, dot.high) if value is not None
    ]
    values += [sum(size for _, size in row.parts) for row in rows if row.parts]
    if around is not None:
        widest = max((abs(value - around) for value in values), default=0.0) or 1.0
        return Linear(around - 1.1 * widest, around + 1.1 * widest, start, end, most_ticks=4)
    scale = figures_scale(values, start, end)
    if any(row.parts for row in rows):
        highest = max(values, default=1.0) or 1.0
        return Linear(0.0, highest * 1.05, start, end, most_ticks=4)
    return scale if isinstance(scale, Log) else Linear(scale.low, scale.high, start, end, most_ticks=4)


def _grid(scale: Linear | Log, height: float, label: Callable[[float], str]) -> str:
    bottom = height - _BOTTOM_PX
    lines, labels, last = "", "", -1e9
    for value in scale.ticks():
        at, told = scale(value), label(value)
        lines += f"M{number(at)} {_TOP_PX:.0f}V{bottom:.0f}"
        if at - last >= CHARACTER_PX * (len(told) + 1):
            labels += text(told, (round(at), 0))
            last = at
    return element("path", d=lines, class_="grid") + element(
        "g", labels, class_="n mid", transform=f"translate(0,{bottom + 15:.0f})"
    )


def _ranges(row: Row, scale: Linear | Log, y: float, look: Look) -> Iterator[tuple[str, str]]:
    """Path data by class."""
    for dot in row.dots:
        if dot.low is not None and dot.high is not None:
            yield f"range {look.stroke}", f"M{number(scale(dot.low))} {number(y)}H{number(scale(dot.high))}"


def _bar(row: Row, scale: Linear | Log, y: float) -> Iterator[tuple[str, str]]:
    """In whole pixels; a part that is there at all has one."""
    reached = 0.0
    for class_, size in row.parts:
        start, end = scale(reached), scale(reached + size)
        if end - start >= _THINNEST_PX:
            wide = max(1, round(end) - round(start))
            yield f"part {class_}", f"M{number(start)} {number(y - 5.5)}h{wide}v11h-{wide}z"
        reached += size


_THINNEST_PX: Final = 0.3


def _shapes(found: Iterable[tuple[str, str]]) -> list[str]:
    """One path for all shapes of a class."""
    by_class: dict[str, str] = {}
    for class_, data in found:
        by_class[class_] = by_class.get(class_, "") + data
    return [element("path", d=data, class_=class_) for class_, data in by_class.items()]


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
