"""Curves as tables: a row for each value of the swept parameter, a column for each model, and where they cross."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from timetrial.report.text import columns, duration, three_digits, times
from timetrial.results.curves import Crossover, Reading, Shape


def curve_lines(shapes: Iterable[Shape]) -> list[str]:
    """The lines of all tables; the fastest at each value is named with its lead over the next best."""
    lines: list[str] = []
    for shape in shapes:
        others = "".join(f" {name}={value}" for name, value in shape.at.items())
        lines += [f"{shape.workload} over {shape.parameter}{others}", *_table(shape)]
        lines += [f"  {_crossover(each, shape.parameter)}" for each in shape.crossovers()]
    return lines


def _table(shape: Shape) -> list[str]:
    head = [shape.parameter, *shape.curves, "fastest", "lead"]
    rows = [_row(shape, value) for value in shape.values]
    return [f"  {line}" for line in columns([head, *rows], right=range(1 + len(shape.curves)))]


def _row(shape: Shape, value: Any) -> Sequence[str]:
    win = shape.winner(value)
    readings = [curve.get(value) for curve in shape.curves.values()]
    times_per_item = [_cell(reading) for reading in readings]
    return [str(value), *times_per_item, "tie" if win.tie else win.model or "all void", times(win.lead)]


def _cell(reading: Reading | None) -> str:
    if reading is None:
        return "-"
    return "void" if reading.void else duration(reading.s_per_item)


def _crossover(each: Crossover, parameter: str) -> str:
    where = f"at about {three_digits(each.at)}" if each.at is not None else "somewhere"
    return f"{each.before} -> {each.after}: {where}, between {parameter} {each.low} and {each.high}"
