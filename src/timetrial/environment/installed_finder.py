"""Imports of the measured project are led to where it is installed, in a process and in those that it starts.

A finder that goes before all others leads these names, and no others; tests come from the checkout.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Final

from timetrial.environment.installed_modules import InstalledProject

VARIABLE: Final = "TIMETRIAL_INSTALLED"
"""Tells processes that a measured one starts of its project, as JSON."""


def install(project: InstalledProject) -> None:
    """Leads imports of the project's modules there, in this process and in those that it starts."""
    if project.places and not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder(project))
        _announce(project)


def note_test_file(project: InstalledProject, file: Path) -> None:
    """``file`` is a test, whatever its name: it comes from the checkout, here and in processes that are started."""
    if project.places and file not in project.test_files:
        project.test_files.add(file)
        if project.is_within_a_package(file):
            _announce(project)


def _announce(project: InstalledProject) -> None:
    told = {
        "root": str(project.root),
        "places": {name: str(place) for name, place in project.places.items()},
        "tests": [str(file) for file in sorted(project.test_files) if project.is_within_a_package(file)],
    }
    os.environ[VARIABLE] = json.dumps(told)


def install_as_told() -> None:
    """The same in a process that was started by one that is measured; does nothing in any other."""
    told = os.environ.get(VARIABLE)
    if told:
        content = json.loads(told)
        places = {name: Path(place) for name, place in content["places"].items()}
        install(InstalledProject(Path(content["root"]), places, set(map(Path, content["tests"]))))


class _Finder(MetaPathFinder):
    def __init__(self, project: InstalledProject) -> None:
        self._project = project
        self._standing_in: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """As every finder's."""
        folder = self._asked_in_checkout(fullname, path)
        if folder is not None:
            return self._stand_in(fullname, folder)
        place = self._project.places.get(fullname)
        if place is not None:
            return PathFinder.find_spec(fullname, [str(place)], target)
        folders = self._project.folders_of_tests(fullname)
        return PathFinder.find_spec(fullname, folders, target) if folders else None

    def _asked_in_checkout(self, fullname: str, path: Sequence[str] | None) -> str | None:
        """The folder of the checkout that pytest asks for one of the project's packages in, if it does.

        Its import mode "importlib" asks by the folder, or by the package's own.
        """
        place = self._project.holds(fullname)
        if place is None or not isinstance(path, list) or len(path) != 1 or fullname in self._standing_in:
            return None
        folders = [Path(each) for each in self._project.folders_of(fullname)]
        last = fullname.rpartition(".")[2]
        folder = next((each for each in folders if Path(path[0]) in (each, each / last)), None)
        return None if folder is None or folder.resolve().is_relative_to(place.resolve()) else str(folder)

    def _stand_in(self, fullname: str, folder: str) -> ModuleSpec | None:
        """What is found there, with the installed one as what is loaded; None where it is not installed."""
        with self._only_once(fullname):
            there = PathFinder.find_spec(fullname, [folder])
            if there is None:
                return None
            try:
                there.loader = _Loaded(import_module(fullname))
            except ModuleNotFoundError as error:
                if error.name != fullname:
                    raise
                return None
        return there

    @contextmanager
    def _only_once(self, name: str) -> Iterator[None]:
        self._standing_in.add(name)
        try:
            yield
        finally:
            self._standing_in.discard(name)


class _Loaded(Loader):
    """Hands out a module that is loaded already, as it is."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """As every loader's."""
        del spec
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Its code has run; whoever loads a module gives it another spec, which is taken back."""
        module.__spec__ = self._spec
