"""All that a gate needs to know before it starts, and what it tells of itself while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timetrial.gate.allotment import Allotment
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, Phase, SideName
from timetrial.gate.shards import Shard
from timetrial.gate.sides.make import Side


@dataclass(frozen=True)
class Progress:
    """How far a gate is: the launch under way, the benchmark in it, and a guess of the time left."""

    phase: Phase
    launch: int
    """Which launch of the phase, from 1."""
    launches: int
    """How many there are in the phase, at most."""
    benchmark: int
    """Which benchmark of the launch, from 1."""
    benchmarks: int
    name: str
    """The benchmark's node id."""
    left_s: float
    """Seconds that are left at most; 0 until the first launch has ended."""


@dataclass(frozen=True)
class GatePlan:
    """All that a gate needs to know before it starts.

    ``selection`` goes to pytest on both sides. ``extra_share(name)`` makes the candidate do that share of a
    benchmark's work more, which is how the gate itself is measured. ``say`` gets lines for whoever started the gate,
    ``on_progress`` is told of each benchmark, ``on_launch`` gets the records after each launch, so that nothing
    measured is lost. ``on_modules`` gets the project's modules that a side imported, by name, with the file of each.
    """

    base: Side
    candidate: Side
    policy: GatePolicy
    """The settings that verdicts rest on, unless ``on_allotment`` is told of others."""
    selection: Sequence[str] = ()
    seed: int = 0
    """Of the random order of benchmarks and sides."""
    shard: Shard | None = None
    """The part of the benchmarks that this gate measures; None for all."""
    extra_share: Callable[[str], float] = lambda _name: 0.0
    say: Callable[[str], None] = lambda _line: None
    on_progress: Callable[[Progress], None] = lambda _progress: None
    on_launch: Callable[[Sequence[BenchmarkRecord]], None] = lambda _records: None
    on_modules: Callable[[SideName, Mapping[str, str]], None] = lambda _side, _modules: None
    on_python: Callable[[SideName, Mapping[str, Any]], None] = lambda _side, _python: None
    """Gets which Python a side ran on, as ``PythonIdentity.as_dict``."""
    on_allotment: Callable[[Allotment], None] = lambda _allotted: None
    """Told of how the gate spends its time, and by which policy it is to be judged, where that isn't ``policy``."""
    on_dealt: Callable[[str], None] = lambda _dealt: None
    """Told what the shards of this gate are dealt by, as ``Shard.dealt``."""
    on_noted: Callable[[Mapping[str, str | None]], bool] = lambda _digests: False
    """Told of each benchmark, by name, a digest of all that the candidate's rests on, or None where that can't be seen.

    Whether whoever asks has an answer by that, so that nothing need be measured.
    """
    lot: float = 0.1
    """The share of benchmarks that run the same code, but are measured all the same."""
    known_enough: Callable[[BenchmarkRecord], bool] = lambda _record: False
    """Whether whoever asks has an answer already, though the gate itself would look on; asked between launches."""
