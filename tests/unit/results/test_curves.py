"""Curves and crossovers out of stored JSON, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from timetrial.errors import ResultsError
from timetrial.report.curves import curve_lines
from timetrial.results.curves import Crossover, Shape, crossing, read_shapes, shapes


def bench(
    model: str, s_per_round: float, items: int = 10, *, rounds_s: tuple[float, ...] = (), **parameters: Any
) -> Any:
    """A trial as a results file holds it; ``size`` is swept."""
    figures: dict[str, Any] = {
        "workload": "squares",
        "model": model,
        "items": items,
        "parameters": parameters,
        "sweeps": [name for name in ("size", "concurrency") if name in parameters],
    }
    if rounds_s:
        figures["interleaved"] = {}
    return {
        "fullname": f"test_squares.py::test_squares[{model}-{parameters}]",
        "stats": {"median": s_per_round, "data": list(rounds_s)},
        "extra_info": {"timetrial": figures},
    }


def only_shape(*benchmarks: Any) -> Shape:
    """The one set of curves of a file with these benchmarks, read back from its JSON."""
    (shape,) = shapes(json.loads(json.dumps({"benchmarks": benchmarks})))
    return shape


def power_laws() -> Shape:
    """Serial takes size µs an item, processes 100 µs and a quarter of that: they cross at 133.3."""
    return only_shape(
        *(bench("serial", size * 1e-5, size=size) for size in (10, 100, 1000)),
        *(bench("processes", 1e-3 + size * 0.25e-5, size=size) for size in (10, 100, 1000)),
    )


def test_a_curve_is_each_models_time_per_item_over_the_parameter() -> None:
    """In the order of the values, whatever the order in the file."""
    shape = only_shape(bench("threads", 4.0, items=8, size=20), bench("threads", 1.0, items=4, size=10))
    assert (shape.workload, shape.parameter, shape.at, shape.values) == ("squares", "size", {}, (10, 20))
    assert [shape.curves["threads"][value].s_per_item for value in shape.values] == [0.25, 0.5]


def test_the_crossover_is_interpolated_between_the_values_around_it() -> None:
    """On logarithmic axes: near 133, where the two really cross, and never outside of the two values."""
    (crossover,) = power_laws().crossovers()
    assert (crossover.low, crossover.high, crossover.before, crossover.after) == (100, 1000, "serial", "processes")
    assert crossover.at == pytest.approx(133.3, rel=0.15)


def test_curves_that_are_straight_on_logarithmic_axes_cross_exactly() -> None:
    """The curves y = x and y = 100 / x meet at 10."""
    assert crossing(1, 1000, 100.0, 100 / 1000**2) == pytest.approx(10)
    assert crossing(0, 10, 2.0, 0.5) == pytest.approx(5)


def test_curves_that_do_not_cross_have_no_crossing() -> None:
    """One stays below the other."""
    assert crossing(1, 10, 2.0, 3.0) is None


def test_the_others_parameters_make_curves_of_their_own() -> None:
    """A size at concurrency 2 is never set beside one at concurrency 4."""
    benchmarks = [bench("serial", 1.0, size=size, workers=workers) for size in (1, 2) for workers in (2, 4)]
    found = shapes({"benchmarks": benchmarks})
    assert [shape.at for shape in found] == [{"workers": 2}, {"workers": 4}]


def test_a_serial_trial_stands_for_every_concurrency() -> None:
    """It ran at one only, since it would have been the same at each."""
    shape = only_shape(
        bench("serial", 8.0, concurrency=2),
        bench("threads", 9.0, concurrency=1),
        bench("threads", 2.0, concurrency=4),
    )
    assert [shape.winner(value).model for value in shape.values] == ["serial", "threads"]
    assert shape.crossovers()[0].at is not None


def test_the_serial_curve_stands_beside_the_others_at_every_concurrency() -> None:
    """It was measured at one of them only."""
    benchmarks = [
        *(bench("serial", size * 1.0, size=size, workers=0, concurrency=2) for size in (1, 2)),
        *(bench("threads", 3.0, size=size, workers=0, concurrency=4) for size in (1, 2)),
    ]
    at_four = [each for each in shapes({"benchmarks": benchmarks}) if each.at.get("concurrency") == 4]
    assert [list(each.curves) for each in at_four] == [["serial", "threads"]]
    assert at_four[0].winner(2).model == "serial"


def test_where_models_took_turns_their_pairs_decide_and_not_their_medians() -> None:
    """Coroutines have the better median of the two, and lost eight turns out of nine."""
    threads, coroutines = (1.0,) * 4 + (9.0,) * 4 + (9.5,), (1.1,) * 4 + (9.9,) * 4 + (1.2,)
    win = only_shape(
        bench("threads", 9.0, rounds_s=threads, size=1), bench("coroutines", 1.2, rounds_s=coroutines, size=1)
    ).winner(1)
    assert (win.model, win.next_best, win.tie) == ("threads", "coroutines", False)
    assert win.lead == pytest.approx(1.1)


def test_models_that_took_turns_and_cannot_be_told_apart_tie() -> None:
    """A value with a tie decides nothing: the crossover lies between the clear wins on its two sides."""
    even, slow = (1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 1.0), (5.0,) * 7
    shape = only_shape(
        bench("serial", 1.0, rounds_s=(1.0,) * 7, size=1), bench("threads", 5.0, rounds_s=slow, size=1),
        bench("serial", 1.0, rounds_s=(1.0,) * 7, size=2), bench("threads", 0.99, rounds_s=even, size=2),
        bench("serial", 5.0, rounds_s=slow, size=4), bench("threads", 1.0, rounds_s=even, size=4),
    )  # fmt: skip
    assert [shape.winner(value).tie for value in shape.values] == [False, True, False]
    (crossover,) = shape.crossovers()
    assert (crossover.low, crossover.high) == (1, 4)
    assert crossover.at == pytest.approx(2, rel=0.01)


def test_a_model_that_was_not_measured_at_both_ends_gives_no_point() -> None:
    """The change is told, its place is not guessed."""
    shape = only_shape(bench("serial", 1.0, size=1), bench("threads", 1.0, size=2))
    assert shape.crossovers() == [Crossover(1, 2, "serial", "threads", None)]


def test_values_that_are_no_numbers_keep_their_order() -> None:
    """There is nothing to interpolate between them."""
    shape = only_shape(
        *(bench("serial", s, size=size) for size, s in (("small", 1.0), ("large", 9.0))),
        *(bench("threads", s, size=size) for size, s in (("small", 2.0), ("large", 3.0))),
    )
    assert shape.values == ("small", "large")
    assert shape.crossovers() == [Crossover("small", "large", "serial", "threads", None)]


def test_benchmarks_without_a_sweep_are_passed_over() -> None:
    """Those of pytest-benchmark alone, and trials that are no point of a curve."""
    plain = {"fullname": "test_plain", "stats": {"median": 1.0}, "extra_info": {}}
    assert shapes({"benchmarks": [plain, bench("serial", 1.0, other=3)]}) == []


def test_the_json_form_holds_curves_winners_and_crossovers() -> None:
    """Plain data, with a gap where a model has no reading."""
    found = json.loads(json.dumps(power_laws().as_dict()))
    assert found["values"] == [10, 100, 1000]
    assert found["s_per_item"]["serial"] == pytest.approx([1e-5, 1e-4, 1e-3])
    assert [each["model"] for each in found["fastest"]] == ["serial", "serial", "processes"]
    assert found["crossovers"][0]["after"] == "processes"


def test_the_table_names_the_fastest_at_each_value_and_where_it_changes() -> None:
    """As a person reads it."""
    text = "\n".join(curve_lines([power_laws()]))
    assert "squares over size" in text
    assert "serial -> processes: at about 150, between size 100 and 1000" in text


def voided(one: Any) -> Any:
    """The same trial, found void."""
    one["extra_info"]["timetrial"]["void"] = [{"kind": "clock", "reason": "too short", "fix": "more items"}]
    return one


def test_a_void_trial_is_shown_as_void_and_wins_nowhere() -> None:
    """Nor is a crossover interpolated from it."""
    shape = only_shape(
        voided(bench("serial", 0.1, size=1)),
        bench("serial", 9.0, size=2),
        bench("threads", 1.0, size=1),
        bench("threads", 2.0, size=2),
        voided(bench("serial", 0.1, size=3)),
    )
    assert [shape.winner(size).model for size in (1, 2, 3)] == ["threads", "threads", None]
    assert shape.as_dict()["s_per_item"]["serial"] == [None, 0.9, None]
    assert shape.crossovers() == []
    rows = [line.split() for line in curve_lines([shape])[2:]]
    assert rows[0] == ["1", "void", "100", "ms", "threads", "-"]
    assert rows[2] == ["3", "void", "-", "all", "void", "-"]


def test_a_crossing_is_not_read_off_a_void_trial() -> None:
    """It lies somewhere between the two values."""
    shape = only_shape(
        bench("serial", 1.0, size=1),
        voided(bench("serial", 3.0, size=2)),
        bench("threads", 2.0, size=1),
        bench("threads", 2.0, size=2),
    )
    (crossover,) = shape.crossovers()
    assert (crossover.before, crossover.after, crossover.at) == ("serial", "threads", None)


def test_a_trial_without_its_figures_is_told_with_the_file(tmp_path: Path) -> None:
    """Not as a mistake of timetrial's own."""
    broken = bench("serial", 1.0, size=1)
    del broken["extra_info"]["timetrial"]["model"]
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"benchmarks": [broken]}), encoding="utf-8")
    with pytest.raises(ResultsError, match=r"run\.json is not whole \(a trial of a sweep has no 'model'\)"):
        read_shapes(path)


def test_a_sweep_over_tuples_has_a_curve() -> None:
    """They are lists in JSON."""
    shape = only_shape(*(bench("serial", 1.0, size=size) for size in ((1, 2), (3, 4))))
    assert shape.values == ("[1, 2]", "[3, 4]")
