"""What has to be the same for all benchmarks before any code is compared: Python, what is installed, native files."""

from __future__ import annotations

import csv
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

from timetrial.environment.installed_modules import InstalledProject
from timetrial.gate.same_code.program import Facts
from timetrial.measure.execution.digests import digest
from timetrial.measure.execution.variables import native_variables
from timetrial.measure.execution.whose import Kind, Whose
from timetrial.system import own_package

NATIVE: Final = (".so", ".pyd", ".dll", ".dylib")
"""How the names of files end that hold compiled code."""
_MADE_BY_INSTALLERS: Final = (".dist-info/", ".data/", "__pycache__/")
_SKIPPED: Final = {".git", "__pycache__", ".venv", "venv", "node_modules", ".tox", ".nox"}


def ground_facts(whose: Whose, project: InstalledProject | None) -> Facts:
    """Facts that hold for every benchmark of a side."""
    facts = dict(_python())
    facts["variables of native code"] = native_variables(whose)
    owners = _of_project(project)
    if "timetrial" not in owners:
        facts["timetrial"] = digest(*_of_files(sorted(own_package.FOLDER.rglob("*.py"))))
    facts.update(_distribution(each, whose, owners) for each in distributions() if each.metadata["Name"])
    for folder in sorted({each for each in sys.path if each.endswith("-packages")}):
        for file in sorted(Path(folder).glob("*.pth")):
            facts[f"path file {whose.label(str(file))}"] = digest(whose.normal(file.read_text(errors="replace")))
    facts.update(_native(whose, project))
    return facts


def _python() -> Iterator[tuple[str, str]]:
    executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    yield "Python", digest(sys.version, executable, sys.flags, gil, sysconfig.get_config_var("CONFIG_ARGS"))


def metadata_of(project: InstalledProject | None) -> Iterator[str]:
    """The folders in which installers keep what the project says of itself; their names have its version."""
    own = _of_project(project)
    for each in distributions() if own else ():
        files = each.files or ()
        if own & _tops(map(str, files)):
            yield from (str(each.locate_file(file.parent)) for file in files if file.match("*.dist-info/METADATA"))


def _of_project(project: InstalledProject | None) -> set[str]:
    """The folders and files that the project's own packages lie in, as its distribution's files begin."""
    return {name.partition(".")[0] for name in project.places} if project else set()


def _distribution(distribution: Distribution, whose: Whose, own: set[str]) -> tuple[str, str]:
    """Its version and its files' digests; of the project's, whose files are looked at one by one, what it announces."""
    name = str(distribution.metadata["Name"])
    record = distribution.read_text("RECORD") or ""
    rows = [row for row in csv.reader(record.splitlines()) if len(row) >= 2]
    if own & _tops(row[0] for row in rows) or name.lower() == "timetrial" or _is_within(distribution, whose):
        return f"entry points of {name}", digest(distribution.read_text("entry_points.txt") or "")
    files = sorted((path, hashed) for path, hashed, *_ in rows if hashed and _is_content(path))
    return f"distribution {name}", digest(distribution.version, files)


def _tops(files: Iterable[str]) -> set[str]:
    """The packages and modules that a distribution's files lie in, as they begin."""
    return {file.partition("/")[0].removesuffix(".py") for file in files}


def _is_content(path: str) -> bool:
    """Scripts hold the path of their Python, and what installers write differs with the day."""
    return not path.startswith("..") and not any(each in path for each in _MADE_BY_INSTALLERS)


def _is_within(distribution: Distribution, whose: Whose) -> bool:
    """Whether it was installed from the side's own files."""
    told = distribution.read_text("direct_url.json") or ""
    return "{files}" in whose.normal(told)


def _native(whose: Whose, project: InstalledProject | None) -> Iterator[tuple[str, str]]:
    """The native files of the project: nobody can see what is in them."""
    places = {str(place / name.rpartition(".")[2]) for name, place in project.places.items()} if project else set()
    folders = [
        *places,
        *(f"{place}.libs" for place in places),
        *(root for root, name in whose.roots if name == "{files}"),
    ]
    for folder in sorted(set(folders)):
        for file in _below(Path(folder)):
            content = file.read_bytes()
            for root, name in whose.roots:
                content = content.replace(root.encode(), name.encode())
            yield f"native {whose.label(str(file))}", digest(content)
    for loaded in _loaded(whose):
        yield f"native {whose.label(loaded)}", digest(Path(loaded).read_bytes())


def _below(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if each not in _SKIPPED)
        yield from (Path(at, each) for each in sorted(files) if each.endswith(NATIVE) or ".so." in each)


def _loaded(whose: Whose) -> Iterator[str]:
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(NATIVE) and whose.kind(file) is Kind.OWN:
            yield file


def _of_files(files: Iterable[Path]) -> Iterator[bytes]:
    return (file.read_bytes() for file in files)
