"""Which curves a test declares: one parameter takes all its values while the others stay where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest

from timetrial.pytest_plugin.declared_options import SCALES
from timetrial.pytest_plugin.options import TrialOptions, at_scale

MARKER = "trial_sweep"
_OPTIONS = {*SCALES, "at"}
_CONCURRENCY = "concurrency"


@dataclass(frozen=True)
class Sweep:
    """The parameter that is swept, its values, and all others with the value at which they stay."""

    parameter: str
    values: Sequence[Any]
    at: Mapping[str, Any]

    def points(self) -> list[dict[str, Any]]:
        """All parameters at each value."""
        return [{**self.at, self.parameter: value} for value in self.values]

    def has(self, parameters: Mapping[str, Any], *, apart_from: str = "") -> bool:
        """Whether a trial with these parameters, among others, is a point of the curve; one may be left out of it."""
        points = ({name: value for name, value in each.items() if name != apart_from} for each in self.points())
        return any(point.items() <= parameters.items() for point in points)


def sweep_points(
    node: pytest.Item, options: TrialOptions, marker: pytest.Mark | None
) -> tuple[list[str], list[tuple[Any, ...]]] | None:
    """Names and points to parametrize with: those of all the test's sweeps, or None where it declares none.

    ``marker`` is its trial_points, whose first default point says where a parameter stays that a sweep does not name.
    Without ``--trial-sweep`` the first point alone stands for a test that is nothing but a sweep, and is not run.
    """
    sweeps = _sweeps(node, options.scale, marker)
    if not sweeps:
        return None
    points: list[dict[str, Any]] = []
    for point in (point for sweep in sweeps for point in sweep.points()):
        if point not in points:
            points.append(point)
    names = list(points[0])
    _refuse_what_cannot_be_laid_out(node, names, points)
    return names, [tuple(point[name] for name in names) for point in (points if options.sweep else points[:1])]


def is_meant(item: pytest.Item, options: TrialOptions) -> bool:
    """Whether a trial runs: with ``--trial-sweep`` those of sweeps, without it those that are not only sweeps."""
    swept = item.get_closest_marker(MARKER) is not None
    return swept if options.sweep else not swept or item.get_closest_marker("trial_points") is not None


def swept_by(item: pytest.Item, options: TrialOptions) -> list[str]:
    """The parameters along which a trial is a point of a curve; a serial one is at every concurrency."""
    callspec = getattr(item, "callspec", None)
    parameters: Mapping[str, Any] = callspec.params if callspec is not None else {}
    any_value = _CONCURRENCY if str(parameters.get("trial_model")).startswith("serial") else ""
    sweeps = _sweeps(item, options.scale, item.get_closest_marker("trial_points"))
    return [sweep.parameter for sweep in sweeps if sweep.has(parameters, apart_from=any_value)]


def _sweeps(node: pytest.Item, scale: str, points: pytest.Mark | None) -> list[Sweep]:
    stay = _first_point(points)
    sweeps = [_sweep(node, marker, scale) for marker in node.iter_markers(MARKER)]
    # Last, because serial keeps the first concurrency that it meets, which should be that of the other sweeps.
    sweeps.sort(key=lambda each: each.parameter == _CONCURRENCY)
    return [Sweep(each.parameter, each.values, {**stay, **each.at}) for each in sweeps]


def _sweep(node: pytest.Item, marker: pytest.Mark, scale: str) -> Sweep:
    where = f"{node.nodeid}: @pytest.mark.{MARKER}"
    unknown = sorted(marker.kwargs.keys() - _OPTIONS)
    if unknown:
        _refuse(f"{where} knows no argument {unknown[0]!r}; it takes {', '.join(SCALES)} and at={{name: value}}")
    if len(marker.args) != 1 or not isinstance(marker.args[0], str) or not marker.kwargs.get("default"):
        _refuse(f"{where} takes one parameter's name and its values: {MARKER}('concurrency', default=[1, 2, 4])")
    values = at_scale(marker.kwargs, scale)
    if not all(isinstance(each, int | float | str) for each in values):
        _refuse(f"{where}: what {marker.args[0]!r} is swept over are numbers or texts")
    return Sweep(marker.args[0], values, marker.kwargs.get("at") or {})


def _first_point(marker: pytest.Mark | None) -> dict[str, Any]:
    """Where parameters stay unless a sweep says otherwise; names may be a list or a text, as in parametrize."""
    if marker is None:
        return {}
    names = marker.args[0]
    split = [each.strip() for each in names.split(",") if each.strip()] if isinstance(names, str) else list(names)
    point = marker.kwargs["default"][0]
    return dict(zip(split, (point,) if len(split) == 1 else point, strict=True))


def _refuse_what_cannot_be_laid_out(
    node: pytest.Item, names: Sequence[str], points: Sequence[Mapping[str, Any]]
) -> None:
    where = f"{node.nodeid}: @pytest.mark.{MARKER}"
    for point in points:
        if set(point) != set(names):
            missing = min(set(point) ^ set(names))
            _refuse(f"{where}: {missing!r} has a value in one sweep only; give it to the others with at={{…}}")
    for marker in node.iter_markers("parametrize"):
        given = marker.args[0] if marker.args else marker.kwargs.get("argnames", ())
        taken = {each.strip() for each in given.split(",")} if isinstance(given, str) else set(given)
        if taken & set(names):
            _refuse(
                f"{where}: {min(taken & set(names))!r} has a parametrize marker; declare it with trial_points instead"
            )


def _refuse(message: str) -> NoReturn:
    pytest.fail(message, pytrace=False)
