"""Where modules are that sys.path does not lead to, and how another process imports them."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from timetrial.models.pool import import_paths

IMPORT = """
import importlib, json, sys
from timetrial.models.pool import import_paths

import_paths.install(json.loads(sys.argv[1]))
print(importlib.import_module(sys.argv[2]).VALUE)
"""


def _load(name: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def _imported_elsewhere(places: import_paths.Places, name: str) -> str:
    command = [sys.executable, "-c", IMPORT, json.dumps(places), name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_what_an_import_finds_is_left_to_it() -> None:
    """A module on the path, in a package or not, built in, or unknown: nothing is told of it, and nothing changes."""
    importlib.import_module("email.mime.text")
    assert import_paths.places_of([__name__, "email.mime.text", "json", "sys", "__main__", "no_such_module"]) == {}
    finders = list(sys.meta_path)
    import_paths.install({})
    assert sys.meta_path == finders


def test_a_module_loaded_from_a_file_is_imported_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process imports it under the same name."""
    file = tmp_path / "test_of_mine.py"
    file.write_text("VALUE = 'mine'")
    _load("test_of_mine", file, monkeypatch)
    places = import_paths.places_of(["test_of_mine"])
    assert places == {"test_of_mine": (str(file), None)}
    assert _imported_elsewhere(places, "test_of_mine") == "mine"


def test_a_made_up_package_takes_the_name_of_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names that pytest gives to folders may be names of packages on the path: the file is what counts."""
    file = tmp_path / "test_of_mine.py"
    file.write_text("VALUE = 'mine'")
    monkeypatch.setitem(sys.modules, "email", ModuleType("email"))
    _load("email.test_of_mine", file, monkeypatch)
    places = import_paths.places_of(["email.test_of_mine"])
    assert set(places) == {"email", "email.test_of_mine"}
    assert _imported_elsewhere(places, "email.test_of_mine") == "mine"


def test_a_module_of_the_same_name_makes_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork server may have imported another one already."""
    ours, other = tmp_path / "ours.py", tmp_path / "other.py"
    ours.write_text("VALUE = 'ours'")
    other.write_text("VALUE = 'other'")
    _load("twice_there", other, monkeypatch)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    import_paths.install({"twice_there": (str(ours), None)})
    assert importlib.import_module("twice_there").VALUE == "ours"
