"""Stored runs as what they say today: the newest of each workload, places apart, every file accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("msgspec")
pytest.importorskip("numpy")

from tests.unit.report.page.made_up import environment, results, trial, write
from timetrial.errors import ResultsError
from timetrial.results.collect import collect

TEST = "t.py::test_fetch"


def fetch(model: str, s_per_item: float, workload: str = "fetch") -> dict[str, Any]:
    """A trial."""
    return trial(f"{TEST}_{workload}", workload, model, s_per_item)


def test_of_several_runs_of_a_workload_the_newest_counts_and_others_stay(tmp_path: Path) -> None:
    """Trials of two runs are never put into one table."""
    old = [fetch("serial", 1.0), fetch("threads", 1.0), fetch("serial", 1.0, "files")]
    write(tmp_path, "a.json", results(old, "2026-01-01T00:00:00"))
    write(tmp_path, "b.json", results([fetch("serial", 2.0)], "2026-02-01T00:00:00"))
    (place,) = collect([tmp_path]).places
    assert [[(t.file.name, t.way.model) for t in group] for group in place.trials.values()] == [
        [("b.json", "serial")],
        [("a.json", "serial")],
    ]
    assert [run.path.name for run in place.runs] == ["a.json", "b.json"]


def test_machines_and_pythons_are_places_of_their_own(tmp_path: Path) -> None:
    """The one that was measured last comes first."""
    for number, where in enumerate((environment("3.12.1"), environment("3.13.1"), environment(cpu="Other"))):
        write(tmp_path, f"{number}.json", results([fetch("serial", 1.0)], f"2026-01-0{number + 1}", where=where))
    labels = [place.label for place in collect([tmp_path]).places]
    assert [label.partition(",")[0] for label in labels] == [
        "CPython 3.13.1 on Other",
        "CPython 3.13.1 on Example CPU 3000",
        "CPython 3.12.1 on Example CPU 3000",
    ]


def test_files_of_pytest_benchmark_alone_are_a_place_without_trials(tmp_path: Path) -> None:
    """They are found in its storage, a folder a machine, too."""
    plain = {
        "machine_info": {"python_implementation": "CPython", "python_version": "3.12.1", "system": "Linux"},
        "datetime": "2026-01-01",
        "benchmarks": [{"fullname": "t.py::test_x", "stats": {"median": 0.1, "data": [0.1, 0.2]}}],
    }
    write(tmp_path / "Linux-CPython-3.12-64bit", "0001_x.json", plain)
    (place,) = collect([tmp_path]).places
    assert (place.label, place.trials) == ("CPython 3.12.1 on a machine that the file does not name, Linux", {})
    assert [(each.name, each.median_s) for each in place.plain.values()] == [("t.py::test_x", 0.1)]


def test_a_file_that_is_cut_off_is_left_out_by_name_and_the_others_are_read(tmp_path: Path) -> None:
    """So is one whose trial lacks what every trial has."""
    write(tmp_path, "good.json", results([fetch("serial", 1.0)]))
    (tmp_path / "half.json").write_text('{"benchmarks": [', encoding="utf-8")
    broken = fetch("serial", 1.0)
    del broken["extra_info"]["timetrial"]["workload"]
    write(tmp_path, "lacks.json", results([broken], where=environment("3.12.1")))
    found = collect([tmp_path])
    assert len(found.places) == 1
    half, lacks = sorted(found.left_out)
    assert "half.json is no run that timetrial wrote whole" in half
    assert "lacks.json is not whole" in lacks
    assert "has no 'workload'" in lacks


@pytest.mark.parametrize(
    ("content", "said"), [(None, "holds no files of results"), ("[", "holds no run that can be read; of the first")]
)
def test_where_nothing_can_be_read_the_error_says_so(tmp_path: Path, content: str | None, said: str) -> None:
    """With what to do, or with the first file's reason."""
    if content is not None:
        (tmp_path / "x.json").write_text(content, encoding="utf-8")
    with pytest.raises(ResultsError, match=said):
        collect([tmp_path])
    with pytest.raises(ResultsError, match="does not exist"):
        collect([tmp_path / "nowhere"])
