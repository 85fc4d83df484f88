"""``timetrial report``: a page out of results, or a clear error."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("msgspec")
pytest.importorskip("numpy")

from tests.unit.report.page.made_up import fetching, others, results, trial, write
from timetrial.cli import main
from timetrial.report.page import extra


def test_it_writes_the_page_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0."""
    write(tmp_path, "a.json", results(others()))
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "r.html")]) == 0
    assert "r.html" in capsys.readouterr().out
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_file_that_was_left_out_is_told_on_the_page_and_by_the_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rest is reported all the same."""
    write(tmp_path, "a.json", results(others()))
    (tmp_path / "half.json").write_text("{", encoding="utf-8")
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "r.html")]) == 1
    assert "left out:" in capsys.readouterr().err
    assert "half.json <e->is no run" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_without_the_extra_the_error_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is read."""
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "jinja2" else object())
    assert main(["report", str(tmp_path)]) == 2
    assert "timetrial report needs Jinja2: install timetrial[report]" in capsys.readouterr().err


def test_markdown_goes_to_standard_output_in_the_language_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line a workload, with leads, intervals and ties."""
    write(tmp_path, "a.json", results(others()))
    assert main(["report", str(tmp_path), "--format", "markdown"]) == 0
    english = capsys.readouterr().out
    assert "| `crawl pages=200` | `processes+coroutines`, 8 at once | 8.0" in english
    assert "(tie) |" in english
    assert main(["report", str(tmp_path), "--format", "markdown", "--language", "zh"]) == 0
    assert "`processes+coroutines`, 并发 8" in capsys.readouterr().out


def test_each_chart_can_be_a_picture_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Well-formed, captioned, in one language, and named by what it shows."""
    write(tmp_path, "a.json", results(fetching()))
    folder = tmp_path / "figures"
    assert main(["report", str(tmp_path), "--format", "svg", "-o", str(folder), "--figure", "*throughput*"]) == 0
    (picture,) = folder.iterdir()
    assert picture.name == "fetch_pages-throughput.svg"
    root = ET.fromstring(picture.read_text(encoding="utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "Throughput over concurrency" in "".join(root.itertext())
    assert main(["report", str(tmp_path), "--format", "svg", "--figure", "nothing"]) == 2
    assert "no chart's name matches 'nothing'" in capsys.readouterr().err


def test_csv_has_a_row_for_each_trial_and_no_formula(tmp_path: Path) -> None:
    """Numbers are plain, with the unit in the column's name."""
    write(tmp_path, "a.json", results([*others(), trial("t.py::t", "=1+1", "serial", 0.5)]))
    path = tmp_path / "t.csv"
    assert main(["report", str(tmp_path), "--format", "csv", "-o", str(path)]) == 0
    rows = [*csv.DictReader(path.read_text(encoding="utf-8").splitlines())]
    assert len(rows) == len(others()) + 1
    (odd,) = [row for row in rows if row["model"] == "serial" and "1+1" in row["workload"]]
    assert odd["workload"] == "'=1+1"
    assert float(odd["s_per_item"]) == pytest.approx(0.5, rel=0.05)
    assert {row["void"] for row in rows} == {"", "other processes took 41 % of the cores"}


def test_what_a_form_has_nothing_to_show_of_is_an_error_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Charts and rows of benchmarks that are no trials; the page lists them all the same."""
    stats = {"median": 1.5, "data": [1.0, 1.5, 2.0]}
    write(tmp_path, "a.json", {"machine_info": {}, "benchmarks": [{"fullname": "t.py::test_a", "stats": stats}]})
    assert main(["report", str(tmp_path), "--format", "svg"]) == 2
    assert "these results make no chart" in capsys.readouterr().err
    assert main(["report", str(tmp_path), "--format", "csv"]) == 2
    assert "these results hold no trials" in capsys.readouterr().err
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "r.html")]) == 0
    assert "t.py::test_a" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("benchmarks", "told"),
    [
        ([trial("t.py::t", "w", "threads", 1.0)], "of each workload only one was measured"),
        ([trial("t.py::t", "w", "threads", 1.0, void="disturbed")], "see below what was void"),
        ([], "There are no benchmarks in these files"),
    ],
)
def test_where_nothing_can_be_compared_the_first_line_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], benchmarks: list[dict[str, Any]], told: str
) -> None:
    """And not that something was void where nothing was."""
    write(tmp_path, "a.json", results(benchmarks))
    assert main(["report", str(tmp_path), "--format", "markdown"]) == 0
    assert told in capsys.readouterr().out
