"""Which way to use: the fastest, or the simplest of those that nobody can tell from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from timetrial.results.ways import Rounds, Way
from timetrial.stats.lead import SMALL, Lead


@dataclass(frozen=True)
class Rival:
    """Another way, and how many times as long it takes as the one that is advised: below 1, it gains something."""

    way: Way
    lead: Lead


@dataclass(frozen=True)
class Choice:
    """What to use.

    ``tied`` are those of other models that can't be told from the fastest, simplest first; ``next_best`` is the best
    that can. ``speedup`` is how many times as long the reference takes.
    """

    advised: Way
    reference: Way | None
    speedup: Lead | None
    tied: tuple[Rival, ...]
    next_best: Rival | None

    @property
    def is_reference(self) -> bool:
        """Whether doing one thing after the other is the advice."""
        return self.advised == self.reference


def choose(rounds: Rounds, reference: Way | None) -> Choice | None:
    """The choice, or None where there are fewer than two ways with rounds enough to be compared."""
    ways = [way for way, of in rounds.of.items() if len(of) >= rounds.fewest]
    fastest = rounds.fastest(ways)
    if fastest is None or len(ways) < 2:
        return None
    leads = {way: lead for way in ways if way != fastest and (lead := rounds.lead(way, fastest)) is not None}
    if not leads:
        return None
    tied = [fastest, *(way for way, lead in leads.items() if lead.tie)]
    advised = _fewest_at_once(rounds, min(tied, key=lambda way: way.complexity).model, tied)
    others = _best_of_each_model(rounds, (way for way in ways if way.model != advised.model))
    rivals = [Rival(way, lead) for way in others if (lead := rounds.lead(way, advised)) is not None]
    behind = [each for each in rivals if each.way not in tied]
    return Choice(
        advised,
        reference,
        rounds.lead(reference, advised) if reference is not None and reference != advised else None,
        tuple(sorted((each for each in rivals if each.way in tied), key=lambda each: each.way.complexity)),
        min(behind, key=lambda each: each.lead.ratio, default=None),
    )


def _fewest_at_once(rounds: Rounds, model: str, tied: Iterable[Way]) -> Way:
    """Of the advised model's tied ways the one with the fewest items in flight that keeps up with the best of them."""
    own = sorted((way for way in tied if way.model == model), key=lambda way: way.concurrency)
    best = min(own, key=rounds.median_s)
    return next(way for way in own if way == best or rounds.median_s(way) < SMALL * rounds.median_s(best))


def _best_of_each_model(rounds: Rounds, ways: Iterable[Way]) -> list[Way]:
    found: dict[str, list[Way]] = {}
    for way in ways:
        found.setdefault(way.model, []).append(way)
    return [best for own in found.values() if (best := rounds.fastest(own)) is not None]
