"""One side of a gate: a version of the code, and what runs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timetrial.environment.installed_modules import NOT_THE_PROJECT
from timetrial.errors import GateError
from timetrial.gate.record import SideName
from timetrial.gate.sides.git import LOCAL_VARIABLES
from timetrial.gate.sides.probe import Facts, ask_python

_INSTALLABLE: Final = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt")
_SHOWN_OF_COMMIT: Final = 12


@dataclass(frozen=True)
class Side:
    """One version of the code: ``python`` runs pytest in ``root``.

    ``revision`` is the full commit, with "+dirty" where files differ from it, or None outside git. The rest is None
    where the side is the user's own: ``environment`` is the virtual environment made for it, ``worktree`` the copy
    that ``root`` is in, and ``checkout`` the user's own folder that this is a copy of. With ``borrowed_tests`` its
    tests are another side's: what its own package lacks for them is new there, and no failure.
    """

    name: SideName
    """Base or candidate."""
    python: Path
    root: Path
    revision: str | None
    environment: Path | None = None
    worktree: Path | None = None
    checkout: Path | None = None
    borrowed_tests: bool = False

    @property
    def project(self) -> Path:
        """The folder that is installed: the one that the gate runs in, or the nearest above it that can be."""
        for folder in (self.root, *self.root.parents):
            if any((folder / each).is_file() for each in _INSTALLABLE):
                return folder
            if folder == self.worktree:
                break
        return self.root

    def variables(self) -> dict[str, str]:
        """The environment variables of this side's processes: the user's, but leading to this side's files."""
        kept = {name: value for name, value in os.environ.items() if name not in LOCAL_VARIABLES}
        if self.environment is not None:
            kept.pop("PYTHONHOME", None)
            kept["VIRTUAL_ENV"] = kept["UV_PROJECT_ENVIRONMENT"] = str(self.environment)
            kept["PATH"] = os.pathsep.join([str(self.python.parent), kept.get("PATH", os.defpath)])
            kept["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        if "PYTHONPATH" in kept:
            kept["PYTHONPATH"] = os.pathsep.join(map(self._moved, kept["PYTHONPATH"].split(os.pathsep)))
        return kept

    def __str__(self) -> str:
        commit, plus, dirty = (self.revision or "").partition("+")
        return f"the {self.name}" + (f" ({commit[:_SHOWN_OF_COMMIT]}{plus}{dirty})" if commit else "")

    def _moved(self, entry: str) -> str:
        """A path into the user's checkout, as one into this side's copy of it."""
        if self.checkout is None or self.worktree is None or not entry:
            return entry
        path = Path(entry)
        inside = path.is_absolute() and path.resolve().is_relative_to(self.checkout.resolve())
        return str(self.worktree / path.resolve().relative_to(self.checkout.resolve())) if inside else entry


def check(side: Side) -> Facts:
    """What a side runs on; raises GateError where it lacks something, or imports the project from the wrong place."""
    facts = ask_python(side.python, side.root, str(side), side.variables(), tuple(_packages(side.root)))
    if side.checkout is None or side.worktree is None:
        return facts
    for module, places in facts.modules.items():
        for place in map(Path, places):
            if _is_in(place, side.checkout) and not _is_in(place, side.worktree):
                raise GateError(
                    f"{side} imports {module!r} from your checkout ({place}) and not from its own files, so both "
                    f"sides would run the same code; let `install` in [tool.timetrial.gate] install {{root}}"
                )
    return facts


def _packages(root: Path) -> Iterator[str]:
    """The packages that lie in a project's folder, in either of the usual layouts."""
    for file in sorted([*root.glob("*/__init__.py"), *root.glob("src/*/__init__.py")]):
        if file.parent.name.isidentifier() and file.parent.name not in NOT_THE_PROJECT:
            yield file.parent.name


def _is_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())
