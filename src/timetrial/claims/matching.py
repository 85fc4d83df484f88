"""Which of a place's trials a figure is of: those of one test, at one set of parameters, launch by launch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from timetrial import models
from timetrial.claims.evidence import TrialRef
from timetrial.claims.sample import Missing
from timetrial.claims.stored import Here, TrialRun

MOST_LAUNCHES: Final = 40
"""So many of the newest launches are looked at: more hardly narrow an interval, and are of older code."""

_CONCURRENCY: Final = "concurrency"

Race = dict[str, TrialRun]
"""The trials of one launch by their models."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for: a test under all of these models, with these parameters, at the largest or smallest of one.

    ``having`` says whether a launch's trials hold what is to be read from them.
    """

    test: str
    of: Sequence[str]
    at: Mapping[str, Any]
    largest: str | None = None
    smallest: str | None = None
    having: Callable[[Race], bool] = lambda _race: True

    def told(self, parameters: Mapping[str, Any] | None = None) -> str:
        """The test and its parameters."""
        given = self.at if parameters is None else parameters
        return " ".join([self.test.rpartition("::")[2], *(f"{name}={value}" for name, value in given.items())])


@dataclass(frozen=True)
class Chosen:
    """The parameters that were taken, and the newest launches that were measured at them, the oldest of these first."""

    parameters: Mapping[str, Any]
    races: Sequence[Race]


def choose(here: Here, wanted: Wanted) -> Chosen | None:
    """Of all sets of parameters that fit the one of the larger scale, then as asked, then the newest; None for none.

    Serial is measured at one concurrency, which stands for all.
    """
    for without in ((), (_CONCURRENCY,)):
        if without and not any(_is_serial(model) for model in wanted.of):
            continue
        whole = [
            races
            for launches in _by_parameters(here, wanted, without).values()
            if (races := [race for race in launches if len(race) == len({*wanted.of}) and wanted.having(race)])
        ]
        if whole:
            best = max(whole, key=lambda races: _rank(races[0][wanted.of[-1]], wanted))
            return Chosen(best[0][wanted.of[-1]].parameters, best[-MOST_LAUNCHES:])
    return None


def fair_trials(here: Here, test: str, model: str, at: Mapping[str, Any]) -> list[TrialRun]:
    """Those of a test under a model with these parameters, the newest first."""
    return [
        trial
        for trial in here.trials_of(test)
        if trial.model == model and trial.void is None and at.items() <= trial.parameters.items()
    ]


def missing(here: Here, wanted: Wanted, what: str) -> Missing:
    """Why there is no figure: the first model without a fair trial was skipped, failed, is void, or was never tried."""
    for model in wanted.of:
        tried = [trial for trial in here.trials_of(wanted.test) if trial.model == model]
        if any(trial.void is None for trial in tried):
            continue
        if tried:
            return Missing(what, void=tried[0].void)
        told = {kind: reason for _, kind, reason in reversed(reasons(here, wanted.test, model))}
        if "failed" in told:
            return Missing(what, failed=told["failed"])
        if {*told} == {"skipped"}:
            return Missing(what, skipped=told["skipped"])
    return Missing(what)


def reasons(here: Here, test: str, model: str) -> list[tuple[TrialRef, str, str]]:
    """Why trials have no entry: the kind (failed, void, skipped) and the reason of each, the newest first."""
    return [
        (TrialRef(trouble.file, trouble.name), trouble.kind, trouble.reason)
        for trouble in here.troubles_of(test)
        if _is_under(trouble.name, model)
    ]


def refs(races: Iterable[Sequence[TrialRun]]) -> tuple[TrialRef, ...]:
    """Where the trials can be found, each once."""
    return tuple(dict.fromkeys(TrialRef(trial.file, trial.name) for race in races for trial in race))


def _is_under(name: str, model: str) -> bool:
    parameters = name.partition("[")[2].removesuffix("]")
    return not model or parameters == model or parameters.startswith(f"{model}-")


def _by_parameters(here: Here, wanted: Wanted, without: Sequence[str]) -> dict[str, list[Race]]:
    """The launches by the parameters that they share, apart from those named."""
    found: dict[str, dict[tuple[str, int], Race]] = {}
    for model in dict.fromkeys(wanted.of):
        anywhere = _is_serial(model) and without
        at = _less(wanted.at, without) if anywhere else wanted.at
        for trial in reversed(fair_trials(here, wanted.test, model, at)):
            key = json.dumps([trial.name.partition("[")[0], _less(trial.parameters, without)], default=repr)
            found.setdefault(key, {}).setdefault(trial.run, {})[model] = trial
    return {key: list(launches.values()) for key, launches in found.items()}


def _rank(trial: TrialRun, wanted: Wanted) -> tuple[Any, ...]:
    sizes = [trial.parameters.get(name, 0) if name else 0 for name in (wanted.largest, wanted.smallest)]
    high, low = (size if isinstance(size, int | float) else 0 for size in sizes)
    return trial.scale, high, -low, trial.file


def _less(parameters: Mapping[str, Any], without: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in without}


def _is_serial(model: str) -> bool:
    return bool(model) and models.split(model)[0] == "serial"
