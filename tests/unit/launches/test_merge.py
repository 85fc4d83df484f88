"""Launches merged into one file: pytest-benchmark's figures over all rounds, and the launches still apart."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pytest_benchmark.stats import Stats

from timetrial.errors import ResultsError
from timetrial.launches.merge import merge
from timetrial.launches.round_stats import round_stats


def launch(seconds: dict[str, list[float]], **about: Any) -> dict[str, Any]:
    """One launch's file."""
    section = {"environment": {"cpu": {"model": "one"}}, "references": {}, "troubles": [], "complete": True, **about}
    return {
        "datetime": "now",
        "benchmarks": [
            {
                "fullname": name,
                "extra_info": {"timetrial": {"workload": "w", "speedup": data[0], "throughput_per_s": None}},
                "stats": {"data": data, "iterations": 2},
            }
            for name, data in seconds.items()
        ],
        "timetrial": section,
    }


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 30])
def test_the_figures_are_pytest_benchmark_s_own(count: int) -> None:
    """All of them, for any number of rounds."""
    rng = random.Random(count)
    data = [rng.lognormvariate(0, 1) for _ in range(count)]
    stats: Any = Stats
    expected = stats()
    for each in data:
        expected.update(each)
    ours = round_stats(data, 7)
    assert {name: ours[name] for name in stats.fields} == pytest.approx(expected.as_dict())
    assert (ours["data"], ours["iterations"]) == (data, 7)


def test_rounds_are_joined_and_launches_kept_apart() -> None:
    """A benchmark that one launch missed is there with what the other brought."""
    merged = merge([launch({"a": [1.0, 2.0]}), launch({"b": [5.0], "a": [3.0]})], complete=True)
    assert {each["fullname"]: each["stats"]["data"] for each in merged["benchmarks"]} == {
        "a": [1.0, 2.0, 3.0],
        "b": [5.0],
    }
    assert [each["seconds"] for each in merged["timetrial"]["launches"]] == [
        {"a": [1.0, 2.0]},
        {"b": [5.0], "a": [3.0]},
    ]
    assert merged["datetime"] == "now"


def test_figures_that_vary_between_launches_are_their_median() -> None:
    """What nobody knows stays unknown."""
    merged = merge([launch({"a": [value]}) for value in (1.0, 9.0, 2.0)], complete=True)
    figures = merged["benchmarks"][0]["extra_info"]["timetrial"]
    assert figures == {"workload": "w", "speedup": 2.0, "throughput_per_s": None}


def voided(content: dict[str, Any], kind: str) -> dict[str, Any]:
    """The same launch, its first benchmark void."""
    content["benchmarks"][0]["extra_info"]["timetrial"]["void"] = [{"kind": kind, "reason": "odd", "fix": "mend it"}]
    return content


def test_the_rounds_of_a_void_launch_are_kept_but_not_pooled() -> None:
    """Each launch tells what was void in it."""
    merged = merge([voided(launch({"a": [9.0]}), "disturbed"), launch({"a": [1.0]})], complete=True)
    (entry,) = merged["benchmarks"]
    assert entry["stats"]["data"] == [1.0]
    assert "void" not in entry["extra_info"]["timetrial"]
    first, second = merged["timetrial"]["launches"]
    assert (first["seconds"], first["void"]["a"][0]["kind"]) == ({"a": [9.0]}, "disturbed")
    assert second["void"] == {}


def test_a_benchmark_that_was_void_in_every_launch_stays_void() -> None:
    """With all of its rounds."""
    merged = merge([voided(launch({"a": [value]}), "clock") for value in (1.0, 2.0)], complete=True)
    (entry,) = merged["benchmarks"]
    assert entry["stats"]["data"] == [1.0, 2.0]
    assert entry["extra_info"]["timetrial"]["void"][0]["kind"] == "clock"


def test_a_benchmark_that_was_void_for_its_own_reason_in_one_launch_stays_void() -> None:
    """As the gate takes it: only a disturbed launch is an accident. Its rounds are those of the fair launches."""
    contents = [launch({"a": [9.0]}), *(voided(launch({"a": [value]}), "clock") for value in (1.0, 2.0))]
    merged = merge([*contents, voided(launch({"a": [3.0]}), "disturbed")], complete=True)
    (entry,) = merged["benchmarks"]
    assert entry["stats"]["data"] == [9.0]
    assert [each["kind"] for each in entry["extra_info"]["timetrial"]["void"]] == ["clock"]
    assert "void" not in contents[0]["benchmarks"][0]["extra_info"]["timetrial"]


def test_troubles_tell_their_launch_and_references_are_joined() -> None:
    """So that a gate can say which launch it was."""
    trouble = {"benchmark": "b", "kind": "void", "reason": "odd"}
    merged = merge(
        [launch({"a": [1.0]}, references={"a": "s"}), launch({"a": [1.0]}, troubles=[trouble])], complete=False
    )["timetrial"]
    assert merged["troubles"] == [{**trouble, "launch": 2}]
    assert merged["references"] == {"a": "s"}
    assert merged["complete"] is False


def test_launches_of_two_machines_are_not_merged() -> None:
    """The error tells which launch, and what differs."""
    elsewhere = launch({"a": [1.0]}, environment={"cpu": {"model": "two"}})
    with pytest.raises(ResultsError, match=r"launch 2 ran elsewhere.*cpu\.model"):
        merge([launch({"a": [1.0]}), elsewhere], complete=True)
