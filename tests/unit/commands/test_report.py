"""``timetrial report``: a page out of results, or a clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("msgspec")
pytest.importorskip("numpy")

from tests.unit.report.page.made_up import others, results, write
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
    assert "half.json is no run" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_without_the_extra_the_error_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is read."""
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "jinja2" else object())
    assert main(["report", str(tmp_path)]) == 2
    assert "timetrial report needs Jinja2: install timetrial[report]" in capsys.readouterr().err
