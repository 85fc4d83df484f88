"""A function is found by its address, or the error says what there is instead."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from timetrial.errors import TargetError, TargetFailedError
from timetrial.target.locate import find, is_async, locate, parse

_JOBS = """
import functools

VERSION = 3

def crunch(n): return n * 2
async def fetch(n): return n
def _hidden(n): return n
half = functools.partial(fetch, 1)

class Client:
    def __init__(self): self.calls = 0
    def get(self, n): return n + 1
    @staticmethod
    def plain(n): return n
    async def __call__(self, n): return n

CLIENT = Client()

if __name__ == "__main__":
    raise SystemExit("the main part ran")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with a module in it, whose imports are forgotten afterwards."""
    tmp_path.joinpath("located_jobs.py").write_text(_JOBS)
    monkeypatch.chdir(tmp_path)
    path, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.mark.parametrize("spelled", ["located_jobs.py:crunch", "located_jobs:crunch", "./located_jobs.py:crunch"])
def test_a_function_is_found_in_a_file_and_in_a_module(spelled: str) -> None:
    """Without the part below ``if __name__ == "__main__"``."""
    found = locate(spelled)
    assert found.value(4) == 8
    assert (found.address.module, found.address.name) == ("located_jobs", "crunch")


def test_a_file_elsewhere_has_its_own_folder_on_the_path(folder: Path) -> None:
    """So that it finds its neighbours."""
    inner = folder / "inner"
    inner.mkdir()
    inner.joinpath("located_near.py").write_text("N = 7\n")
    inner.joinpath("located_far.py").write_text("from located_near import N\ndef f(n): return n + N\n")
    found = locate("inner/located_far.py:f")
    assert found.value(1) == 8
    assert found.address.folder == inner


def test_a_file_in_a_package_is_imported_as_a_part_of_it(folder: Path) -> None:
    """Its relative imports work."""
    package = folder / "located_package"
    package.mkdir()
    package.joinpath("__init__.py").write_text("")
    package.joinpath("numbers_.py").write_text("N = 7\n")
    package.joinpath("jobs.py").write_text("from .numbers_ import N\ndef f(n): return n + N\n")
    found = locate("located_package/jobs.py:f")
    assert found.value(1) == 8
    assert found.address.module == "located_package.jobs"


def test_dotted_names_lead_into_classes_and_objects() -> None:
    """A static method of a class, a method of an object."""
    assert locate("located_jobs.py:Client.plain").value(3) == 3
    assert locate("located_jobs.py:CLIENT.get").value(3) == 4


@pytest.mark.parametrize(("name", "expected"), [("fetch", True), ("half", True), ("CLIENT", True), ("crunch", False)])
def test_async_functions_are_told_in_every_guise(name: str, expected: bool) -> None:
    """As functions, partials and objects to call."""
    assert locate(f"located_jobs.py:{name}").is_async is expected
    assert is_async(find(f"located_jobs.py:{name}").value) is expected


@pytest.mark.parametrize(
    ("spelled", "told"),
    [
        ("located_jobs.py", "write it as file.py:function or as package.module:function; located_jobs.py has: crunch"),
        ("nothing.py:crunch", "there is no file nothing.py"),
        ("located_job.py:crunch", "did you mean located_jobs.py?"),
        ("located_jobs.py:crunsh", "located_jobs has no 'crunsh'; did you mean 'crunch'?"),
        ("located_jobs.py:VERSION", "is an int, which can't be called: name a function"),
        ("located_jobs.py:1st", "'1st' is no name in a module"),
        ("no_such_module_here:f", "there is no module 'no_such_module_here' here"),
        (".:f", "is no Python file"),
    ],
)
def test_an_address_that_leads_nowhere_says_what_is_there(spelled: str, told: str) -> None:
    """In one sentence, never a traceback."""
    spelled = spelled if spelled != ".:f" else "./:f"
    with pytest.raises(TargetError) as caught:
        locate(spelled)
    assert told in str(caught.value)


def test_a_module_that_raises_is_the_users_failure(folder: Path) -> None:
    """What it raised is the cause, so that it can be shown as theirs."""
    folder.joinpath("located_broken.py").write_text("1 / 0\n")
    with pytest.raises(TargetFailedError) as caught:
        locate("located_broken.py:f")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_file_named_like_a_module_that_python_has_loaded_is_refused(folder: Path) -> None:
    """Python would take the other one."""
    folder.joinpath("json.py").write_text("def f(n): return n\n")
    with pytest.raises(TargetError, match=r"another module of the name 'json' .*give the file another name"):
        locate("json.py:f")


def test_parsing_imports_nothing(folder: Path) -> None:
    """So that it can be asked for the code."""
    folder.joinpath("located_unread.py").write_text("raise SystemExit\n")
    assert parse("located_unread.py:f.g").first_name == "f"
