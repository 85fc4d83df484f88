"""The figures in a page of Markdown, drawn anew from what was measured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from benchmarks.figures.draw import Group, bars, table
from timetrial.results.history import machine_label

# A figure is indented as code is, its first line names the group, and all others are indented further.
_FIGURE: Final = re.compile(r"^ {4}(\S.*)\n(?: {6}.*(?:\n|\Z))+", re.MULTILINE)
_GROUP: Final = re.compile(r"  |, ")  # what comes after a group's name in a table's head
_MEASURED: Final = re.compile(r"^Measured on .*$", re.MULTILINE)


class Redrawn(NamedTuple):
    """A page with its figures drawn anew, how many they are, and the names of those that there is nothing for."""

    text: str
    figures: int
    missing: tuple[str, ...]


def redrawn(page: str, groups: Mapping[str, Group]) -> Redrawn:
    """Draws each figure as it is in the page, bars or a table; one that was not measured stays as it is."""
    missing: list[str] = []
    figures = 0

    def drawn(found: re.Match[str]) -> str:
        nonlocal figures
        name = _GROUP.split(found[1])[0]
        group = groups.get(name, Group())
        draw = bars if name == found[1] else table
        lines = draw(name, group) if group.timed else []
        if not lines:
            missing.append(found[1])
            return found[0]
        figures += 1
        return "".join(f"    {line}\n" for line in lines)

    text = _FIGURE.sub(drawn, page)
    return Redrawn(text, figures, tuple(missing))


def with_where(page: str, run: Mapping[str, Any]) -> str:
    """Says in the line that begins with "Measured on" when and where that was."""
    return _MEASURED.sub(lambda _: where(run), page)


def where(run: Mapping[str, Any]) -> str:
    """A run's day, Python and machine in a sentence."""
    day = datetime.fromisoformat(run["datetime"])
    return f"Measured on {day.day} {day:%B %Y} with {machine_label(run['timetrial'].get('environment') or {})}."
