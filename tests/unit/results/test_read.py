"""Reading results: whole files, and errors that name the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from timetrial.errors import ResultsError
from timetrial.results.read import environment_of, read_results
from timetrial.results.runfile import RunFile


def test_what_a_run_wrote_is_read_back(tmp_path: Path) -> None:
    """The benchmarks and where they ran."""
    file = RunFile(tmp_path, {"version": "1"}, {"environment": {"cpu": "fast"}})
    file.write([{"name": "one"}], complete=True)
    assert read_results(file.path)["benchmarks"] == [{"name": "one"}]
    assert environment_of(file.path) == {"cpu": "fast"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"{", "is not JSON"), (b"[]", "holds no benchmarks"), (b'{"benchmarks": 3}', "holds no benchmarks")],
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
