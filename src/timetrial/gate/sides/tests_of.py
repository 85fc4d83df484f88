"""One side's tests laid over the other's: today's benchmarks against an older package that has other ones, or none."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from timetrial.errors import GateError
from timetrial.gate.sides.side import Side


def with_tests_of(source: Side, target: Side, named: Sequence[str]) -> Side:
    """The target, whose tests are now the source's: these paths in the project, and each conftest.py above them.

    A folder is replaced as a whole, of files only those that are named. Raises GateError where no path is named, or
    one that holds the project itself, whose package would then be the source's too.
    """
    paths = [Path(word.partition("::")[0]) for word in named]
    if not paths:
        raise GateError("--tests-from needs the paths of the tests, such as benchmarks/: only these are taken over")
    for path in paths:
        _refuse_the_project(source, path)
        _replace(source.root / path, target.root / path)
        for folder in path.parents:
            _replace(source.root / folder / "conftest.py", target.root / folder / "conftest.py")
    return replace(target, borrowed_tests=True)


def _refuse_the_project(source: Side, path: Path) -> None:
    place = (source.root / path).resolve()
    if source.project.resolve().is_relative_to(place) or not place.is_relative_to(source.root.resolve()):
        raise GateError(f"--tests-from with {path}: name a folder or file of tests in the project, and not all of it")


def _replace(source: Path, target: Path) -> None:
    """Makes the target what the source is; gone, if that is."""
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    elif source.exists():
        shutil.copy2(source, target, follow_symlinks=False)
