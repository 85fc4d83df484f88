"""How long each benchmark is expected to take in a launch, by what was measured before: what shards are dealt by."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from timetrial.errors import ResultsError
from timetrial.gate.allotment import Pace
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair
from timetrial.gate.store import is_gate, read_gate
from timetrial.results.read import read_json, read_results

_WARMUP_ROUNDS: Final = GatePolicy().warmup_rounds


def expected_times(path: Path) -> dict[str, float]:
    """Seconds in a launch, by node id; from an earlier gate's file, or from one that pytest-benchmark wrote.

    Raises ResultsError for a file that can't be read, or tells no times.
    """
    gate = is_gate(read_json(path))
    found = dict(_of_records(read_gate(path).records) if gate else _of_results(read_results(path)))
    if not found:
        raise ResultsError(f"{path} has no benchmark's time: name the file of a gate or a run that measured some")
    return found


def _of_records(records: Iterable[BenchmarkRecord]) -> Iterator[tuple[str, float]]:
    for record in records:
        if record.launches:
            yield record.name, statistics.median(map(_of_launch, record.launches))


def _of_launch(launch: LaunchPair) -> float:
    """As it was, its set-up with it; older gates kept only the rounds."""
    if launch.took_s is not None:
        return launch.took_s
    return launch_s(statistics.median(launch.base_s) / launch.executions_per_round)


def _of_results(content: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for benchmark in content["benchmarks"]:
        seconds = benchmark.get("stats", {}).get("median")
        if isinstance(seconds, int | float) and seconds > 0:
            yield str(benchmark["fullname"]), launch_s(seconds)


def launch_s(execution_s: float) -> float:
    """What a launch takes for a benchmark of which one execution takes so long, where nothing is to be set up."""
    usual = Pace()
    round_s = max(usual.round_s, execution_s)
    pairs = min(usual.pairs, max(usual.fewest_pairs, int(usual.turns_s / (2 * round_s))))
    return replace(usual, round_s=round_s, pairs=pairs).cost_s(_WARMUP_ROUNDS)
