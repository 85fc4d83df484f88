"""The curves of a place: each of one file and one test, with the trial behind every point."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timetrial.results.collect import Place
from timetrial.results.curves import Shape, shapes
from timetrial.results.schema import KEY
from timetrial.results.trials import CONCURRENCY, StoredTrial


@dataclass(frozen=True)
class Curve:
    """Models over one parameter, the others fixed."""

    shape: Shape
    trials: Mapping[tuple[str, Any], StoredTrial]
    """By model and value; a serial trial stands at every concurrency."""

    @property
    def test(self) -> str:
        """The test that all points are of."""
        return next(iter(self.trials.values())).test

    @property
    def file(self) -> str:
        """The file's name."""
        return next(iter(self.trials.values())).file.name

    @property
    def fixed(self) -> str:
        """The other parameters, such as ``pages=200``."""
        return " ".join(f"{name}={value}" for name, value in self.shape.at.items())


def curves_of(place: Place) -> Iterator[Curve]:
    """All curves with two values and more, those that a sweep declared and those over concurrency."""
    by_test: dict[tuple[str, str], list[StoredTrial]] = {}
    for trials in place.trials.values():
        for trial in trials:
            by_test.setdefault((trial.file.name, trial.test), []).append(trial)
    for trials in by_test.values():
        swept = _over_concurrency(trials)
        for shape in shapes({"benchmarks": [_with_sweeps(trial, swept) for trial in trials]}):
            if len(shape.values) > 1:
                found = _points(shape, trials)
                if found:
                    yield Curve(shape, found)


def _over_concurrency(trials: Sequence[StoredTrial]) -> bool:
    """Whether a model was measured at several numbers of items in flight."""
    levels: dict[tuple[str, str], set[int]] = {}
    for trial in trials:
        if CONCURRENCY in trial.figures.get("parameters", {}):
            at = json.dumps(trial.parameters, sort_keys=True, default=repr)
            levels.setdefault((trial.way.model, at), set()).add(trial.way.concurrency)
    return any(len(each) > 1 for each in levels.values())


def _with_sweeps(trial: StoredTrial, over_concurrency: bool) -> Mapping[str, Any]:
    figures = trial.figures
    sweeps = list(figures.get("sweeps", ()))
    if over_concurrency and CONCURRENCY not in sweeps and CONCURRENCY in figures.get("parameters", {}):
        sweeps.append(CONCURRENCY)
    shown = {**figures, "parameters": figures.get("parameters", {}), "sweeps": sweeps}
    return {**trial.entry, "extra_info": {KEY: shown}}


def _points(shape: Shape, trials: Sequence[StoredTrial]) -> dict[tuple[str, Any], StoredTrial]:
    found = {}
    for model, curve in shape.curves.items():
        for value in curve:
            trial = next((each for each in trials if _is_point(each, shape, model, value)), None)
            if trial is not None:
                found[model, value] = trial
    return found


def _is_point(trial: StoredTrial, shape: Shape, model: str, value: Any) -> bool:
    if trial.way.model != model or trial.workload != shape.workload:
        return False
    wanted = {**shape.at, shape.parameter: value}
    if trial.way.is_serial:
        wanted.pop(CONCURRENCY, None)
        return dict(trial.parameters) == wanted
    return trial.figures.get("parameters") == wanted
