"""How figures read on the page, the same in both languages."""

from __future__ import annotations

from timetrial.languages import Text
from timetrial.report.draw.same import same
from timetrial.report.text import duration, size, three_digits
from timetrial.stats.lead import Lead

NOTHING = same("–")


def ratio(value: float) -> str:
    """``3.91×``."""
    return f"{three_digits(value)}×"


def span(low: float, high: float) -> str:
    """The ends of an interval of ratios: ``3.80–4.05``."""
    return f"{three_digits(low)}–{three_digits(high)}"


def with_span(lead: Lead | None) -> Text:
    """A ratio with its interval of 95 %."""
    return NOTHING if lead is None else same(f"{ratio(lead.ratio)} ({span(lead.low, lead.high)})")


def rate(per_s: float) -> str:
    """Items a second: ``12.6k/s``."""
    for power, letter in ((9, "G"), (6, "M"), (3, "k")):
        if float(f"{per_s:.2e}") >= 10**power:
            return f"{three_digits(per_s / 10**power)}{letter}/s"
    return f"{three_digits(per_s)}/s"


def rate_tick(per_s: float) -> str:
    """The same on an axis, whose name has the unit: ``5k``, ``0.2``."""
    for power, letter in ((9, "G"), (6, "M"), (3, "k")):
        if per_s >= 10**power * 0.9999:
            return f"{per_s / 10**power:.3g}{letter}"
    return f"{per_s:.3g}"


def duration_tick(seconds: float) -> str:
    """``5 ms`` on an axis."""
    for least, unit, factor in ((1.0, "s", 1.0), (1e-3, "ms", 1e3), (1e-6, "µs", 1e6)):
        if seconds >= least * 0.9999:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns" if seconds else "0"


def size_tick(count_bytes: float) -> str:
    """``50 MB`` on an axis."""
    for power, unit in ((3, "GB"), (2, "MB"), (1, "kB")):
        if count_bytes >= 1000**power * 0.9999:
            return f"{count_bytes / 1000**power:.3g} {unit}"
    return f"{count_bytes:.3g} B"


def plain(value: object) -> str:
    """What was varied, as it is written in a test: ``64``, ``0.5``, ``wait``."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def plain_tick(value: object) -> str:
    """The same on an axis, where long numbers take too much room: ``300k``."""
    if isinstance(value, int) and value >= _LONG:
        return rate_tick(value)
    return plain(value)


_LONG = 10_000


def roughly(value: float) -> str:
    """What was interpolated, to two digits: ``6.5``, ``140``, ``6,500``."""
    return f"{float(f'{value:.2g}'):,g}"


def seconds(value: float | None) -> Text:
    """A duration, or a dash."""
    return NOTHING if value is None else same(duration(value))


def bytes_(value: float | None) -> Text:
    """A size, or a dash."""
    return NOTHING if value is None else same(size(value))
