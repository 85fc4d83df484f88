"""Whose a file is: the project's own, a library's, Python's, or that of what measures; and its name on either side."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import FrameType
from typing import Final

from timetrial.system import own_package


class Kind(StrEnum):
    """Whose code a file holds."""

    OWN = "own"
    """The project's, its tests', or made at run time."""
    LIBRARY = "library"
    """In an installed distribution that isn't the project's."""
    PYTHON = "python"
    """The standard library's."""
    MACHINERY = "machinery"
    """What runs and measures the tests: pytest, pytest-benchmark, timetrial."""


OWN_METADATA: Final = "{metadata}"
"""How the folder is called in notes in which an installer keeps what the project says of itself."""
_INSTALLED: Final = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_MACHINERY: Final = ("_pytest", "pytest", "pluggy", "pytest_benchmark", "cpuinfo", "pytest_asyncio", "_virtualenv.py")
# What calls the user's own functions with nothing between: what these do is the user's doing.
_CALLS_USERS: Final = (
    os.path.join("gate", "lockstep", "benchmark_fixture.py"),  # noqa: PTH118 - compared as text
    f"models{os.sep}",
    f"trial{os.sep}",
)
_OWN_FOLDER: Final = str(own_package.FOLDER) + os.sep
_CALLS_IN_FIXTURE: Final = f"pytest_benchmark{os.sep}fixture.py"


@dataclass
class Whose:
    """``roots`` are folders with the name that they have in notes, such as ``{files}``: both sides' are called alike.

    ``places`` are the project's installed packages and modules, each the path that they begin with.
    """

    roots: Sequence[tuple[str, str]]
    places: Sequence[str] = ()
    _kinds: dict[str, Kind] = field(default_factory=dict)

    def kind(self, file: str) -> Kind:
        """Whose the code in this file is; text in angle brackets is no file."""
        found = self._kinds.get(file)
        if found is None:
            found = self._kinds[file] = self._find(file)
        return found

    def _find(self, file: str) -> Kind:
        if file.startswith("<frozen "):
            return Kind.PYTHON
        if file.startswith("<"):
            return Kind.OWN
        if any(file.startswith(place) for place in self.places):
            return Kind.OWN
        if file.startswith(_OWN_FOLDER):
            inside = file[len(_OWN_FOLDER) :]
            return Kind.LIBRARY if inside.startswith(_CALLS_USERS) else Kind.MACHINERY
        place = next((each for each in _INSTALLED if each in file), None)
        if place is not None:
            inside = file.rpartition(place)[2]
            return _of_installed(inside)
        return Kind.PYTHON if file.startswith(_STANDARD) else Kind.OWN

    def label(self, path: str) -> str:
        """The path as both sides call it."""
        return self.normal(os.path.abspath(path))  # noqa: PTH100 - links stay

    def normal(self, text: str) -> str:
        """A text in which the paths of this side have the names that they have on both."""
        for root, name in self.roots:
            if root in text:
                text = text.replace(root, name)
        return text

    def doing_of(self, frame: FrameType | None) -> Kind:
        """Whose doing it is: of the innermost frame that isn't Python's own."""
        while frame is not None:
            kind = self.kind(frame.f_code.co_filename)
            if kind is not Kind.PYTHON:
                return kind
            frame = frame.f_back
        return Kind.PYTHON

    def told(self) -> Mapping[str, object]:
        """What another process needs to make the same of it."""
        return {"roots": [list(each) for each in self.roots], "places": list(self.places)}


def _of_installed(inside: str) -> Kind:
    """By the path within site-packages."""
    if inside == _CALLS_IN_FIXTURE:
        return Kind.LIBRARY
    return Kind.MACHINERY if inside.partition(os.sep)[0] in _MACHINERY else Kind.LIBRARY


def _standard_folders() -> Iterator[str]:
    for name in ("stdlib", "platstdlib"):
        path = sysconfig.get_path(name)
        if path:
            yield path + os.sep
            yield os.path.realpath(path) + os.sep
    yield os.path.realpath(sys.base_prefix) + os.sep + "lib" + os.sep


_STANDARD: Final = tuple(dict.fromkeys(_standard_folders()))


def roots_of(*folders: tuple[str, str]) -> list[tuple[str, str]]:
    """Each folder by its name, as it is given and as it is without links; the longest first: one may hold another."""
    both = {path: name for folder, name in folders for path in (folder, os.path.realpath(folder)) if len(path) > 1}
    return sorted(both.items(), key=lambda each: -len(each[0]))
