"""What can't be carried into a worker's world is told, in words that name it and give no secret away."""

from __future__ import annotations

import os
import pickle
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from timetrial.measure.execution.notes import VARIABLE
from timetrial.models.pool import parent_state
from timetrial.models.pool.parent_state import KeptWarnings, enter, look, variables_of


@pytest.fixture(autouse=True)
def _left_as_it_was() -> Iterator[None]:
    before = look()
    yield
    enter(before)


def test_the_world_as_it_is_needs_nothing() -> None:
    """And nothing is told."""
    assert enter(look()) == []


def test_it_can_be_sent() -> None:
    """As part of what a worker is told."""
    here = look()
    assert pickle.loads(pickle.dumps(here)) == here


def test_what_the_parent_does_not_know_is_left_alone() -> None:
    """As the working directory that somebody has removed."""
    assert enter({**look(), "working directory": None}) == []
    assert enter({}) == []


@pytest.mark.parametrize(
    ("part", "wanted", "told"),
    [
        ("working directory", "/no/such/folder", r"working directory: .* instead of /no/such/folder \(FileNotFoundEr"),
        ("locale", "xx_XX.nothing", r"locale: .* instead of xx_XX.nothing \(Error: unsupported locale setting\)"),
        ("recursion limit", 1, r"recursion limit: \d+ instead of 1 \(RecursionError"),
        ("warnings filters", [b"a class of a function"], r"warnings filters: others \(UnpicklingError"),
        ("usable processors", [99_999], "usable processors: others"),
        ("time zone", (("ABC", "DEF"), 1), "time zone: others"),
    ],
)
def test_what_cannot_be_carried_is_told(part: str, wanted: Any, told: str) -> None:
    """What it is, what it is instead, and what was in the way."""
    if part == "usable processors" and not hasattr(os, "sched_setaffinity"):
        pytest.skip("nothing can be pinned here")
    (found,) = enter({part: wanted})
    assert pytest.RaisesExc(ValueError, match=told).matches(ValueError(found)), found


@pytest.mark.skipif(sys.platform == "win32", reason="this platform has no such limits")
def test_a_limit_that_is_not_granted_is_told_with_both_values() -> None:
    """Of all limits, only that one."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    more = 1 << 40
    (found,) = enter({"resource limits": {"RLIMIT_NOFILE": (more, more)}})
    assert f"RLIMIT_NOFILE ({soft}, {hard}) instead of ({more}, {more})" in found


def test_of_variables_only_the_names_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their values may be secrets, and a results file is shared."""
    monkeypatch.setattr(parent_state, "_set_variables", None)
    part = parent_state.Part("environment variables", lambda: {"TOKEN": "abc"}, lambda _: None)
    assert parent_state._carry(part, {"TOKEN": "xyz", "MORE": "1"}) == "environment variables: TOKEN, MORE"


def test_a_filter_that_cannot_be_sent_is_no_reason_to_fail() -> None:
    """It is told where the worker has it not."""

    class Local(UserWarning):
        pass

    with warnings.catch_warnings():
        warnings.simplefilter("error", Local)
        here = look()
    (found,) = enter(here)
    assert found.startswith("warnings filters: others")


def test_processes_start_with_the_variables_of_another_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only while they are started."""
    monkeypatch.setenv("TT_KEPT", "now")
    monkeypatch.setenv("TT_NEW", "1")
    then = {name: value for name, value in os.environ.items() if name != "TT_NEW"} | {"TT_KEPT": "then"}
    with variables_of({"environment variables": then}):
        assert (os.environ["TT_KEPT"], os.environ.get("TT_NEW")) == ("then", None)
    assert (os.environ["TT_KEPT"], os.environ["TT_NEW"]) == ("now", "1")


def test_whoever_is_noted_tells_its_workers_in_whatever_world_they_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tells them to take part is no variable of the code under test, and none that could differ."""
    then = dict(look()["environment variables"])
    monkeypatch.setenv(VARIABLE, "where to")
    assert look()["environment variables"] == then
    with variables_of({"environment variables": {**then, "SPIN": "1"}}):
        assert (os.environ[VARIABLE], os.environ["SPIN"]) == ("where to", "1")
    assert os.environ[VARIABLE] == "where to"


def test_a_folder_that_is_gone_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test may have removed the folder that it was in."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    if os.name == "nt":
        pytest.skip("nobody can remove the folder that they are in here")
    folder.rmdir()
    assert look()["working directory"] is None


def test_kept_warnings_are_told_once_each_with_how_often_they_came(capsys: pytest.CaptureFixture[str]) -> None:
    """A task that warns for each item costs no line for each."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        kept = KeptWarnings()
        for _ in range(3):
            warnings.warn("old", DeprecationWarning, stacklevel=1)
        warnings.warn("odd", UserWarning, stacklevel=1)
    kept.tell()
    old, odd = capsys.readouterr().err.splitlines()
    assert old.endswith("DeprecationWarning: old (3 times)")
    assert odd.endswith("UserWarning: odd")
