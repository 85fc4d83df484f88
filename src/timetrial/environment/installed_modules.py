"""The modules of the project that is measured: imported from where it is installed, and shown to come from there.

A checkout often has the project's package beside its tests. pytest and ``python -m`` put that folder on ``sys.path``
before the installed ones, and what would be measured is not what users get: no compiled parts, other files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

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

    test_files: set[Path] = field(default_factory=set)
    """Files that pytest takes for tests, as it comes to them: also such as no test's name tells of."""

    def holds(self, name: str) -> Path | None:
        """The place that a module has to come from; None for one that is not the project's, or one of its tests."""
        top = self._top_of(name)
        return None if top is None or self._is_test(name, top) else self.places[top]

    def folders_of_tests(self, name: str) -> list[str]:
        """Where the checkout would have a test module that lies within one of the packages; empty for any other."""
        top = self._top_of(name)
        return self.folders_of(name) if top is not None and self._is_test(name, top) else []

    def folders_of(self, name: str) -> list[str]:
        """The folders that would hold a module in the checkout, in either of the usual layouts."""
        return [str(source.joinpath(*name.split(".")[:-1])) for source in self._sources]

    def found(self, modules: Mapping[str, ModuleType | None]) -> dict[str, str]:
        """The file of each of the project's modules that are loaded, under whatever name."""
        files = {name: _file_of(module) for name, module in sorted(modules.items())}
        return {name: file for name, file in files.items() if file is not None and self._place_of(name, file)}

    def astray(self, found: Mapping[str, str]) -> dict[str, str]:
        """Those of ``found`` that don't lie where the project is installed."""
        return {name: file for name, file in found.items() if not _is_in(Path(file), self._place_of(name, file))}

    def is_within_a_package(self, file: Path) -> bool:
        """Whether a file of the checkout lies in one of the project's packages."""
        names = (self.name_in(source, file) for source in self._sources if file.is_relative_to(source))
        return any(self._top_of(name) for name in names)

    @property
    def _sources(self) -> tuple[Path, Path]:
        return self.root, self.root / "src"

    def _top_of(self, name: str) -> str | None:
        """The outermost package or module of the project that a name lies in."""
        return next((each for each in _with_parents(name) if each in self.places), None)

    def _place_of(self, name: str, file: str) -> Path | None:
        """Where a module has to come from, by its name or else by its file.

        Whoever puts a package's own folder on ``sys.path``, or loads a file by its path, gives it another name.
        """
        return self.holds(name) or (self._place_of_file(Path(file)) if self._may_be_own(file) else None)

    def _may_be_own(self, file: str) -> bool:
        """Whether a file lies in a folder of the checkout that has a package's name; there are many to be asked."""
        root = f"{self.root}{os.sep}"
        first = file[len(root) :].partition(os.sep)[0] if file.startswith(root) else ""
        return first == "src" or any(top.partition(".")[0] == first.partition(".")[0] for top in self.places)

    def _place_of_file(self, file: Path) -> Path | None:
        names = (self.name_in(source, file) for source in self._sources if file.is_relative_to(source))
        return next(filter(None, map(self.holds, names)), None)

    @staticmethod
    def name_in(source: Path, file: Path) -> str:
        """The dotted name that a file of the checkout has by its place there."""
        folder = file.parent.relative_to(source).parts
        stem = file.name.partition(".")[0]
        return ".".join(folder if stem == "__init__" else (*folder, stem))

    def _is_test(self, name: str, top: str) -> bool:
        """Whether a module within the package ``top`` is one of its tests, which come from the checkout.

        By its name, or because pytest has come to it; and what lies beside such a one in a package that is not
        installed.
        """
        if _is_called_a_test(name, top):
            return True
        within = [each for each in _with_parents(name) if len(each) > len(top)]
        return any(self._holds_tests(each, top) for each in within)

    def _holds_tests(self, name: str, top: str) -> bool:
        """Whether pytest has come to this very file, or to one in this package, which is not installed."""
        parts = name.split(".")
        for source in self._sources:
            path = source.joinpath(*parts)
            if path.with_suffix(".py") in self.test_files:
                return True
            if any(file.is_relative_to(path) for file in self.test_files):
                return not self.places[top].joinpath(*parts[top.count(".") :]).is_dir()
        return False


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


def not_as_installed(astray: Mapping[str, str]) -> str:
    """Which modules came from elsewhere: what was measured is not what was installed."""
    module, file = next(iter(astray.items()))
    more = f", and {len(astray) - 1} more" if len(astray) > 1 else ""
    return (
        f"the module {module} was imported from {file}{more}, and not from where the project is installed: don't load "
        f"it by its path, or install the project with -e (`install` in [tool.timetrial.gate])"
    )


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


def _is_called_a_test(name: str, top: str) -> bool:
    return any(
        part in _TESTS or part.startswith(("test_", "bench_")) or part.endswith("_test")
        for part in name[len(top) + 1 :].split(".")
    )


def _file_of(module: ModuleType | None) -> str | None:
    file = getattr(module, "__file__", None)
    return os.path.abspath(file) if isinstance(file, str) else None  # noqa: PTH100 (links stay, and "..", not)


def _is_in(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder.resolve())


def _normal(name: str | None) -> str:
    """As packaging compares names (PEP 503), without importing it."""
    return (name or "").lower().replace("_", "-").replace(".", "-")
