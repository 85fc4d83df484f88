"""What a claim is given: a look at all that was measured in one place, and the words for what it finds there."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from timetrial import models
from timetrial.claims.evidence import TrialRef
from timetrial.claims.place import Place
from timetrial.claims.sample import LUCK, MEMORY, MOODS, Kind, Missing, Sample, count
from timetrial.claims.stated import Threshold
from timetrial.claims.stored import Here, Stored, TrialRun
from timetrial.claims.text import NOTHING, Text, text

_CONCURRENCY = "concurrency"

Found = Sample | Missing
Race = dict[str, TrialRun]
"""The trials of one launch by their models."""


@dataclass(frozen=True)
class Held:
    """A figure, and the bounds that it is held against."""

    figure: Found
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_bound(self) -> bool:
        """Whether it decides anything, or only stands beside the others."""
        return self.at_least is not None or self.at_most is not None


@dataclass(frozen=True)
class Finding:
    """What a claim rests on: all of the ``held`` figures have to meet their bounds, or with ``one_is_enough`` any.

    ``untestable`` says why it can't be tested in this place at all; ``note`` is said beside the figures.
    """

    held: tuple[Held, ...] = ()
    one_is_enough: bool = False
    untestable: Text | None = None
    note: Text = NOTHING


class Look:
    """The results of one place, and of the other places on the same machine.

    A ``test`` is a test function's name, or ``file.py::name`` where that is not enough. ``at`` narrows to trials with
    these parameters; ``largest`` and ``smallest`` name a parameter whose largest or smallest value is meant. Of several
    sets of parameters the one of the larger scale is taken, then the newest.
    """

    def __init__(self, threshold: Threshold, here: Here, stored: Stored) -> None:
        self._threshold = threshold
        self._here = here
        self._stored = stored

    @property
    def place(self) -> Place:
        """The machine and the Python."""
        return self._here.place

    @property
    def cores(self) -> float | None:
        """Those that may be used, as far as the results say."""
        return self.place.machine.cores

    def elsewhere(self, fits: Callable[[Place], bool]) -> Look | None:
        """The same machine under another Python; None where there are no results of one that fits."""
        for other in self._stored.places:
            if other.place.machine == self.place.machine and other.place != self.place and fits(other.place):
                return Look(self._threshold, other, self._stored)
        return None

    # What is found.

    def ratio(
        self,
        test: str,
        over: str,
        under: str,
        at: Mapping[str, Any] | None = None,
        *,
        largest: str | None = None,
        smallest: str | None = None,
    ) -> Found:
        """How many times as long an item takes under the first model as under the second."""
        return self.contrast(
            test,
            (over, under),
            lambda over_s, under_s: math.log(over_s / under_s),
            f"{over} / {under}",
            at,
            largest=largest,
            smallest=smallest,
        )

    def difference_us(
        self, test: str, over: str, under: str, at: Mapping[str, Any] | None = None, *, largest: str | None = None
    ) -> Found:
        """By how many microseconds an item takes longer under the first model."""
        return self.contrast(
            test,
            (over, under),
            lambda over_s, under_s: 1e6 * (over_s - under_s),
            f"{over} less {under}",
            at,
            largest=largest,
            unit="µs",
        )

    def contrast(
        self,
        test: str,
        of: Sequence[str],
        value: Callable[..., float],
        what: str,
        at: Mapping[str, Any] | None = None,
        *,
        largest: str | None = None,
        smallest: str | None = None,
        unit: str = "x",
    ) -> Found:
        """Any figure of several models' times: ``value`` gets the seconds an item of each, in the order of ``of``.

        With the unit ``x`` it returns the logarithm of a ratio.
        """
        chosen = self._chosen(test, of, at, largest, smallest)
        what = f"{what}, {_told(test, chosen[0] if chosen else at)}"
        if chosen is None:
            return self._missing(what, test, of)
        pairs, apart, used = [], [], []
        for race in chosen[1]:
            rounds = [[seconds / race[model].items for seconds in race[model].rounds_s] for model in of]
            if any(min(each, default=0) <= 0 for each in rounds):
                continue  # the clock saw no time pass
            in_turns = all(race[model].interleaved for model in of) and len({*map(len, rounds)}) == 1
            if in_turns and _same_point([race[model] for model in of]):
                pairs.append(tuple(value(*each) for each in zip(*rounds, strict=True)))
            else:
                apart.append(_reach(rounds, value))
            used.append([race[model] for model in of])
        if not used:
            return self._missing(what, test, of)
        kind, launches = (Kind.PAIRS, pairs) if pairs else (Kind.APART, apart)
        allowance = LUCK if pairs else MOODS
        return Sample(what, unit, tuple(launches), kind, _refs(used), is_ratio=unit == "x", allowance=allowance)

    def noted(
        self,
        test: str,
        model: str,
        name: str,
        unit: str,
        at: Mapping[str, Any] | None = None,
        *,
        per: Callable[[TrialRun], float] = lambda _trial: 1.0,
        allowance: float = MEMORY,
    ) -> Found:
        """A figure that the test noted beside its time, one reading a launch, divided by ``per`` of its trial.

        ``model`` is empty for a benchmark that is no trial.
        """
        return self.read(
            test,
            (model,),
            lambda trial: trial.noted[name] / per(trial) if name in trial.noted else None,
            f"{model} {name}".strip(),
            unit,
            at,
            allowance=allowance,
        )

    def noted_ratio(
        self,
        test: str,
        over: str,
        under: str,
        name: str,
        at: Mapping[str, Any] | None = None,
        *,
        allowance: float = MEMORY,
    ) -> Found:
        """How many times as large a noted figure is under the first model as under the second."""

        def value(one: TrialRun, other: TrialRun) -> float | None:
            figures = one.noted.get(name, 0.0), other.noted.get(name, 0.0)
            return math.log(figures[0] / figures[1]) if min(figures) > 0 else None

        return self.read(test, (over, under), value, f"{name} {over} / {under}", "x", at, allowance=allowance)

    def read(
        self,
        test: str,
        of: Sequence[str],
        value: Callable[..., float | None],
        what: str,
        unit: str,
        at: Mapping[str, Any] | None = None,
        *,
        allowance: float,
    ) -> Found:
        """One reading a launch: ``value`` gets the trials of these models; None where they don't have it.

        With the unit ``x`` it returns the logarithm of a ratio.
        """
        chosen = self._chosen(test, of, at, None, None, having=lambda race: value(*(race[m] for m in of)) is not None)
        what = f"{what}, {_told(test, chosen[0] if chosen else at)}"
        if chosen is None:
            return self._missing(what, test, of)
        races = [[race[model] for model in of] for race in chosen[1]]
        values = [(race, found) for race in races if (found := value(*race)) is not None]
        launches = tuple((found,) for _, found in values)
        refs = _refs([race for race, _ in values])
        return Sample(what, unit, launches, Kind.READINGS, refs, is_ratio=unit == "x", allowance=allowance)

    def trials(self, test: str, model: str, at: Mapping[str, Any] | None = None) -> list[TrialRun]:
        """All fair trials of a test under a model, the newest first."""
        wanted = (at or {}).items()
        return [
            each
            for each in self._here.trials
            if each.model == model
            and _is_of(each.name, test)
            and each.void is None
            and wanted <= each.parameters.items()
        ]

    def reasons(self, test: str, model: str) -> list[tuple[TrialRef, str, str]]:
        """Why trials of it have no entry: the kind (failed, void, skipped) and the reason of each."""
        return [
            (TrialRef(each.file, each.name), each.kind, each.reason)
            for each in self._here.troubles
            if _is_of(each.name, test) and _is_under(each.name, model)
        ]

    def points(self, test: str, of: Sequence[str], parameter: str) -> list[Any]:
        """The values of a parameter at which all these models were measured, the smallest first."""
        values = {race.parameters.get(parameter) for race in self.trials(test, of[0]) if parameter in race.parameters}
        known = [each for each in values if self._chosen(test, of, {parameter: each}, None, None) is not None]
        return sorted(known, key=lambda each: (not isinstance(each, int | float), each))

    # What is said of it.

    def meets(self, figure: Found, *, at_least: float | None = None, at_most: float | None = None) -> Held:
        """The figure against these bounds, or against the claim's own."""
        if at_least is None and at_most is None:
            at_least, at_most = self._threshold.at_least, self._threshold.at_most
        return Held(figure, at_least, at_most)

    def holds(self, *found: Found | Held, beside: Iterable[Found] = (), note: str | Text = NOTHING) -> Finding:
        """The claim holds if each of these meets its bounds; those ``beside`` are shown and decide nothing."""
        return Finding(self._held(found, beside), note=text(note))

    def holds_if_any(self, *found: Found | Held, beside: Iterable[Found] = (), note: str | Text = NOTHING) -> Finding:
        """The claim holds if one of them does, and is refuted where none does."""
        return Finding(self._held(found, beside), one_is_enough=True, note=text(note))

    @staticmethod
    def not_testable(why: str | Text) -> Finding:
        """It can't be tested in this place, and why."""
        return Finding(untestable=text(why))

    @staticmethod
    def counted(what: str, value: float, unit: str, trials: Iterable[TrialRef]) -> Sample:
        """Something that was counted and has no interval."""
        return count(what, value, unit, tuple(trials))

    def _held(self, found: Iterable[Found | Held], beside: Iterable[Found]) -> tuple[Held, ...]:
        bound = (each if isinstance(each, Held) else self.meets(each) for each in found)
        return (*bound, *(Held(each) for each in beside if isinstance(each, Sample)))

    def _chosen(
        self,
        test: str,
        of: Sequence[str],
        at: Mapping[str, Any] | None,
        largest: str | None,
        smallest: str | None,
        having: Callable[[Race], bool] = lambda _race: True,
    ) -> tuple[Mapping[str, Any], list[Race]] | None:
        """The parameters, and the launches in which all these models were measured at them, each with its trials."""
        for without in ((), (_CONCURRENCY,)):  # serial is measured at one concurrency, which stands for all
            if without and not any(models.split(each)[0] == "serial" for each in of if each):
                continue
            sets: dict[str, dict[tuple[str, int], Race]] = {}
            for model in of:
                for trial in reversed(self.trials(test, model, at if not without else _less(at))):
                    if without and model in of and not _agrees(trial, at):
                        continue
                    key = json.dumps([trial.name.partition("[")[0], _less(trial.parameters, without)], default=repr)
                    sets.setdefault(key, {}).setdefault(trial.run, {})[model] = trial
            whole: list[list[Race]] = [
                races
                for launches in sets.values()
                if (races := [each for each in launches.values() if len(each) == len({*of}) and having(each)])
            ]
            if whole:
                best = max(whole, key=lambda races: _rank(races[0][of[-1]], largest, smallest))
                return best[0][of[-1]].parameters, best
        return None

    def _missing(self, what: str, test: str, of: Sequence[str]) -> Missing:
        for model in of:
            tried = [each for each in self._here.trials if each.model == model and _is_of(each.name, test)]
            if any(each.void is None for each in tried):
                continue
            if tried:
                return Missing(what, void=tried[0].void)
            reasons = self.reasons(test, model)
            if reasons and all(kind == "skipped" for _, kind, _ in reasons):
                return Missing(what, skipped=reasons[0][2])
        return Missing(what)


def _rank(trial: TrialRun, largest: str | None, smallest: str | None) -> tuple[Any, ...]:
    high = trial.parameters.get(largest, 0) if largest else 0
    low = trial.parameters.get(smallest, 0) if smallest else 0
    sizes = [each if isinstance(each, int | float) else 0 for each in (high, low)]
    return trial.scale, sizes[0], -sizes[1], trial.file


def _less(parameters: Mapping[str, Any] | None, without: Iterable[str] = (_CONCURRENCY,)) -> dict[str, Any]:
    return {name: value for name, value in (parameters or {}).items() if name not in without}


def _agrees(trial: TrialRun, at: Mapping[str, Any] | None) -> bool:
    """Whether it has the concurrency that was asked for; serial has any."""
    wanted = (at or {}).get(_CONCURRENCY)
    return wanted is None or models.split(trial.model)[0] == "serial" or trial.parameters.get(_CONCURRENCY) == wanted


def _same_point(trials: Sequence[TrialRun]) -> bool:
    return all(each.parameters == trials[0].parameters for each in trials)


def _reach(rounds: Sequence[Sequence[float]], value: Callable[..., float]) -> tuple[float, float, float]:
    """The least, the middle and the largest that rounds allow which don't pair up."""
    ordered = [sorted(each) for each in rounds]
    middle = value(*(each[len(each) // 2] for each in ordered))
    corners = [middle, *(value(*ends) for ends in product(*((each[0], each[-1]) for each in ordered)))]
    return min(corners), middle, max(corners)


def _refs(races: Iterable[Sequence[TrialRun]]) -> tuple[TrialRef, ...]:
    return tuple(dict.fromkeys(TrialRef(trial.file, trial.name) for race in races for trial in race))


def _told(test: str, parameters: Mapping[str, Any] | None) -> str:
    return " ".join([test, *(f"{name}={value}" for name, value in (parameters or {}).items())])


def _is_of(name: str, test: str) -> bool:
    function = name.partition("[")[0]
    return function.endswith(test) if "::" in test else function.rpartition("::")[2] == test


def _is_under(name: str, model: str) -> bool:
    parameters = name.partition("[")[2].removesuffix("]")
    return not model or parameters == model or parameters.startswith(f"{model}-")
