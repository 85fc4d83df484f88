"""One gate on several machines: each measures a share of the benchmarks, and all are judged together, by one alpha."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from timetrial.errors import GateError, ResultsError
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, SideName
from timetrial.gate.store import StoredGate
from timetrial.gate.variants import by_family
from timetrial.measure.execution.digests import digest

_SHARD: Final = re.compile(r"(\d+)/(\d+)")
_MOST: Final = 1000
_BY_TIME: Final = ("detect", "flag", "screen_launches", "confirm_launches")
"""What the time of a shard may have changed: the largest counts for all."""


@dataclass(frozen=True)
class Shard:
    """The ``number``-th of ``of`` shares, from 1.

    ``times``: what benchmarks are expected to take, by name, in any unit; those that aren't in it take as its median.
    """

    number: int
    of: int
    times: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def share(self, names: Sequence[str]) -> list[str]:
        """Its part of the benchmarks, in their order: the same division on every machine that has the same names.

        Variants of a test stay together, since they are judged together. The longest tests are dealt first, each to the
        share that has least (Graham, SIAM Journal on Applied Mathematics 17, 1969). Where nothing is known of their
        times, benchmarks count alike: a gate gives each about as long.
        """
        usual = statistics.median(self.times.values()) if self.times else 1.0
        families = by_family(sorted(names))
        took = {test: sum(self.times.get(name, usual) for name in each) for test, each in families.items()}
        shares: list[set[str]] = [set() for _ in range(self.of)]
        loads = [0.0] * self.of
        for test in sorted(families, key=lambda each: (-took[each], each)):
            least = loads.index(min(loads))
            shares[least].update(families[test])
            loads[least] += took[test]
        return [name for name in names if name in shares[self.number - 1]]

    def dealt(self, names: Sequence[str]) -> str:
        """What the division of these follows from, as a digest: machines that have the same divide alike."""
        return digest(sorted(names), sorted(self.times.items()))

    def policy(self, policy: GatePolicy) -> GatePolicy:
        """The policy that decides how long a shard measures: its part of alpha, as if the others had as much open."""
        return replace(policy, alpha=policy.alpha / self.of)


def shard_of(text: str) -> Shard:
    """The shard that ``2/5`` means; raises GateError for anything else."""
    found = _SHARD.fullmatch(text.strip())
    if found and 1 <= int(found[1]) <= int(found[2]) <= _MOST:
        return Shard(int(found[1]), int(found[2]))
    raise GateError(f"--shard {text}: the second of five machines is 2/5")


def merged(gates: Sequence[StoredGate]) -> StoredGate:
    """All shards as one gate, in the order of their numbers; its time is that of the longest.

    Raises ResultsError that names what is missing, twice there, cut off, or of another gate: a gate that lacks a share
    of its benchmarks would pass without them.
    """
    if not gates:
        raise ResultsError("nothing to merge: name the file of each shard")
    shards = {gate.path: _shard_in(gate) for gate in gates}
    ordered = sorted(gates, key=lambda each: shards[each.path].number)
    for gate in ordered:
        _refuse_another(gate, ordered[0], shards)
    _refuse_gaps([shards[gate.path] for gate in ordered])
    records: list[BenchmarkRecord] = [record for gate in ordered for record in gate.records]
    names = [record.name for record in records]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ResultsError(f"{min(twice)} is in two shards: do both machines have the same tests?")
    about = {
        name: value for name, value in ordered[0].about.items() if name not in ("shard", "dealt", "asked", "notes")
    }
    notes = list(dict.fromkeys(note for gate in ordered for note in gate.notes))
    return replace(
        ordered[0],
        seconds=max(gate.seconds for gate in ordered),
        policy=_policy(ordered),
        about={**about, "notes": notes},
        records=records,
    )


def _policy(gates: Sequence[StoredGate]) -> GatePolicy:
    asked = gates[0].asked
    return replace(asked, **{name: max(getattr(gate.policy, name) for gate in gates) for name in _BY_TIME})


def _shard_in(gate: StoredGate) -> Shard:
    try:
        number, of = gate.about["shard"]
        shard = shard_of(f"{number}/{of}")
    except (KeyError, TypeError, ValueError, GateError):
        raise ResultsError(f"{gate.path} is of no shard: those are measured with --shard") from None
    if not gate.complete:
        raise ResultsError(f"{gate.path}, shard {shard}, is of a gate that was cut off: measure that shard again")
    return shard


def _refuse_another(gate: StoredGate, first: StoredGate, shards: Mapping[Path, Shard]) -> None:
    for what, one, other in (
        ("the number of shards", shards[gate.path].of, shards[first.path].of),
        ("the base", _revision(gate.about, SideName.BASE), _revision(first.about, SideName.BASE)),
        ("the candidate", _revision(gate.about, SideName.CANDIDATE), _revision(first.about, SideName.CANDIDATE)),
        ("the selection of tests", gate.about.get("selection"), first.about.get("selection")),
        ("the policy", gate.asked, first.asked),
        *_both_tell("what the benchmarks were dealt by", gate.about.get("dealt"), first.about.get("dealt")),
        *_pythons(gate, first),
    ):
        if one != other:
            raise ResultsError(f"{gate.path} and {first.path} are of two gates: {what} differs ({one}, {other})")


def _pythons(gate: StoredGate, first: StoredGate) -> Iterator[tuple[str, object, object]]:
    """Those of the sides of which both shards tell it; one that measured nothing, or is older, doesn't."""
    for side in SideName:
        yield from _both_tell(f"the {side}'s Python", gate.python_of(side), first.python_of(side))


def _both_tell(what: str, one: object, other: object) -> Iterator[tuple[str, object, object]]:
    """Something that both shards' files have; older ones may not."""
    if one is not None and other is not None:
        yield what, str(one), str(other)


def _revision(about: Mapping[str, Any], side: SideName) -> object:
    told = about.get(side.value)
    return (told.get("revision") or told.get("label")) if isinstance(told, dict) else None


def _refuse_gaps(shards: Sequence[Shard]) -> None:
    numbers, of = [shard.number for shard in shards], shards[0].of
    for number in range(1, of + 1):
        if numbers.count(number) != 1:
            how = "is missing" if number not in numbers else "is there twice"
            raise ResultsError(f"shard {number}/{of} {how}: all of them make a gate, each once")
