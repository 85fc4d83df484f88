"""What both sides noted, held against each other: the benchmarks that run the same code, and why the others may not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from timetrial.gate.record import SameCode
from timetrial.measure.execution.digests import digest

_SHOWN: Final = 3


@dataclass(frozen=True)
class Noted:
    """Facts with their digests, and what could not be seen."""

    facts: Mapping[str, str]
    unseen: Sequence[str] = ()


@dataclass(frozen=True)
class SideNoted:
    """What a side told: what is common to all benchmarks, and each one's own."""

    common: Noted
    benchmarks: Mapping[str, Noted] = field(default_factory=dict)

    def digest_of(self, name: str) -> str | None:
        """All that a benchmark rests on, in one; None where it could not be seen whole."""
        own = self.benchmarks.get(name)
        if own is None or own.unseen or self.common.unseen:
            return None
        return digest(sorted({**self.common.facts, **own.facts}.items()))


@dataclass(frozen=True)
class Agreement:
    """``same``: the benchmarks of which all is the same; ``differing``: why another one may differ."""

    same: Mapping[str, SameCode]
    differing: Mapping[str, str]

    def lines(self) -> list[str]:
        """For whoever started the gate: what is measured, and why."""
        total = len(self.same) + len(self.differing)
        lines = [f"{len(self.same)} of {total} benchmarks run the same code on both sides"]
        for reason, count in Counter(self.differing.values()).most_common(_SHOWN):
            lines.append(f"  {count} measured: {reason}")
        if (more := len(set(self.differing.values())) - _SHOWN) > 0:
            lines.append(f"  and others, for {more} more {'reason' if more == 1 else 'reasons'}")
        return lines


def agree(base: SideNoted, candidate: SideNoted, names: Sequence[str], seed: int, lot: float) -> Agreement:
    """Who of these runs the same code; of them, the share ``lot`` is drawn to be measured all the same."""
    for_all = difference(base.common, candidate.common)
    differing = {name: reason for name in names if (reason := for_all or _own_difference(base, candidate, name))}
    same = {
        name: _rests_on(base, name, drawn=random.Random(f"{seed} lot {name}").random() < lot)
        for name in names
        if name not in differing
    }
    return Agreement(same, differing)


def _own_difference(base: SideNoted, candidate: SideNoted, name: str) -> str | None:
    own = base.benchmarks.get(name), candidate.benchmarks.get(name)
    if own[0] is None or own[1] is None:
        return "a side told nothing of it"
    return difference(own[0], own[1])


def difference(base: Noted, candidate: Noted) -> str | None:
    """The first thing in which two differ, or that could not be seen, in words; None where they are the same."""
    for each in (*base.unseen, *candidate.unseen):
        return f"can't be seen: {each}"
    for key in sorted({*base.facts, *candidate.facts}):
        if base.facts.get(key) != candidate.facts.get(key):
            return f"{key} differs"
    return None


def _rests_on(side: SideNoted, name: str, *, drawn: bool) -> SameCode:
    facts = {**side.common.facts, **side.benchmarks[name].facts}
    of = {kind: [key.partition(" ")[2] for key in sorted(facts) if key.startswith(f"{kind} ")] for kind in _KINDS}
    return SameCode(
        digest=digest(sorted(facts.items())),
        functions=len(of["function"]),
        modules=len(of["module"]),
        distributions=len(of["distribution"]),
        files=tuple(of["file"]),
        variables=tuple(of["variable"]),
        drawn=drawn,
    )


_KINDS: Final = ("function", "module", "distribution", "file", "variable")
