"""Which trials a test becomes: one for each model that suits its workload, at the points of the chosen scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import pytest

from timetrial import models
from timetrial.pytest_plugin.declared_options import SCALES
from timetrial.pytest_plugin.options import TrialOptions, at_scale
from timetrial.pytest_plugin.sweeps import is_meant, sweep_points
from timetrial.workload import Workload

MODEL_FIXTURE = "trial_model"
_CONCURRENCY = "concurrency"
_MOST_DIGITS = 100
_LOOP_FACTORY = "_asyncio_loop_factory"  # how pytest-asyncio hands a test its loop; no parameter of the test's own


def workload_of(node: pytest.Item) -> Workload:
    """The workload that a test's marker names; fails the test or its collection if there is none."""
    marker = node.get_closest_marker("workload")
    where = f"{node.nodeid}: @pytest.mark.workload"
    if marker is None:
        _refuse(f"{node.nodeid} uses trial: say which workload it runs, with @pytest.mark.workload(WORKLOAD)")
    unknown = marker.kwargs.keys() - {"models", "unless"}
    if unknown:
        _refuse(f"{where} knows no argument {min(unknown)!r}; it takes models=[…] and unless=function")
    if len(marker.args) != 1 or not isinstance(marker.args[0], Workload):
        _refuse(f"{where} takes one Workload, not {', '.join(map(repr, marker.args)) or 'nothing'}")
    return marker.args[0]


def parametrize(metafunc: pytest.Metafunc, options: TrialOptions) -> None:
    """Gives a trial's test its models, and the points of the chosen scale where it declares some."""
    if MODEL_FIXTURE in metafunc.fixturenames:
        ids = _model_ids(metafunc.definition, options)
        workload = workload_of(metafunc.definition)
        metafunc.parametrize(MODEL_FIXTURE, [_param(each, workload, options) for each in ids], ids=ids, indirect=True)
    marker = metafunc.definition.get_closest_marker("trial_points")
    points = _points(marker, options.scale, metafunc.definition.nodeid) if marker is not None else None
    if options.sweep or points is None:
        points = sweep_points(metafunc.definition, options, marker) or points
    if points is not None:
        metafunc.parametrize(*points)


def arrange(items: list[pytest.Item], options: TrialOptions) -> list[pytest.Item]:
    """Orders trials so that the models of one group run next to each other; takes out and returns the unwanted.

    Unwanted is what ``--trial-models`` leaves out, what is no sweep under ``--trial-sweep`` or nothing else without
    it, and serial at a second concurrency, where it would be the same trial again.
    """
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    serial_seen: set[object] = set()
    for item in items:
        model_id = model_of(item)
        wanted = model_id is None or (options.wants_model(model_id) and is_meant(item, options))
        if wanted and model_id is not None and models.split(model_id)[0] == "serial":
            key = (function_of(item), model_id, *_values(item, without=(MODEL_FIXTURE, _CONCURRENCY)))
            wanted = key not in serial_seen
            serial_seen.add(key)
        (kept if wanted else dropped).append(item)
        if wanted and model_id is not None:
            _skip_unfit(item, model_id, options)
    _refuse_unknown_variants(items, options)
    _refuse_no_sweep(items, options)
    items[:] = _side_by_side(kept)
    return dropped


def _refuse_unknown_variants(items: Iterable[pytest.Item], options: TrialOptions) -> None:
    """A variant that no trial has is a slip of the pen, not a run that happens to measure less."""
    trials = {model for item in items if (model := model_of(item)) is not None}
    known = trials | {models.model_part(each) for each in trials}
    for each in options.models or ():
        if "[" in each and each not in known:
            there_are = ", ".join(sorted(trials))
            raise pytest.UsageError(f"--trial-models: no selected trial runs under {each}; there are: {there_are}")


def _refuse_no_sweep(items: Iterable[pytest.Item], options: TrialOptions) -> None:
    trials = [item for item in items if model_of(item) is not None]
    if options.sweep and trials and not any(is_meant(item, options) for item in trials):
        raise pytest.UsageError(
            "--trial-sweep: no selected trial declares a sweep; give its test one, such as "
            "@pytest.mark.trial_sweep('concurrency', default=[1, 2, 4])"
        )


def rivals_of(item: pytest.Item, items: Iterable[pytest.Item]) -> list[str]:
    """The models that race against each other in this item's group: its own test's, at the same parameters."""
    race = race_of(item)
    return [
        model
        for each in items
        if (model := model_of(each)) is not None and race_of(each) == race and each.get_closest_marker("skip") is None
    ]


def model_of(item: pytest.Item) -> str | None:
    """The model under which this item is a trial; None for any other test."""
    model_id = _params(item).get(MODEL_FIXTURE)
    return model_id if isinstance(model_id, str) else None


def reference_of(item: pytest.Item) -> str | None:
    """The full name of the benchmark that a test's ``trial_reference`` marker names, if it has one."""
    marker = item.get_closest_marker("trial_reference")
    if marker is None:
        return None
    if len(marker.args) != 1 or marker.kwargs or not isinstance(marker.args[0], str):
        _refuse(f"{item.nodeid}: @pytest.mark.trial_reference takes the name of one test, such as 'test_plain[serial]'")
    name: str = marker.args[0]
    return name if "::" in name else item.nodeid.removesuffix(item.name) + name


def parameters(item: pytest.Item) -> dict[str, Any]:
    """A trial's parameters apart from its model, in the order in which they were declared."""
    return {name: value for name, value in _params(item).items() if name != MODEL_FIXTURE}


def family_of(item: pytest.Item, workload: Workload) -> str:
    """What a trial shares with the same work at any concurrency, serial included."""
    return " ".join([workload.name, *_values(item, without=(MODEL_FIXTURE, _CONCURRENCY))])


def group_of(item: pytest.Item, workload: Workload) -> str:
    """The workload and its parameters but not the model, so that pytest-benchmark's table compares models."""
    texts = {name: _short_text(value) for name, value in parameters(item).items()}
    if None not in texts.values():
        return " ".join([workload.name, *(f"{name}={text}" for name, text in texts.items())])
    # Lists and objects have no short text of their own; pytest's id tells them apart.
    return f"{workload.name} {_without_model(item)}"


def _skip_unfit(item: pytest.Item, model_id: str, options: TrialOptions) -> None:
    """Asks the marker's ``unless`` whether this trial makes sense; its reason becomes a skip."""
    marker = item.get_closest_marker("workload")
    unless = marker.kwargs.get("unless") if marker else None
    try:
        reason = unless(model=model_id, scale=options.scale, **parameters(item)) if unless else None
    except Exception as error:
        raise pytest.UsageError(
            f"{item.nodeid}: unless= of @pytest.mark.workload failed ({type(error).__name__}: {error}); it is called "
            f"with model=, scale= and the test's parameters, and returns why to skip the trial, or None"
        ) from error
    if reason:
        item.add_marker(pytest.mark.skip(reason=reason))


def _model_ids(definition: pytest.Item, options: TrialOptions) -> list[str]:
    """What runs by itself, or what the marker names, and what the command line asks for of the same models."""
    workload = workload_of(definition)
    marker = definition.get_closest_marker("workload")
    narrowed = marker.kwargs.get("models") if marker else None
    asked_for = options.models_asked_for()
    if narrowed is None:
        return models.model_ids(workload, also=asked_for)
    if isinstance(narrowed, str):
        _refuse(f"{definition.nodeid}: models= takes a list, such as models=[{narrowed!r}]")
    there_are = models.model_ids(workload, also=narrowed)
    for each in narrowed:
        if each not in there_are:
            _refuse(f"{definition.nodeid}: {workload.name!r} can't run under {each!r}; it has: {', '.join(there_are)}")
    ids = models.model_ids(workload, also=(*narrowed, *asked_for))
    return [each for each in ids if each in narrowed or _is_variant_of(each, narrowed, workload)]


def _is_variant_of(model_id: str, narrowed: Iterable[str], workload: Workload) -> bool:
    """Whether it is one of the marker's models in another way, such as ``processes[spawn]``; not another workload."""
    name, variant = models.split(model_id)
    if models.model_part(model_id) != model_id:
        return f"{name}[{variant}]" in narrowed
    return name in narrowed and models.resolve(model_id, workload)[0] == model_id


def _param(model_id: str, workload: Workload, options: TrialOptions) -> Any:
    """A model that can't run here is a skip with its reason, never another model in its place."""
    name = models.resolve(model_id, workload)[0]
    reason = models.get(name, start_method=options.start_method, event_loop=options.event_loop).unavailable()
    return pytest.param(model_id, marks=pytest.mark.skip(reason=f"{model_id}: {reason}") if reason else ())


def _points(marker: pytest.Mark, scale: str, nodeid: str) -> tuple[Any, Sequence[Any]]:
    where = f"{nodeid}: @pytest.mark.trial_points"
    unknown = sorted(marker.kwargs.keys() - set(SCALES))
    if unknown:
        _refuse(f"{where} knows no scale {unknown[0]!r}; there are: {', '.join(SCALES)}")
    if len(marker.args) != 1 or "default" not in marker.kwargs:
        _refuse(f"{where} takes the parameters' names and the points: trial_points('size', default=[1, 2], quick=[1])")
    return marker.args[0], at_scale(marker.kwargs, scale)


def _side_by_side(items: list[pytest.Item]) -> list[pytest.Item]:
    """The trials of a function sorted by group, each group where its first member stood; other tests stay put."""
    rank: dict[object, int] = {}
    slots = [index for index, item in enumerate(items) if model_of(item) is not None]
    for index in slots:
        rank.setdefault(function_of(items[index]), index)
        rank.setdefault(race_of(items[index]), index)
    ordered = sorted(slots, key=lambda index: (rank[function_of(items[index])], rank[race_of(items[index])]))
    arranged = list(items)
    for slot, source in zip(slots, ordered, strict=True):
        arranged[slot] = items[source]
    return arranged


def function_of(item: pytest.Item) -> str:
    """The full name of a trial's test without its parameters."""
    where = item.parent.nodeid if item.parent is not None else ""
    return f"{where}::{getattr(item, 'originalname', None) or item.name}"


def race_of(item: pytest.Item) -> tuple[str, ...]:
    """What a trial shares with the same test under the other models."""
    return (function_of(item), *_values(item, without=(MODEL_FIXTURE,)))


def _values(item: pytest.Item, without: tuple[str, ...]) -> list[str]:
    return [f"{name}={_identity(value)}" for name, value in _params(item).items() if name not in without]


def _identity(value: Any) -> str:
    """Equal for what is surely the same value; an object's own text may leave out what matters, as an array's does."""
    parts = value if type(value) in (list, tuple) else [value]
    if not all(_is_plain(each) for each in parts):
        return f"{type(value).__qualname__} {id(value):x}"
    texts = [hex(each) if type(each) is int else repr(each) for each in parts]  # repr refuses more than 4300 digits
    return f"{type(value).__name__}({', '.join(texts)})"


def _short_text(value: object) -> str | None:
    """How a group is named by it; None where pytest's id does better."""
    if not _is_plain(value) or (type(value) is int and abs(value) >= 10**_MOST_DIGITS):
        return None
    text = str(value)
    return text if text.isprintable() else ascii(text)[1:-1]


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _params(item: pytest.Item) -> Mapping[str, Any]:
    callspec = getattr(item, "callspec", None)
    params = callspec.params if callspec is not None else {}
    return {name: value for name, value in params.items() if name != _LOOP_FACTORY}


def _without_model(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return str(callspec.id).removeprefix(f"{model_of(item)}-") if callspec is not None else item.name


def _refuse(message: str) -> NoReturn:
    pytest.fail(message, pytrace=False)
