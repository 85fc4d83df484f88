"""Claims of one's own: functions with the decorator in a project's suite, found where pytest finds tests."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

from timetrial.claims.claim import Claim
from timetrial.errors import ClaimError

_A_PROJECT_HAS: Final = ("pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "conftest.py")
_TEST_FILE: Final = re.compile(r"(test_.*|.*_test)\.py")  # what pytest takes for one unless told
_DECORATED: Final = re.compile(rb"^@(?:[\w.]+\.)?claim\(", re.MULTILINE)
_NOT_A_SUITE: Final = frozenset({"build", "dist", "node_modules", "site-packages", "venv", "__pycache__"})
# Nothing is run, nothing shown, and what the project sets for its everyday runs is left aside.
_COLLECT: Final = (
    *("--collect-only", "--assert=plain", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:warnings"),
    *("-o", "addopts=", "-o", "filterwarnings="),
)


def own_claims(paths: Sequence[str] = ()) -> tuple[list[Claim], list[str]]:
    """Those of the suite in this folder, or of these paths; and which modules could not be collected, with why.

    In the folder only test files are imported that have a function with the decorator, which is seen from their text;
    and none where no file says that a project is there, since the folder may be anybody's home.
    Raises ClaimError for a path that isn't there.
    """
    a_project = any(Path(each).exists() for each in _A_PROJECT_HAS)
    given = [*paths] or ([*map(str, _files_with_claims(Path.cwd()))] if a_project else [])
    if not given:
        return [], []
    gatherer = _Gatherer()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what plugins have to say of the project's settings is for its own runs
        status = pytest.main([*_COLLECT, *given], plugins=[gatherer])
    if status == pytest.ExitCode.USAGE_ERROR and paths:
        raise ClaimError(f"pytest can't collect {' '.join(paths)}: name test files or folders that are there")
    if status in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
        gatherer.broken.append(f"pytest can't collect the suite in this folder (exit status {int(status)})")
    return list(gatherer.found.values()), gatherer.broken


def _files_with_claims(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = [
            each
            for each in folders
            if not each.startswith(".") and each not in _NOT_A_SUITE and not Path(where, each, "pyvenv.cfg").exists()
        ]
        for name in names:
            path = Path(where, name)
            if _TEST_FILE.fullmatch(name) and path.is_file() and _DECORATED.search(path.read_bytes()):
                yield path


def claims_of(modules: Iterable[ModuleType]) -> list[Claim]:
    """Those that these modules define, each once; claims that a module only imports are their definer's."""
    found = {
        each.id: each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, Claim) and each.find.__module__ == module.__name__
    }
    return list(found.values())


def together(ours: Sequence[Claim], own: Sequence[Claim]) -> list[Claim]:
    """Timetrial's claims and then the project's; raises ClaimError for two of one name."""
    taken = {each.id for each in ours}
    for each in own:
        if each.id in taken:
            raise ClaimError(
                f"{each.find.__module__} has a claim {each.id!r}, and so has timetrial: give it another name"
            )
    return [*ours, *own]


class _Gatherer:
    """A plugin that looks at each name of every module that is collected."""

    def __init__(self) -> None:
        self.found: dict[str, Claim] = {}
        self.broken: list[str] = []

    def pytest_pycollect_makeitem(self, collector: Any, obj: object) -> None:
        """Each name of a test module passes here."""
        if isinstance(obj, Claim) and obj.find.__module__ == collector.obj.__name__:
            self.found[obj.id] = obj

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that can't be imported is told."""
        if report.failed:
            self.broken.append(f"{report.nodeid}: {str(report.longrepr).strip().splitlines()[-1]}")
