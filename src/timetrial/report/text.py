"""Figures and tables as text for people."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from timetrial.report.escaped import cut_in_the_middle, in_terminal

_UNITS = ((1.0, "s", 1.0), (1e-3, "ms", 1e3), (1e-6, "µs", 1e6), (0.0, "ns", 1e9))
_MINUTE_S = 60
_GAP = 2
_NARROWEST = 24


def duration(seconds: float) -> str:
    """A duration to three digits: ``12.3 ms``, ``1.20 s``."""
    shown = float(f"{seconds:.2e}")  # what rounds up to a whole unit is shown in that unit
    for least, unit, factor in _UNITS:
        if shown >= least:
            return f"{three_digits(seconds * factor)} {unit}"
    return f"{seconds} s"


def size(count_bytes: float) -> str:
    """A size to three digits: ``512 B``, ``1.20 MB``."""
    for power, unit in ((3, "GB"), (2, "MB"), (1, "kB")):
        if float(f"{abs(count_bytes):.2e}") >= 1000**power:
            return f"{three_digits(count_bytes / 1000**power)} {unit}"
    return f"{count_bytes:.0f} B"


def three_digits(value: float) -> str:
    """Three significant digits without an exponent: ``1.23``, ``12.3``, ``1234``."""
    if value >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def times(ratio: float | None) -> str:
    """A ratio as ``3.91x``, or a dash where there is none."""
    return "-" if ratio is None else f"{three_digits(ratio)}x"


def about(seconds: float) -> str:
    """A time to wait, roughly: ``40 s``, ``3 min``."""
    return f"{max(1, round(seconds))} s" if seconds < 2 * _MINUTE_S else f"{round(seconds / _MINUTE_S)} min"


def _room() -> int | None:
    """How wide a line may be on a terminal; elsewhere, in a log or a file, nothing is cut."""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None


def few(lines: Sequence[str], most: int = 5) -> list[str]:
    """As many lines of one kind as a reader looks at, and how many more there are, indented as they are."""
    if len(lines) <= most:
        return list(lines)
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return [*lines[:most], f"{indent}… and {len(lines) - most} more"]


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Rows of cells as aligned lines; the columns numbered in ``right`` are aligned to the right."""
    if not rows:
        return []
    rows = [[in_terminal(cell) for cell in row] for row in rows]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    room = _room()
    if room is not None and (over := sum(widths) + _GAP * (len(widths) - 1) - room) > 0:
        widths[0] = min(widths[0], max(_NARROWEST, widths[0] - over))
        rows = [[cut_in_the_middle(row[0], widths[0]), *row[1:]] for row in rows]
    return [
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
