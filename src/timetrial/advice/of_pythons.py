"""Which Python to use, with which model at which concurrency, from launches in which several took turns."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from timetrial.environment.identity import PythonIdentity
from timetrial.results.ways import Way
from timetrial.stats.lead import Lead
from timetrial.stats.signed_rank import launch_effect, shift_interval

Turns = Mapping[int, float]
"""Seconds an item in one launch, by turn."""


@dataclass(frozen=True, eq=False)
class Contender:
    """A way under a Python.

    ``name`` is the Python's, and its own: two environments of one version are told apart. ``launches`` are its turns
    in each launch, none where it had no part in one.
    """

    name: str
    python: PythonIdentity
    way: Way
    launches: Sequence[Turns]
    is_reference: bool
    """Whether this is one item after the other."""

    @property
    def s_per_item(self) -> float:
        """The median over launches of their medians; it must have one."""
        return statistics.median(statistics.median(turns.values()) for turns in self.launches if turns)

    @property
    def sorts(self) -> tuple[bool, tuple[int, int, int, str]]:
        """What comes first where two tie: what is a fair baseline, then the simpler model."""
        return self.python.is_no_fair_baseline, self.way.complexity

    def __str__(self) -> str:
        """In words: ``CPython 3.14.0 with threads, 8 at once``."""
        if self.way.is_serial:
            return f"{self.name}, one item after the other"
        at = f"{self.way.concurrency} at once" if self.way.concurrency > 1 else "one at a time"
        return f"{self.name} with {self.way.model}, {at}"


@dataclass(frozen=True)
class Behind:
    """Another contender, and how many times as long it takes as the one that is advised."""

    contender: Contender
    lead: Lead


@dataclass(frozen=True)
class PythonAnswer:
    """What to use.

    ``base`` is the name of the Python that tables compare with: the first one that is a fair baseline. ``tied`` can't
    be told from the fastest, ``next_best`` is the best that can. ``leads`` are how many times as fast each contender
    is as the base's of its kind, where both have launches enough.
    """

    advised: Contender
    base: str
    tied: Sequence[Behind]
    next_best: Behind | None
    best: Sequence[Contender]
    """Each Python's best, the fastest first."""
    serial: Sequence[Contender]
    """Each Python's reference, the fastest first."""
    leads: Mapping[Contender, Lead]


def lead(slower: Contender, faster: Contender) -> Lead | None:
    """How many times as long ``slower`` takes: its interval is that of the launches, of which each is one ratio.

    None for fewer than six launches that both had a part in, and where the clock saw no time pass.
    """
    effects = [
        launch_effect([fast[turn] for turn in common], [slow[turn] for turn in common])
        for slow, fast in zip(slower.launches, faster.launches, strict=True)
        if (common := sorted(turn for turn in slow.keys() & fast.keys() if slow[turn] > 0 and fast[turn] > 0))
    ]
    interval = shift_interval(effects) if effects else None
    if interval is None or not math.isfinite(interval.low):
        return None
    ratio, low, high = (math.exp(each) for each in interval[:3])
    return Lead(ratio, low, high, len(effects), paired=True)


def python_answer(contenders: Iterable[Contender]) -> PythonAnswer | None:
    """The answer, or None where fewer than two Pythons have launches enough to be compared.

    A Python's best may be its reference: then it has that one contender.
    """
    measured = [each for each in contenders if any(each.launches)]
    best = _best_of_each(measured)
    if len(best) < 2:
        return None
    fastest = _fastest(best)
    leads = {each: found for each in best if each is not fastest and (found := lead(each, fastest)) is not None}
    if not leads:
        return None
    tied = [fastest, *(each for each, found in leads.items() if found.tie)]
    advised = min(tied, key=lambda each: each.sorts)
    behind = [Behind(each, found) for each in best if each is not advised and (found := lead(each, advised))]
    clear = [each for each in behind if each.contender not in tied]
    base = next((each.name for each in measured if not each.python.is_no_fair_baseline), measured[0].name)
    serial = sorted((each for each in measured if each.is_reference), key=lambda each: each.s_per_item)
    return PythonAnswer(
        advised,
        base,
        [each for each in behind if each.contender in tied],
        min(clear, key=lambda each: each.lead.ratio, default=None),
        sorted(best, key=lambda each: each.s_per_item),
        serial,
        {**_leads(best, base), **_leads(serial, base)},
    )


def _best_of_each(contenders: Sequence[Contender]) -> list[Contender]:
    """Of each Python the one that isn't its reference, unless it has no other."""
    found: dict[str, Contender] = {}
    for each in contenders:
        known = found.get(each.name)
        if known is None or known.is_reference:
            found[each.name] = each
    return list(found.values())


def _fastest(contenders: Sequence[Contender]) -> Contender:
    """The one whose launches beat the others'; medians decide where launches are too few."""
    fastest = contenders[0]
    for each in contenders[1:]:
        found = lead(fastest, each)
        if found.ratio > 1 if found is not None else each.s_per_item < fastest.s_per_item:
            fastest = each
    return fastest


def _leads(contenders: Sequence[Contender], base: str) -> dict[Contender, Lead]:
    against = next((each for each in contenders if each.name == base), None)
    if against is None:
        return {}
    return {each: found for each in contenders if each is not against and (found := lead(against, each)) is not None}
