"""Void trials in few lines: those that are void for the same reason, give or take its figures, are told together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from timetrial.measure.disturbance import Disturbance
from timetrial.results.standings import Entry, VoidTrial

_MOST_LINES: Final = 5
_MOST_NAMES: Final = 3
_NUMBER: Final = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w.]*\w)")


def void_lines(voids: Iterable[VoidTrial]) -> list[str]:
    """A line for each reason, at most five of a kind; each begins with ``void: ``."""
    by_kind: dict[str, dict[str, list[VoidTrial]]] = {}
    for trial in voids:
        by_shape = by_kind.setdefault(trial.void.kind, {})
        by_shape.setdefault(_NUMBER.sub("#", trial.void.reason), []).append(trial)
    return [line for by_shape in by_kind.values() for line in _of_a_kind(list(by_shape.values()))]


def disturbed_lines(entries: Iterable[Entry]) -> list[str]:
    """What disturbed trials that took turns, and are not void for it, in one line; each begins with ``disturbed: ``."""
    reasons: dict[str, list[str]] = {}
    for entry in entries:
        if entry.interleaved and not entry.void and (reason := _disturbance_of(entry)) is not None:
            reasons.setdefault(_NUMBER.sub("#", reason), []).append(reason)
    return [
        f"disturbed: {len(alike)} trials: {merged(alike)}; they took turns, so it met all models alike, and their "
        f"ratios are in pairs"
        for alike in reasons.values()
    ]


def _disturbance_of(entry: Entry) -> str | None:
    seen = entry.measurement.fairness.get("disturbance")
    return Disturbance(**seen).disturbed() if seen else None


def _of_a_kind(alike: Sequence[Sequence[VoidTrial]]) -> list[str]:
    shown = alike if len(alike) <= _MOST_LINES else alike[: _MOST_LINES - 1]
    lines = [_line(trials) for trials in shown]
    rest = sum(len(trials) for trials in alike[len(shown) :])
    if rest:
        first = alike[len(shown)][0]
        lines.append(
            f"void: {rest} more trials are void for reasons of this kind ({first.void.kind}); {first.void.fix}"
        )
    return lines


def _line(trials: Sequence[VoidTrial]) -> str:
    first = trials[0]
    if len(trials) == 1:
        return f"void: {first.group}, {first.model}: {first.void}"
    reason = merged([trial.void.reason for trial in trials])
    return f"void: {len(trials)} trials ({_names(trials)}): {reason}; {first.void.fix}"


def _names(trials: Sequence[VoidTrial]) -> str:
    names = list(dict.fromkeys(f"{trial.group}, {trial.model}" for trial in trials))
    more = f"; and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return "; ".join(names[:_MOST_NAMES]) + more


def merged(reasons: Sequence[str]) -> str:
    """One sentence of several that differ in their numbers only: a number that differs becomes a range."""
    numbers = [_NUMBER.findall(reason) for reason in reasons]
    ranges = iter([_range(each) for each in zip(*numbers, strict=True)])
    return _NUMBER.sub(lambda _: next(ranges), reasons[0])


def _range(numbers: Sequence[str]) -> str:
    ordered = sorted(numbers, key=lambda text: float(text.replace(",", "")))
    return ordered[0] if ordered[0] == ordered[-1] else f"{ordered[0]} to {ordered[-1]}"
