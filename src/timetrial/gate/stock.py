"""What there is to measure: the benchmarks of both sides, and what keeps some of them from being measured at all."""

from __future__ import annotations

from typing import Final

from timetrial.gate.lockstep.launch import Launch, Offer
from timetrial.gate.record import BenchmarkRecord, SideName, Trouble
from timetrial.gate.shards import Shard

_LACKS: Final = ("ImportError", "ModuleNotFoundError", "AttributeError")
_NOT_THERE: Final = "the base's package lacks what the test needs"


def records_of(launch: Launch, shard: Shard | None) -> list[BenchmarkRecord]:
    """An empty record for everything that either side has, or the shard's part of it; the candidate's order first."""
    base = {each.name: each for each in launch.offers[SideName.BASE]}
    candidate = {each.name: each for each in launch.offers[SideName.CANDIDATE]}
    unimported = launch.uncollected.get(SideName.BASE, {})
    names = [*candidate, *(each for each in base if each not in candidate)]
    return [
        BenchmarkRecord(
            name, trouble=_trouble_of(base.get(name), candidate.get(name), unimported.get(name.partition("::")[0]))
        )
        for name in (shard.share(names) if shard else names)
    ]


def dealt_by(launch: Launch, shard: Shard) -> str:
    """What all benchmarks of both sides are dealt to shards by."""
    return shard.dealt(sorted({each.name for offers in launch.offers.values() for each in offers}))


def lacking(trouble: Trouble) -> Trouble:
    """A failure of a test that the base has borrowed, in a word that fits: what its package lacks is new."""
    if trouble.side is SideName.BASE and trouble.kind == "failed" and trouble.reason.startswith(_LACKS):
        return Trouble("new", trouble.side, f"{_NOT_THERE}: {trouble.reason}")
    return trouble


def _trouble_of(base: Offer | None, candidate: Offer | None, unimported: str | None) -> Trouble | None:
    """What keeps a benchmark that one side or both have collected from being measured, as far as can be told now.

    ``unimported``: why the base can't import the candidate's test, where it has borrowed that.
    """
    if candidate is None:
        return Trouble("missing", SideName.CANDIDATE, "the base has it and the candidate doesn't: deleted, or renamed")
    if base is None:
        why = "the base doesn't have it yet" if unimported is None else f"{_NOT_THERE}: {unimported}"
        return Trouble("new", SideName.BASE, why)
    if base.skip and candidate.skip:
        return Trouble("skipped", None, candidate.skip)
    if base.skip or candidate.skip:
        side = SideName.BASE if base.skip else SideName.CANDIDATE
        return Trouble("skipped", side, base.skip or candidate.skip or "")
    return None
