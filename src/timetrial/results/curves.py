"""Curves and where they cross, computed from a results file alone: each model's time per item over one parameter."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from timetrial import models
from timetrial.environment.identity import PythonIdentity, python_in
from timetrial.errors import ResultsError
from timetrial.results.read import read_results
from timetrial.results.schema import KEY
from timetrial.stats.lead import Lead, unpaired_lead
from timetrial.stats.paired_ratio import paired_ratio

_CONCURRENCY = "concurrency"


@dataclass(frozen=True)
class Reading:
    """A model at one value of the parameter: its median time per item, its rounds, and whether models took turns.

    One that is ``void`` means nothing: it is shown as that, and wins nothing.
    """

    s_per_item: float
    """Seconds an item in the median round."""
    rounds_s: tuple[float, ...] = ()
    """Seconds an item of each round, in order; empty where a file does not hold them."""
    interleaved: bool = False
    """Whether models took turns, so that their rounds pair up."""
    void: bool = False


@dataclass(frozen=True)
class Win:
    """The fastest model at one value, how many times as long the next best takes, and whether that is a tie.

    ``model`` is None where every trial was void.
    """

    model: str | None
    next_best: str | None
    """The next best model; None where there is no other."""
    lead: float | None
    """How many times as long that takes."""
    tie: bool


@dataclass(frozen=True)
class Crossover:
    """The fastest model changes between two values that were measured, by interpolation at ``at``.

    ``at`` is None where one of the two models was not measured at both, or where values are no numbers.
    """

    low: Any
    high: Any
    """The two neighbouring values of the parameter."""
    before: str
    after: str
    """The model that is fastest at ``low``, and the one that is at ``high``."""
    at: float | None


@dataclass(frozen=True)
class Shape:
    """The curves of one workload's models over one parameter, the others staying ``at`` their values."""

    workload: str
    parameter: str
    at: Mapping[str, Any]
    values: tuple[Any, ...]
    curves: Mapping[str, Mapping[Any, Reading]]

    def winner(self, value: Any) -> Win:
        """Who is fastest at a value. Models tie where their ratio's interval includes 1, and where nobody would notice.

        Where they took turns, their pairs decide and not their medians.
        """
        here = {name: curve[value] for name, curve in self.curves.items() if value in curve and not curve[value].void}
        if not here:
            return Win(None, None, None, tie=False)
        first, *others = sorted(here, key=lambda model: here[model].s_per_item)
        if not others:
            return Win(first, None, None, tie=False)
        second = others[0]
        lead = _lead(here[second], here[first])
        if lead is None:
            return Win(first, second, _ratio(here[second].s_per_item, here[first].s_per_item), tie=False)
        if lead.reverse and not lead.tie:
            return Win(second, first, 1 / lead.ratio, tie=False)
        return Win(first, second, lead.ratio, tie=lead.tie)

    def crossovers(self) -> list[Crossover]:
        """Where the fastest model changes, from one clear win to the next; values with a tie decide nothing."""
        wins = [(value, self.winner(value)) for value in self.values]
        clear = [(value, win.model) for value, win in wins if win.model is not None and not win.tie]
        return [
            Crossover(low, high, before, after, self._crossing(low, high, before, after))
            for (low, before), (high, after) in pairwise(clear)
            if before != after
        ]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries, lists and numbers, for JSON."""
        return {
            "workload": self.workload,
            "parameter": self.parameter,
            "at": dict(self.at),
            "values": list(self.values),
            "s_per_item": {
                model: [_fair_s(curve.get(value)) for value in self.values] for model, curve in self.curves.items()
            },
            "fastest": [vars(self.winner(value)) for value in self.values],
            "crossovers": [vars(each) for each in self.crossovers()],
        }

    def _crossing(self, low: Any, high: Any, before: str, after: str) -> float | None:
        one, other = self.curves[before], self.curves[after]
        known = _fair_s(one.get(high)) is not None and _fair_s(other.get(low)) is not None
        if not (_is_number(low) and _is_number(high)) or not known:
            return None
        lead_low = _ratio(other[low].s_per_item, one[low].s_per_item)
        lead_high = _ratio(other[high].s_per_item, one[high].s_per_item)
        return crossing(low, high, lead_low, lead_high) if lead_low and lead_high else None


def read_shapes(path: Path) -> list[Shape]:
    """All curves of a results file; raises ResultsError that names one which is broken or lacks a curve's figures."""
    content = read_results(path)
    try:
        return shapes(content)
    except KeyError as error:
        raise ResultsError(f"{path} is not whole (a trial of a sweep has no {error}): measure it again") from error


def python_of_file(path: Path) -> PythonIdentity:
    """Which Python measured a file's curves; nothing is known of it for a file of pytest-benchmark's alone."""
    return python_in((read_results(path).get(KEY) or {}).get("environment"))


def shapes(content: Mapping[str, Any]) -> list[Shape]:
    """All curves of a results file's content, in the order in which their first points were measured."""
    found: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for bench in content["benchmarks"]:
        figures = bench.get("extra_info", {}).get(KEY, {})
        for parameter in figures.get("sweeps", ()):
            found.setdefault(_key(bench, figures, parameter), []).append(bench)
    _lend_serial(found)
    return [_shape(benches, key[-1]) for key, benches in found.items()]


def crossing(low: float, high: float, lead_low: float, lead_high: float) -> float | None:
    """Where two curves cross between two values, if they do.

    The logarithm of their ratio is taken to run straight from one to the other over the logarithm of the value, or
    over the value itself where one is zero or negative: power laws, such as work divided by workers, are straight so.
    ``lead_low`` and ``lead_high`` are how many times as long the second curve takes as the first at either end.
    """
    one, other = math.log(lead_low), math.log(lead_high)
    if one * other > 0 or one == other:
        return None
    part = one / (one - other)
    if low > 0 and high > 0:
        return float(low * (high / low) ** part)
    return low + (high - low) * part


def _lend_serial(found: Mapping[tuple[str, ...], list[Mapping[str, Any]]]) -> None:
    """Gives the serial curve, which is measured at one concurrency only, to the same curves at every other one."""
    serial: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for key, benches in found.items():
        own = [bench for bench in benches if _is_serial(bench["extra_info"][KEY]["model"])]
        serial.setdefault(_at_any_concurrency(key), []).extend(own)
    for key, benches in found.items():
        if not any(_is_serial(bench["extra_info"][KEY]["model"]) for bench in benches):
            benches[:0] = map(_without_turns, serial[_at_any_concurrency(key)])


def _without_turns(bench: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whoever took turns with it is in another group."""
    figures = {name: value for name, value in bench["extra_info"][KEY].items() if name != "interleaved"}
    return {**bench, "extra_info": {KEY: figures}}


def _at_any_concurrency(key: tuple[str, ...]) -> tuple[str, ...]:
    test, workload, at, parameter = key
    others = {name: value for name, value in json.loads(at).items() if name != _CONCURRENCY}
    return test, workload, json.dumps(others, sort_keys=True), parameter


def _is_serial(model: str) -> bool:
    return models.split(model)[0] == "serial"


def _key(bench: Mapping[str, Any], figures: Mapping[str, Any], parameter: str) -> tuple[str, ...]:
    at = {name: value for name, value in figures["parameters"].items() if name != parameter}
    return (
        bench["fullname"].partition("[")[0],
        figures["workload"],
        json.dumps(at, sort_keys=True, default=repr),
        parameter,
    )


def _shape(benches: Sequence[Mapping[str, Any]], parameter: str) -> Shape:
    last = benches[-1]["extra_info"][KEY]  # the first may be a serial trial's, at another concurrency
    curves: dict[str, dict[Any, Reading]] = {}
    for bench in benches:
        figures = bench["extra_info"][KEY]
        curves.setdefault(figures["model"], {})[_value(figures["parameters"][parameter])] = _reading(bench, figures)
    # A serial trial runs at one concurrency only, which stands for all.
    flat = [name for name in curves if parameter == _CONCURRENCY and _is_serial(name)]
    values = _sorted(
        {value: None for name, curve in curves.items() if name not in flat or flat == [*curves] for value in curve}
    )
    for name in flat:
        curves[name] = dict.fromkeys(values, next(iter(curves[name].values())))
    at = {name: value for name, value in last["parameters"].items() if name != parameter}
    return Shape(last["workload"], parameter, at, values, curves)


def _value(value: Any) -> Any:
    """A tuple among the parameters is a list in JSON, which can't be looked up; as text it can."""
    return json.dumps(value, default=repr) if isinstance(value, list | dict) else value


def _reading(bench: Mapping[str, Any], figures: Mapping[str, Any]) -> Reading:
    items = max(1, figures["items"])
    rounds_s = tuple(each / items for each in bench["stats"].get("data", ()))
    return Reading(bench["stats"]["median"] / items, rounds_s, "interleaved" in figures, bool(figures.get("void")))


def _fair_s(reading: Reading | None) -> float | None:
    return None if reading is None or reading.void else reading.s_per_item


def _lead(slower: Reading, faster: Reading) -> Lead | None:
    """In pairs where they took turns; without any rounds, from the medians alone."""
    if slower.interleaved and faster.interleaved and len(slower.rounds_s) == len(faster.rounds_s):
        paired = paired_ratio(slower.rounds_s, faster.rounds_s)
        if paired is not None:
            return Lead.of_pairs(paired)
    one, other = (each.rounds_s or (each.s_per_item,) for each in (slower, faster))
    return unpaired_lead(one, other, fewest=1)


def _ratio(slower_s: float, faster_s: float) -> float | None:
    return slower_s / faster_s if slower_s > 0 and faster_s > 0 else None


def _sorted(values: Iterable[Any]) -> tuple[Any, ...]:
    found = tuple(values)
    return tuple(sorted(found)) if all(map(_is_number, found)) else found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
