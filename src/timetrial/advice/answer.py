"""The whole answer for a function: what to use, why, what it costs, when it would be another one; ready to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from timetrial.advice.because import Shares, because
from timetrial.advice.changes import Crossing, crossings, items_to_pay
from timetrial.advice.choice import Choice, Rival, choose
from timetrial.languages import Text
from timetrial.results.ways import Rounds, Way
from timetrial.stats.lead import Lead

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True)
class Cost:
    """What a way takes besides time; None where that was not looked at.

    ``cpu_s_per_item`` is that of all its processes, ``memory_bytes`` their peak together.
    """

    startup_s: float | None
    cpu_s_per_item: float | None = None
    memory_bytes: int | None = None
    memory_kind: str | None = None


@dataclass(frozen=True)
class Answer:
    """``pays_from_items``: from how many items on the advised way is faster, its start included."""

    choice: Choice
    reason: Text | None
    s_per_item: Mapping[Way, float]
    costs: Mapping[Way, Cost]
    pays_from_items: int | None
    crossings: Sequence[Crossing]
    shares: Shares | None = None
    leads: Mapping[Way, Lead] = field(default_factory=dict)
    """How many times as long the reference takes, for every way that has an interval."""


def answer(
    rounds: Rounds, reference: Way | None, costs: Mapping[Way, Cost], shares: Shares | None = None
) -> Answer | None:
    """The answer, or None where there is nothing that could be compared."""
    choice = choose(rounds, reference)
    if choice is None:
        return None
    s_per_item = {way: rounds.median_s(way) for way in rounds.of if rounds.of[way]}
    one_s = s_per_item.get(reference, s_per_item[choice.advised]) if reference else s_per_item[choice.advised]
    return Answer(
        choice,
        because(choice.advised, shares, one_s) if shares is not None else None,
        s_per_item,
        costs,
        _pays_from(choice, s_per_item, costs),
        crossings(rounds),
        shares,
        _leads(rounds, reference),
    )


def _leads(rounds: Rounds, reference: Way | None) -> dict[Way, Lead]:
    if reference is None:
        return {}
    return {way: lead for way in rounds.of if way != reference and (lead := rounds.lead(reference, way)) is not None}


def _pays_from(choice: Choice, s_per_item: Mapping[Way, float], costs: Mapping[Way, Cost]) -> int | None:
    cost = costs.get(choice.advised)
    if choice.reference is None or choice.is_reference or cost is None or cost.startup_s is None:
        return None
    if choice.reference not in s_per_item:
        return None
    return items_to_pay(cost.startup_s, s_per_item[choice.advised], s_per_item[choice.reference])


def as_dict(found: Answer) -> dict[str, Any]:
    """For JSON: what to use and how sure that is."""
    choice = found.choice
    return {
        "model": choice.advised.model,
        "concurrency": choice.advised.concurrency,
        "tied_with": [_rival(each) for each in choice.tied],
        "next_best": _rival(choice.next_best) if choice.next_best else None,
        "speedup": choice.speedup.ratio if choice.speedup else 1.0 if choice.is_reference else None,
        "speedup_interval": [choice.speedup.low, choice.speedup.high] if choice.speedup else None,
        "speedup_against": asdict(choice.reference) if choice.reference else None,
        "reason": found.reason,
        "pays_from_items": found.pays_from_items,
        "crossovers": [asdict(each) for each in found.crossings],
    }


def _rival(rival: Rival) -> dict[str, Any]:
    return {
        "model": rival.way.model,
        "concurrency": rival.way.concurrency,
        "takes": rival.lead.ratio,
        "takes_interval": [rival.lead.low, rival.lead.high],
    }
