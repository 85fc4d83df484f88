"""Two ways to run a function, held against each other: their rounds take turns until the time is over.

Of many ways the one with the best median is often only the luckiest. So what an exhaustive search found is no measure
by itself: this is run afterwards, for what was advised and what was found, in a process of its own.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from timetrial import models
from timetrial.results.ways import Rounds, Way
from timetrial.search.arena import LiveArena
from timetrial.search.course import reference_of, round_size
from timetrial.search.probe import probe
from timetrial.search.proof import Proof
from timetrial.stats.lead import FEWEST, Lead
from timetrial.target.request import Request
from timetrial.target.target import target_of

_PROBE_SHARE = 1 / 20


def duel(request: Request, one: Way, other: Way, budget_s: float) -> Lead | None:
    """How many times as long ``one`` takes, by rounds in turn; at least six of each, however long they are."""
    began_s = time.monotonic()
    target = target_of(request, str)
    reference = reference_of(target.workload)
    name, way = models.resolve(reference.model, target.workload)
    with models.get(name).open(way, 1) as executor:
        probed = probe(
            executor,
            target.items.values,
            target.workload.comparable,
            budget_s * _PROBE_SHARE,
            lambda _index, _item: None,
            is_async=target.workload.task is None,
        )
    proof = Proof(probed.digests, probed.items, target.workload.comparable)
    arena = LiveArena(target.workload, probed.items, proof, round_size(probed, budget_s), _complain)
    rounds, turn = Rounds(), 0
    try:
        if not (arena.open(one) and arena.open(other)):
            return None
        while turn < FEWEST or time.monotonic() - began_s < budget_s:
            turn += 1
            rounds.add(turn, arena.turn([one, other]))
    finally:
        for each in list(arena.open_now):
            arena.close(each)
    return rounds.lead(one, other)


def _complain(event: str, **figures: Any) -> None:
    if event == "failed_way":
        print(figures, file=sys.stderr)


def main() -> int:
    """Takes the request, both ways and the budget as JSON on standard input; prints the lead as JSON, or null."""
    given = json.load(sys.stdin)
    lead = duel(Request(**given["request"]), Way(*given["one"]), Way(*given["other"]), given["budget_s"])
    print(json.dumps([lead.ratio, lead.low, lead.high, lead.rounds] if lead is not None else None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
