"""A file's trials, each as what its readers ask of it: who, under which parameters, how fast, and why it is void."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from timetrial.errors import ResultsError
from timetrial.languages import Text
from timetrial.results.figures import void_of_entry
from timetrial.results.schema import KEY
from timetrial.results.ways import Way

CONCURRENCY: Final = "concurrency"


@dataclass(frozen=True)
class StoredTrial:
    """One trial of a file."""

    file: Path
    name: str
    """pytest's node id."""
    workload: str
    way: Way
    """The model and the concurrency; 1 for serial."""
    items: int
    """In a round."""
    parameters: Mapping[str, Any]
    """The test's, concurrency apart."""
    rounds_s_per_item: tuple[float, ...]
    """Seconds an item of each round, in order."""
    median_s_per_item: float
    void: Text | None
    """The first reason why its timing means nothing."""
    sweeps: tuple[str, ...]
    """Along which of its parameters it is a point of a curve."""
    entry: Mapping[str, Any] = field(compare=False, repr=False)
    """The benchmark as it is stored."""

    @property
    def test(self) -> str:
        """The node id without its parameters."""
        return self.name.partition("[")[0]

    @property
    def void_kind(self) -> str | None:
        """One word for that reason; None where it is not void, or no kind was stored."""
        voids = void_of_entry(self.entry)
        return voids[0].get("kind") if voids else None

    @property
    def figures(self) -> Mapping[str, Any]:
        """What timetrial stored of it."""
        figures: Mapping[str, Any] = self.entry["extra_info"][KEY]
        return figures

    def number(self, *path: str) -> float | None:
        """A figure by its place in ``figures``, or None where it is not there, or is no number."""
        value: Any = self.figures
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def workload_key(trial: StoredTrial) -> tuple[str, ...]:
    """What trials of one workload share at any concurrency: their test, its workload, its other parameters."""
    return trial.test, trial.workload, json.dumps(trial.parameters, sort_keys=True, default=repr)


def stored_trials(file: Path, content: Mapping[str, Any]) -> Iterator[StoredTrial]:
    """The trials of a file that was read; raises ResultsError for one that lacks what every trial has."""
    for benchmark in content["benchmarks"]:
        figures = (benchmark.get("extra_info") or {}).get(KEY) or {}
        if "model" not in figures:
            continue
        try:
            yield _trial(file, benchmark, figures)
        except KeyError as error:
            name = benchmark.get("fullname", "a trial")
            raise ResultsError(
                Text(
                    f"{file} is not whole ({name} has no {error}): measure it again",
                    f"{file} 不完整（“{name}”缺少 {error}）：请重新测量",
                )
            ) from error


def _trial(file: Path, benchmark: Mapping[str, Any], figures: Mapping[str, Any]) -> StoredTrial:
    items = max(1, round(figures["items"]))
    serial = figures["model"].partition("[")[0] == "serial"
    parameters = {name: value for name, value in figures.get("parameters", {}).items() if name != CONCURRENCY}
    voids = void_of_entry(benchmark)
    return StoredTrial(
        file,
        benchmark["fullname"],
        figures["workload"],
        Way(figures["model"], 1 if serial else figures["concurrency"]),
        items,
        parameters,
        tuple(each / items for each in benchmark["stats"].get("data") or ()),
        benchmark["stats"]["median"] / items,
        _reason(voids[0]) if voids else None,
        tuple(figures.get("sweeps", ())),
        benchmark,
    )


def _reason(void: Mapping[str, Any]) -> Text:
    """In both languages, as far as it was kept in both."""
    told = void.get("reason") or void.get("kind")
    if not told:
        return Text("no reason given", "未说明原因")
    return Text(str(told), str(void.get("reason_zh") or told))
