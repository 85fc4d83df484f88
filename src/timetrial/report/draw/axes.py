"""A chart's frame: where the plot lies, its grid, and what stands at its axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from timetrial.languages import Text
from timetrial.report.draw.scales import Scale
from timetrial.report.draw.svg import element, number, text

CHARACTER_PX: Final = 6.9
"""About the width of a character in a chart's labels."""


@dataclass(frozen=True)
class Frame:
    """The plot's edges within the picture, in pixels."""

    width: float
    height: float
    left: float
    right: float
    top: float = 28.0
    bottom: float = 38.0

    @property
    def x_px(self) -> tuple[float, float]:
        """The plot's left and right end."""
        return self.left, self.width - self.right

    @property
    def y_px(self) -> tuple[float, float]:
        """The plot's lower and upper end."""
        return self.height - self.bottom, self.top


def grid(frame: Frame, x: Scale, y: Scale, x_label: Callable[[Any], str], y_label: Callable[[Any], str]) -> str:
    """Hairlines across at the y axis's ticks, ticks along x, and their labels."""
    (left, right), (bottom, _) = frame.x_px, frame.y_px
    lines = f"M{left:.0f} {bottom:.0f}H{right:.0f}"
    beside, below = "", ""
    for value in y.ticks():
        lines += f"M{left:.0f} {number(y(value))}H{right:.0f}"
        beside += text(y_label(value), (0, round(y(value) + 4)))
    for value in x.ticks():
        lines += f"M{number(x(value))} {bottom:.0f}v4"
        below += text(x_label(value), (round(x(value)), 0))
    labels = element("g", beside, class_="n end", transform=f"translate({left - 6:.0f})")
    labels += element("g", below, class_="n mid", transform=f"translate(0,{bottom + 16:.0f})")
    return element("path", d=lines, class_="grid") + labels


def axis_names(frame: Frame, x: Text, y: Text) -> str:
    """What is shown: y above its axis, x below its middle."""
    left, right = frame.x_px
    return text(y, (0.0, 12.0), "axis") + text(x, ((left + right) / 2, frame.height - 5), "axis", "middle")


def widest(labels: list[str]) -> float:
    """The room in pixels that the longest of these takes."""
    return CHARACTER_PX * max(map(len, labels), default=0)
