"""Tests are selected as for pytest, from the folder that both sides have a copy of."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import pytest

from timetrial.commands.selection import add_selection, divide, selection_of
from timetrial.errors import GateError


def selected(*argv: str, copies: bool = True) -> list[str]:
    """The words for pytest."""
    own, for_pytest = divide(argv)
    parser = ArgumentParser()
    add_selection(parser)
    return selection_of(parser.parse_args(own), for_pytest, copies=copies)


def test_paths_come_first_and_what_stands_behind_the_dashes_last() -> None:
    """The latter as it is."""
    given = selected("-k", "fetch", "benchmarks", "-m", "not slow", "--", "-p", "no:randomly")
    assert given == ["benchmarks", "-k", "fetch", "-m", "not slow", "-p", "no:randomly"]


def test_an_absolute_path_is_found_in_each_side_s_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the checkout that it was named in."""
    monkeypatch.chdir(tmp_path)
    assert selected(f"{tmp_path / 'bench' / 'test_x.py'}::test_y[a::b]") == ["bench/test_x.py::test_y[a::b]"]
    assert selected("bench/test_x.py", "../test_z.py") == ["bench/test_x.py", "../test_z.py"]


def test_a_path_behind_the_dashes_is_found_there_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the folder was entered by another name."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "test_x.py").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path / "real")
    named = str(tmp_path / "link" / "test_x.py")
    assert selected("--", "-x", f"{named}::test_y", "--color=no") == ["-x", "test_x.py::test_y", "--color=no"]


def test_a_path_elsewhere_is_refused_where_sides_are_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both would run the same file; two environments of one folder may."""
    here, elsewhere = tmp_path / "here", str(tmp_path / "elsewhere" / "test_x.py")
    here.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(GateError, match=r"test_x\.py lies outside of .*here: each side runs a copy of its own"):
        selected(elsewhere)
    assert selected(elsewhere, copies=False) == [elsewhere]
