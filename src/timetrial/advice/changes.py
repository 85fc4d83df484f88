"""When the answer would be another one: with fewer items, or with other numbers of them at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from timetrial.advice.choice import Choice
from timetrial.results.curves import crossing
from timetrial.results.ways import Rounds, Way


@dataclass(frozen=True)
class Crossing:
    """From one concurrency to the next the fastest model changes; ``at`` is where, by interpolation."""

    before: str
    after: str
    low: int
    high: int
    at: float | None


def items_to_pay(startup_s: float, s_per_item: float, reference_s_per_item: float) -> int | None:
    """From how many items on starting the workers pays, where they are started anew; None where it never does.

    However many workers there are, they are not done sooner than one of them with its item.
    """
    gain_s = reference_s_per_item - s_per_item
    if gain_s <= 0:
        return None
    by_pace = math.ceil(startup_s / gain_s)
    by_first = math.ceil((startup_s + reference_s_per_item) / reference_s_per_item)
    return max(by_pace, by_first)


def crossings(rounds: Rounds) -> list[Crossing]:
    """Between two concurrencies at which different models win clearly; a tie decides nothing."""
    wins = [(level, winner) for level in _levels(rounds) if (winner := _clear_winner(rounds, level)) is not None]
    return [
        Crossing(before.model, after.model, low, high, _at(rounds, low, high, before, after))
        for (low, before), (high, after) in pairwise(wins)
        if before.model != after.model
    ]


def keeps_up_from(rounds: Rounds, choice: Choice) -> int | None:
    """The lowest concurrency at which the advised model already beats the reference clearly."""
    if choice.reference is None or choice.is_reference:
        return None
    own = sorted((way for way in rounds.of if way.model == choice.advised.model), key=lambda way: way.concurrency)
    for way in own:
        lead = rounds.lead(choice.reference, way)
        if lead is not None and not lead.tie and lead.ratio > 1:
            return way.concurrency
    return None


def _levels(rounds: Rounds) -> list[int]:
    return sorted({way.concurrency for way in rounds.of if not way.is_serial})


def _clear_winner(rounds: Rounds, level: int) -> Way | None:
    ways = [way for way in rounds.of if way.concurrency == level or way.is_serial]
    fastest = rounds.fastest(ways)
    if fastest is None:
        return None
    leads = [rounds.lead(way, fastest) for way in ways if way != fastest]
    return fastest if leads and all(lead is not None and not lead.tie for lead in leads) else None


def _at(rounds: Rounds, low: int, high: int, before: Way, after: Way) -> float | None:
    """Both models' medians at both ends, as far as they were measured there."""
    times = [
        rounds.median_s(way) if rounds.of.get(way) else None
        for level in (low, high)
        for way in (_as_at(before, level), _as_at(after, level))
    ]
    if None in times:
        return None
    one_low, other_low, one_high, other_high = (each for each in times if each is not None)
    return crossing(low, high, other_low / one_low, other_high / one_high)


def _as_at(way: Way, level: int) -> Way:
    return way if way.is_serial else Way(way.model, level)
