"""A virtual environment for each side, both made the same way, one right after the other."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timetrial.errors import GateError, NoRoomError
from timetrial.gate.sides.git import failure
from timetrial.gate.sides.requirements import Requirements, Wanted, requirements_of
from timetrial.system.command import Ended, run_to_end
from timetrial.system.credentials import without_secrets, words_without_secrets

_LINES_SHOWN: Final = 15
_ADVICE: Final = (
    "Mend that, say how to install with `install` in [tool.timetrial.gate], or make the environments "
    "yourself and name them with --base-python and --candidate-python"
)
# Processes that a side starts import the project from where it is installed too, and are noted where their side is; an
# older timetrial can't see to it.
_JOIN: Final = (
    '; exec("try:\\n from {module} import {function} as t\\n t()\\nexcept ImportError: pass") '
    'if "{variable}" in os.environ else None'
)
_IMPORT_INSTALLED: Final = (
    "import os"
    + _JOIN.format(
        module="timetrial.environment.installed_finder", function="install_as_told", variable="TIMETRIAL_INSTALLED"
    )
    + _JOIN.format(module="timetrial.measure.execution.watching", function="join_as_told", variable="TIMETRIAL_NOTES")
    + "\n"
)
_TEMPORARY: Final = ("TMPDIR", "TEMP", "TMP")  # where Python looks, in this order
_UV_ANSWERS_WITHIN_S: Final = 20.0


@dataclass(frozen=True)
class Installer:
    """How both sides get what they run on.

    ``uv`` is its path where there is one that runs; ``words`` the policy's own command, with its placeholders;
    ``own_wheel`` the running timetrial.
    """

    uv: str | None
    words: tuple[str, ...] | None
    own_wheel: Path
    wanted: Wanted | None = None
    """What the command line names besides, for sides that name nothing themselves."""

    def command(self, python: Path, environment: Path, root: Path) -> list[str]:
        """The words to run in ``root`` for the environment of ``python``."""
        if self.words is not None:
            return filled(self.words, python=python, environment=environment, root=root, timetrial=self.own_wheel)
        return default_command(self.uv, python, root, self.own_wheel, self.wanted)

    def __str__(self) -> str:
        if self.words is not None:
            return f"with `{shlex.join(self.words)}`, as [tool.timetrial.gate] says"
        return "with pip" if self.uv is None else "with uv"

    @property
    def needs_pip(self) -> bool:
        """Whether the environment has to hold pip: the command may be a script that uses it."""
        return self.uv is None if self.words is None else self.words[:1] != ("uv",)


def find_uv() -> str | None:
    """A uv that answers; a name on the PATH can also be a wrapper with nothing behind it."""
    path = shutil.which("uv")
    if path is None:
        return None
    try:
        ended = run_to_end([path, "--version"], cwd=Path.cwd(), patience_s=_UV_ANSWERS_WITHIN_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return path if ended.status == 0 else None


def make_environment(
    installer: Installer, environment: Path, root: Path, who: str, variables: Mapping[str, str]
) -> None:
    """Makes the environment, installs into it, compiles all bytecode; ``python_in`` tells where its Python is.

    ``who`` names the side in errors; ``variables`` are those that its processes get. Their temporary files lie beside
    the environment: what is ended in the middle leaves some behind, and these go with the gate's own folder.
    Raises GateError where it can't be made or installed into, NoRoomError where the disk is full.
    """
    with tempfile.TemporaryDirectory(prefix=".tmp-", dir=environment.parent, ignore_cleanup_errors=True) as temporary:
        inside = {**variables, **dict.fromkeys(_TEMPORARY, temporary)}
        _make(installer, environment, root, who, inside)


def _make(installer: Installer, environment: Path, root: Path, who: str, variables: Mapping[str, str]) -> None:
    new_environment(installer, Path(sys.executable), environment, root, who, variables)
    python = python_in(environment)
    libraries = _libraries_in(environment)
    if installer.words is not None and not requirements_of(root).is_timetrial:
        _bring_timetrial(python, installer.own_wheel, libraries, root, variables)
    (libraries / "timetrial_measured.pth").write_text(_IMPORT_INSTALLED, encoding="utf-8")
    _compile(python, [root, libraries], variables)


def new_environment(
    installer: Installer,
    base: Path,
    environment: Path,
    root: Path,
    who: str,
    variables: Mapping[str, str],
    *,
    advice: str = _ADVICE,
) -> None:
    """Makes a virtual environment of the interpreter ``base`` and installs into it.

    ``who`` it is for, and the ``advice`` on what else could be done, are for the error: a GateError where it can't be
    made or installed into, a NoRoomError where the disk is full.
    """
    pip = () if installer.needs_pip else ("--without-pip",)
    _run([str(base), "-P", "-m", "venv", *pip, str(environment)], root, who, variables, advice)
    _run(installer.command(python_in(environment), environment, root), root, who, variables, advice)


def python_in(environment: Path) -> Path:
    """Where a virtual environment keeps its Python."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def default_command(
    uv: str | None, python: Path, root: Path, own_wheel: Path, wanted: Wanted | None = None
) -> list[str]:
    """The words that install the project as its users get it, what its benchmarks need, and the running timetrial.

    ``uv`` is its path, None for pip; ``python`` the environment's, ``root`` the project, ``own_wheel`` timetrial's;
    ``wanted`` is what the command line names for a project that names nothing itself.
    """
    needed = requirements_of(root, wanted)
    start = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
    return [*start, "--quiet", *_what(needed, root, own_wheel, by_group=uv is not None)]


def filled(words: Sequence[str], **places: Path) -> list[str]:
    """The words with ``{python}`` and the like replaced; raises GateError for a placeholder that there isn't."""
    try:
        return [word.format_map(places) for word in words]
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        known = ", ".join(f"{{{place}}}" for place in places)
        raise GateError(
            f"[tool.timetrial.gate] install has a placeholder that means nothing ({error}); there are {known}, "
            f"and braces that should stay are doubled"
        ) from error


def _what(needed: Requirements, root: Path, own_wheel: Path, *, by_group: bool) -> list[str]:
    """The arguments of ``pip install``; older pips know no ``--group``, so they are told what it holds."""
    words = [] if needed.is_timetrial else [str(own_wheel)]
    if needed.project is not None:
        words.append(f"{root}[{','.join(needed.extras)}]" if needed.extras else str(root))
    if by_group:
        words += [word for group in needed.groups for word in ("--group", f"{root / 'pyproject.toml'}:{group}")]
    else:
        words += needed.grouped
    words += needed.lines
    return words + [word for file in needed.files for word in ("-r", str(file))]


def _run(command: Sequence[str], root: Path, who: str, variables: Mapping[str, str], advice: str) -> None:
    try:
        ended = run_to_end(command, cwd=root, variables=variables)
    except OSError as error:
        raise failure(f"can't run {command[0]!r} to install {who}: {error.strerror}", str(error)) from error
    if ended.status != 0:
        raise _failure(command, ended, who, advice)


def _failure(command: Sequence[str], ended: Ended, who: str, advice: str) -> GateError:
    lines = (ended.output + ended.complaint).strip().splitlines()
    shown = "\n".join(f"    {line}" for line in lines[-_LINES_SHOWN:]) or "    (no output)"
    called = " ".join(words_without_secrets(command))
    text = f"{who} can't be installed; this ended with {ended.status}:\n  {called}\n{without_secrets(shown)}"
    found = failure(text, ended.output + ended.complaint)
    if isinstance(found, NoRoomError):
        return found
    return GateError(f"{text}\n{advice}")


def _libraries_in(environment: Path) -> Path:
    scheme = "venv" if "venv" in sysconfig.get_scheme_names() else sysconfig.get_default_scheme()
    return Path(sysconfig.get_path("purelib", scheme, {"base": str(environment), "platbase": str(environment)}))


def _bring_timetrial(python: Path, wheel: Path, libraries: Path, root: Path, variables: Mapping[str, str]) -> None:
    """A pure wheel is installed by unpacking it; an install command that brought a timetrial keeps its own."""
    found = run_to_end([python, "-c", "import timetrial"], cwd=root, variables=variables)
    if found.status != 0:
        zipfile.ZipFile(wheel).extractall(libraries)


def _compile(python: Path, folders: Sequence[Path], variables: Mapping[str, str]) -> None:
    """Neither side then compiles while it is measured; a file that doesn't compile is nobody's business here."""
    run_to_end([python, "-P", "-m", "compileall", "-q", "-j", "0", *folders], cwd=folders[0], variables=variables)
