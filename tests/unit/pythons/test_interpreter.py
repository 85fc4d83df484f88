"""Interpreters that can't be used are refused by name, with what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from timetrial.environment.identity import this_python
from timetrial.errors import TargetError
from timetrial.pythons.interpreter import interpreters

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its scripts need a shell")


def script(folder: Path, text: str) -> str:
    """An interpreter that isn't one."""
    path = folder / "python9"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def refusal(*spelled: str) -> str:
    """What is said."""
    with pytest.raises(TargetError) as refused:
        interpreters(spelled)
    return str(refused.value)


def test_this_python_is_found_and_has_timetrial() -> None:
    """By its path, which is kept as it is: an environment's Python is known by its place."""
    (found,) = interpreters([sys.executable])
    assert (found.path, found.has_timetrial) == (Path(sys.executable), True)
    assert str(found) == f"{this_python()} ({sys.executable})"


def test_one_that_is_not_there_is_told_with_what_would_install_it() -> None:
    """A folder is told too, with the Python in it."""
    said = refusal("python9.99")
    assert said.startswith("--python python9.99: there is no such interpreter on the PATH; name it by its path")
    assert "`uv python install 9.99`" in said
    folder = Path(sys.executable).parent.parent
    assert f"is a folder; name the Python in it: did you mean {folder / 'bin' / 'python'}?" in refusal(str(folder))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            """echo '{"version": "3.9.2", "release": [3, 9]}'""",
            "that is Python 3.9.2, and timetrial needs 3.11 or newer",
        ),
        ("echo no such thing; exit 3", "doesn't answer as a Python does (exit status 3):\nno such thing"),
        (
            """echo '{"version": "3.13.1", "release": [3, 13], "timetrial": "0.0.9", "trouble": "no pythons"}'""",
            "its timetrial 0.0.9 can't take turns with this one (no pythons); install the same one there",
        ),
    ],
    ids=["too old", "no Python", "another timetrial"],
)
def test_one_that_can_not_be_used_is_refused_by_name(tmp_path: Path, answers: str, said: str) -> None:
    """Before anything is measured."""
    spelled = script(tmp_path, answers)
    told = refusal(spelled)
    assert told.startswith(f"--python {spelled}: ")
    assert said in told


def test_one_without_timetrial_is_told_apart(tmp_path: Path) -> None:
    """It gets an environment of its own."""
    (found,) = interpreters([script(tmp_path, """echo '{"version": "3.13.1", "release": [3, 13]}'""")])
    assert not found.has_timetrial


def test_the_same_one_twice_is_refused() -> None:
    """Nothing could be compared."""
    assert f"are both {sys.executable}" in refusal(sys.executable, sys.executable)


def test_a_path_that_leads_to_no_python_is_told_as_one(tmp_path: Path) -> None:
    """Whether there is nothing, or a file that nobody may run."""
    with pytest.raises(TargetError, match=r"nowhere/python: there is no such file; name a Python by its path"):
        interpreters([f"{tmp_path}/nowhere/python"])
    tmp_path.joinpath("text").write_text("")
    with pytest.raises(TargetError, match=r"text: that can't be run; name a Python by its path"):
        interpreters([f"{tmp_path}/text"])
