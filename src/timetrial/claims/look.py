"""What a claim is given: a look at all that was measured in one place, and the words for what it finds there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from timetrial.claims.evidence import TrialRef
from timetrial.claims.finding import Finding, Found, Held
from timetrial.claims.matching import Chosen, Wanted, choose, fair_trials, missing, reasons, refs
from timetrial.claims.place import Place
from timetrial.claims.sample import LUCK, MEMORY, MOODS, Kind, Sample, count
from timetrial.claims.stated import Threshold
from timetrial.claims.stored import Here, Stored, TrialRun
from timetrial.claims.two_places import two_places
from timetrial.languages import NOTHING, Text, text


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
        wanted = Wanted(test, (over, under), at or {}, largest, smallest)
        return self._timed(wanted, lambda one_s, other_s: math.log(one_s / other_s), f"{over} / {under}", "x")

    def difference_us(
        self, test: str, over: str, under: str, at: Mapping[str, Any] | None = None, *, largest: str | None = None
    ) -> Found:
        """By how many microseconds an item takes longer under the first model."""
        wanted = Wanted(test, (over, under), at or {}, largest)
        return self._timed(wanted, lambda one_s, other_s: 1e6 * (one_s - other_s), f"{over} less {under}", "µs")

    def contrast(
        self,
        test: str,
        of: Sequence[str],
        log_of: Callable[..., float],
        what: str,
        at: Mapping[str, Any] | None = None,
    ) -> Found:
        """Any ratio made of several models' times: ``log_of`` gets the seconds an item of each, in their order."""
        return self._timed(Wanted(test, of, at or {}), log_of, what, "x")

    def noted(
        self,
        test: str,
        model: str,
        name: str,
        unit: str,
        at: Mapping[str, Any] | None = None,
        *,
        per: Callable[[TrialRun], float] = lambda _trial: 1.0,
        largest: str | None = None,
        allowance: float = MEMORY,
    ) -> Found:
        """A figure that the test noted beside its time, one reading a launch, divided by ``per`` of its trial.

        ``model`` is empty for a benchmark that is no trial.
        """

        def value(trial: TrialRun) -> float | None:
            return trial.noted[name] / per(trial) if name in trial.noted else None

        what = f"{name} {model}".strip()
        return self.read(test, (model,), value, what, unit, at, largest=largest, allowance=allowance)

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
        largest: str | None = None,
        allowance: float,
    ) -> Found:
        """One reading a launch: ``value`` gets the trials of these models; None where they don't have it.

        With the unit ``x`` it returns the logarithm of a ratio.
        """
        wanted = Wanted(
            test, of, at or {}, largest, having=lambda race: value(*(race[each] for each in of)) is not None
        )
        chosen = choose(self._here, wanted)
        if chosen is None:
            return missing(self._here, wanted, f"{what}, {wanted.told()}")
        races = [[race[model] for model in of] for race in chosen.races]
        launches = tuple((found,) for race in races if (found := value(*race)) is not None)
        told = f"{what}, {wanted.told(chosen.parameters)}"
        kind = Kind.COUNT if allowance == 1 else Kind.READINGS
        return Sample(told, unit, launches, kind, refs(races), is_ratio=unit == "x", allowance=allowance)

    def against(self, other: Look, test: str, model: str, at: Mapping[str, Any] | None = None) -> Found:
        """How many times as long an item takes in this place as in the other one, under the same model."""
        found = [look.read(test, (model,), _typical_s, model, "s", at, allowance=MOODS) for look in (self, other)]
        return self._of_two_places(other, found, MOODS)

    def noted_against(self, other: Look, test: str, model: str, name: str) -> Found:
        """How many times as large a noted figure is in this place as in the other one."""
        return self._of_two_places(other, [look.noted(test, model, name, "") for look in (self, other)], MEMORY)

    def trials(self, test: str, model: str, at: Mapping[str, Any] | None = None) -> list[TrialRun]:
        """All fair trials of a test under a model, the newest first."""
        return fair_trials(self._here, test, model, at or {})

    def reasons(self, test: str, model: str) -> list[tuple[TrialRef, str, str]]:
        """Why trials of it have no entry: the kind (failed, void, skipped) and the reason of each."""
        return reasons(self._here, test, model)

    def points(self, test: str, of: Sequence[str], parameter: str) -> list[Any]:
        """The values of a parameter at which all these models were measured, the smallest first."""
        values = {trial.parameters[parameter] for trial in self.trials(test, of[-1]) if parameter in trial.parameters}
        known = [each for each in values if choose(self._here, Wanted(test, of, {parameter: each})) is not None]
        return sorted(known, key=lambda each: (not isinstance(each, int | float), each))

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
        bound = [each if isinstance(each, Held) else self.meets(each) for each in found]
        told = {each.figure.what for each in bound}
        others = {each.what: Held(each) for each in beside if isinstance(each, Sample) and each.what not in told}
        return (*bound, *others.values())

    def _timed(self, wanted: Wanted, value: Callable[..., float], what: str, unit: str) -> Found:
        chosen = choose(self._here, wanted)
        if chosen is None:
            return missing(self._here, wanted, f"{what}, {wanted.told()}")
        return _sample(wanted, chosen, value, f"{what}, {wanted.told(chosen.parameters)}", unit)

    def _of_two_places(self, other: Look, found: Sequence[Found], allowance: float) -> Found:
        for each in found:
            if not isinstance(each, Sample):
                return each
        over, under = (each for each in found if isinstance(each, Sample))
        return two_places(f"{self.place.python} / {other.place.python}, {over.what}", over, under, allowance)


def _sample(wanted: Wanted, chosen: Chosen, value: Callable[..., float], what: str, unit: str) -> Sample:
    """In pairs where the models took turns in any launch: then the others don't count."""
    pairs, apart = [], []
    for race in chosen.races:
        trials = [race[model] for model in wanted.of]
        rounds = [[seconds / trial.items for seconds in trial.rounds_s] for trial in trials]
        if any(min(each, default=0) <= 0 for each in rounds):
            continue  # the clock saw no time pass
        if _took_turns(trials):
            pairs.append((trials, tuple(value(*each) for each in zip(*rounds, strict=True))))
        else:
            apart.append((trials, _reach(rounds, value)))
    used, kind, allowance = (pairs, Kind.PAIRS, LUCK) if pairs else (apart, Kind.APART, MOODS)
    launches = tuple(values for _, values in used)
    return Sample(what, unit, launches, kind, refs(trials for trials, _ in used), unit == "x", allowance)


def _took_turns(trials: Sequence[TrialRun]) -> bool:
    first = trials[0]
    return all(
        each.interleaved and each.parameters == first.parameters and len(each.rounds_s) == len(first.rounds_s)
        for each in trials
    )


def _reach(rounds: Sequence[Sequence[float]], value: Callable[..., float]) -> tuple[float, ...]:
    """The least, the middle and the largest that rounds allow which don't pair up."""
    ordered = [sorted(each) for each in rounds]
    middle = value(*(each[len(each) // 2] for each in ordered))
    corners = [middle, *(value(*ends) for ends in product(*((each[0], each[-1]) for each in ordered)))]
    return min(corners), middle, max(corners)


def _typical_s(trial: TrialRun) -> float | None:
    """Seconds an item in the middle round."""
    ordered = sorted(trial.rounds_s)
    middle_s = ordered[len(ordered) // 2] if ordered else 0.0
    return middle_s / trial.items if middle_s > 0 else None
