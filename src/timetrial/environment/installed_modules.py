"""The modules of the project that is measured: imported from where it is installed, and shown to come from there.

A checkout often has the project's package beside its tests. pytest and ``python -m`` put that folder on ``sys.path``
before the installed ones, and what would be measured is not what users get: no compiled parts, other files. A finder
that goes before all others leads these names, and no others, to where the project is installed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

VARIABLE: Final = "TIMETRIAL_INSTALLED"
"""Tells processes that a measured one starts of its project, as JSON."""

NOT_THE_PROJECT: Final = frozenset({"test", "tests", "docs", "doc", "examples", "benchmarks", "scripts", "tools"})
"""Packages of these names are many projects'; where they come from says nothing."""

_SUFFIXES: Final = (".py", ".so", ".pyd")
_TESTS: Final = frozenset({"test", "tests", "bench", "benchmark", "benchmarks", "conftest"})


@dataclass(frozen=True)
class InstalledProject:
    """Where a project's modules have to come from."""

    root: Path
    """Its folder."""
    places: Mapping[str, Path] = field(default_factory=dict)
    """The folder that holds a package or module, by its dotted name; empty where the project is not installed."""

    def holds(self, name: str) -> Path | None:
        """The place that a module has to come from; None for one that is not the project's, or one of its tests."""
        top = next((each for each in _with_parents(name) if each in self.places), None)
        return None if top is None or _is_test(name, top) else self.places[top]

    def folders_of_tests(self, name: str) -> list[str]:
        """Where the checkout would have a test module that lies within one of the packages; empty for any other."""
        top = next((each for each in _with_parents(name) if each in self.places), None)
        if top is None or not _is_test(name, top):
            return []
        parents = name.split(".")[:-1]
        return [str(folder.joinpath(*parents)) for folder in (self.root, self.root / "src")]

    def found(self, modules: Mapping[str, ModuleType | None]) -> dict[str, str]:
        """The file of each of the project's modules that are loaded."""
        files = {name: _file_of(module) for name, module in sorted(modules.items())}
        return {name: file for name, file in files.items() if file is not None and self.holds(name) is not None}

    def astray(self, found: Mapping[str, str]) -> dict[str, str]:
        """Those of ``found`` that don't lie where the project is installed."""
        return {name: file for name, file in found.items() if not _is_in(Path(file), self.holds(name))}


def installed_project(root: Path, name: str | None, top: Path | None = None) -> InstalledProject:
    """What this interpreter has installed of the project ``name``, and whatever was installed from within ``top``."""
    places: dict[str, Path] = {}
    for each in distributions():
        source, editable = _source_of(each)
        within = source is not None and _is_in(source, top or root)
        if not (within or (name is not None and _normal(each.metadata["Name"]) == _normal(name))):
            continue
        if editable and source is not None:
            places.update(_packages_in(source))
        else:
            folder = Path(str(each.locate_file("")))
            places.update((module, _folder_of(folder, module)) for module in modules_of(each.files or ()))
    return InstalledProject(root, {each: place for each, place in places.items() if each not in NOT_THE_PROJECT})


def install(project: InstalledProject) -> None:
    """Leads imports of the project's modules there, in this process and in those that it starts."""
    if project.places and not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder(project))
        places = {name: str(place) for name, place in project.places.items()}
        os.environ[VARIABLE] = json.dumps({"root": str(project.root), "places": places})


def install_as_told() -> None:
    """The same in a process that was started by one that is measured; does nothing in any other."""
    told = os.environ.get(VARIABLE)
    if told:
        content = json.loads(told)
        places = {name: Path(place) for name, place in content["places"].items()}
        install(InstalledProject(Path(content["root"]), places))


class _Finder(MetaPathFinder):
    def __init__(self, project: InstalledProject) -> None:
        self._project = project

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """As every finder's."""
        del path
        place = self._project.places.get(fullname)
        if place is not None:
            return PathFinder.find_spec(fullname, [str(place)], target)
        folders = self._project.folders_of_tests(fullname)
        return PathFinder.find_spec(fullname, folders, target) if folders else None


def modules_of(files: Iterable[PurePath]) -> set[str]:
    """The dotted names of the packages and modules that a distribution's files are: each the outermost that has code.

    A folder without ``__init__`` is shared by many distributions (a namespace), so its name belongs to none of them.
    """
    listed = [each for each in files if each.suffix in _SUFFIXES and _is_module_path(each)]
    packages = {each.parent for each in listed if each.name.partition(".")[0] == "__init__"}
    names = set()
    for each in listed:
        package = next((parent for parent in reversed(each.parents) if parent in packages), None)
        parts = package.parts if package is not None else (*each.parent.parts, each.name.partition(".")[0])
        names.add(".".join(parts))
    return {name for name in names if name and all(part.isidentifier() for part in name.split("."))}


def _is_module_path(path: PurePath) -> bool:
    """Scripts lie outside of the libraries, and metadata in folders of their own."""
    return ".." not in path.parts and not path.parts[0].endswith((".dist-info", ".data"))


def _source_of(distribution: Distribution) -> tuple[Path | None, bool]:
    """The folder that it was installed from, and whether it is imported from there (PEP 610)."""
    try:
        told: dict[str, Any] = json.loads(distribution.read_text("direct_url.json") or "{}")
        url = urlsplit(str(told.get("url", "")))
    except ValueError:
        return None, False
    if url.scheme != "file":
        return None, False
    return Path(url2pathname(url.path)), bool((told.get("dir_info") or {}).get("editable"))


def _packages_in(source: Path) -> Iterator[tuple[str, Path]]:
    """The packages of an editable install, in either of the usual layouts."""
    for file in sorted([*source.glob("*/__init__.py"), *source.glob("src/*/__init__.py")]):
        if file.parent.name.isidentifier():
            yield file.parent.name, file.parent.parent


def _folder_of(libraries: Path, module: str) -> Path:
    return libraries.joinpath(*module.split(".")[:-1])


def _with_parents(name: str) -> Iterator[str]:
    """``a``, ``a.b`` and ``a.b.c`` for ``a.b.c``."""
    parts = name.split(".")
    return (".".join(parts[: end + 1]) for end in range(len(parts)))


def _is_test(name: str, top: str) -> bool:
    """Whether a module within the package ``top`` is one of its tests, which come from the checkout."""
    return any(
        part in _TESTS or part.startswith(("test_", "bench_")) or part.endswith("_test")
        for part in name[len(top) + 1 :].split(".")
    )


def _file_of(module: ModuleType | None) -> str | None:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else None


def _is_in(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder.resolve())


def _normal(name: str | None) -> str:
    """As packaging compares names (PEP 503), without importing it."""
    return (name or "").lower().replace("_", "-").replace(".", "-")
