"""Reading results: whole files, and errors that name the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from timetrial import cli
from timetrial.errors import ResultsError
from timetrial.results.read import environment_of, read_results
from timetrial.results.runfile import RunFile


def test_what_a_run_wrote_is_read_back(tmp_path: Path) -> None:
    """The benchmarks and where they ran."""
    file = RunFile(tmp_path, {"version": "1"}, {"environment": {"cpu": {"model": "fast"}}})
    file.write([{"name": "one"}], complete=True)
    assert read_results(file.path)["benchmarks"] == [{"name": "one"}]
    assert environment_of(file.path) == {"cpu": {"model": "fast"}}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "is not JSON"),
        (b"[]", "holds no benchmarks"),
        (b'{"benchmarks": 3}', "holds no benchmarks"),
        (b"[" * 100_000 + b"]" * 100_000, "nested deeper than any file of results"),
    ],
    ids=["cut off", "a list", "no list of benchmarks", "too deep"],
)
def test_rubbish_is_an_error_that_names_the_file(tmp_path: Path, content: bytes, complaint: str) -> None:
    """A file that was cut off, or that something else wrote."""
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=rf"run\.json.*{complaint}"):
        read_results(path)


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    """Not a traceback."""
    with pytest.raises(ResultsError, match=r"nowhere\.json"):
        read_results(tmp_path / "nowhere.json")


def test_a_file_of_pytest_benchmark_alone_does_not_say_where_it_ran(tmp_path: Path) -> None:
    """It is readable, but has no environment to compare."""
    path = tmp_path / "plain.json"
    path.write_text(json.dumps({"benchmarks": []}))
    with pytest.raises(ResultsError, match="does not say where it ran"):
        environment_of(path)


def of_a_trial(**changes: Any) -> dict[str, Any]:
    """A file's content with one trial of a sweep, parts of whose figures are changed."""
    figures = {"workload": "w", "model": "serial", "items": 3, "parameters": {"n": 1}, "sweeps": ["n"], **changes}
    return {
        "benchmarks": [{"fullname": "t.py::t", "stats": {"median": 1.0}, "extra_info": {"timetrial": figures}}],
        "timetrial": {"environment": {}},
    }


def of_one(**entry: Any) -> dict[str, Any]:
    """As of_a_trial, with parts of the benchmark's whole entry changed."""
    content = of_a_trial()
    content["benchmarks"][0].update(entry)
    return content


@pytest.mark.parametrize("command", ["curves", "environment"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"benchmarks": [], "timetrial": None}, "timetrial is no object"),
        ({"benchmarks": [], "timetrial": []}, "timetrial is no object"),
        ({"benchmarks": [], "timetrial": {"environment": "here"}}, "timetrial.environment is no object"),
        ({"benchmarks": [None]}, "benchmarks[0] is no object"),
        (of_one(extra_info=None), "benchmarks[0].extra_info is no object"),
        (of_one(extra_info={"timetrial": None}), "benchmarks[0].extra_info.timetrial is no object"),
        (of_one(stats=[]), "benchmarks[0].stats is no object"),
        (of_one(stats={"median": "long"}), "benchmarks[0].stats.median is no number"),
        (of_a_trial(sweeps=3), "benchmarks[0].extra_info.timetrial.sweeps is no list"),
        (of_a_trial(sweeps=[{}]), "benchmarks[0].extra_info.timetrial.sweeps[0] is no text"),
        (of_a_trial(parameters=None), "benchmarks[0].extra_info.timetrial.parameters is no object"),
        (of_a_trial(model=4), "benchmarks[0].extra_info.timetrial.model is no text"),
        (of_a_trial(void="yes"), "benchmarks[0].extra_info.timetrial.void is no list"),
    ],
)
def test_a_part_of_the_wrong_kind_is_named_with_the_file(
    content: Any, said: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever command reads it: a line and a status."""
    path = tmp_path / "run.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert cli.main([command, str(path)]) == 2
    assert capsys.readouterr().err == (
        f"timetrial {command}: {path} is not whole ({said}): restore it from where it came, or measure again\n"
    )
