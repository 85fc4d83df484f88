"""What a side's Python says of itself: that it is one, that it can take turns, and what is installed."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from timetrial.environment.other_python import OLDEST, answer_of, meant_by
from timetrial.errors import GateError
from timetrial.gate import PROTOCOL

_NEEDED: Final = ("pytest", "pytest-benchmark", "timetrial")
# How the question fails where timetrial is there, but knows no gate, or one that can't take turns.
_OLD_TIMETRIAL: Final = ("ModuleNotFoundError: No module named 'timetrial.gate", "AttributeError")
_QUESTION: Final = """
import importlib, importlib.metadata, importlib.util
answer |= {"installed": {}, "modules": {}}
for each in importlib.metadata.distributions():
    if each.metadata["Name"]:
        answer["installed"].setdefault(each.metadata["Name"], each.version)
for name in sys.argv[2:]:
    found = importlib.util.find_spec(name)
    answer["modules"][name] = list(found.submodule_search_locations or [found.origin]) if found else []
try:
    answer["protocol"] = importlib.import_module("timetrial.gate").PROTOCOL
except Exception as error:
    answer["protocol_trouble"] = "%s: %s" % (type(error).__name__, error)
"""


@dataclass(frozen=True)
class Facts:
    """What runs on a side: Python's version, each distribution's by its normal name, where modules come from."""

    python: str
    """Its version."""
    installed: Mapping[str, str]
    """Each distribution's version, by its normalised name."""
    modules: Mapping[str, tuple[str, ...]]
    """By its name, the files that a module is loaded from."""


def ask_python(
    python: Path, root: Path, who: str, variables: Mapping[str, str], modules: tuple[str, ...] = ()
) -> Facts:
    """Asks an interpreter, run in ``root`` with these variables, what it has and where it would load ``modules`` from.

    Raises GateError, naming ``who``, where it can't be a side of a gate: too old, without pytest or timetrial, or with
    a timetrial that speaks another protocol.
    """
    answer = _answer(python, root, who, variables, modules)
    if tuple(answer["release"]) < OLDEST:
        raise GateError(f"{who}: {python} is Python {answer['version']}; timetrial needs 3.11 or newer")
    installed: dict[str, str] = {canonicalize_name(name): version for name, version in answer["installed"].items()}
    missing = [each for each in _NEEDED if each not in installed]
    if missing:
        raise GateError(
            f"{who}: {python} has no {' and no '.join(missing)}; `{python} -m pip install {' '.join(missing)}` "
            f"brings it, or the project's own dependencies for tests should"
        )
    _same_protocol(answer, installed["timetrial"], f"{who}: {python}")
    return Facts(answer["version"], installed, {name: tuple(found) for name, found in answer["modules"].items()})


def differences(base: Facts, candidate: Facts) -> list[str]:
    """What the two sides run on and differ in, such as ``numpy 2.1.0 -> 2.2.0``; empty where they are alike."""
    lines = [f"Python {base.python} -> {candidate.python}"] if base.python != candidate.python else []
    for name in sorted({*base.installed, *candidate.installed}):
        was, now = base.installed.get(name, "none"), candidate.installed.get(name, "none")
        if was != now:
            lines.append(f"{name} {was} -> {now}")
    return lines


def _answer(
    python: Path, root: Path, who: str, variables: Mapping[str, str], modules: tuple[str, ...]
) -> dict[str, Any]:
    try:
        return answer_of(python, _QUESTION, *modules, cwd=root, variables=variables)
    except FileNotFoundError as error:
        raise GateError(f"{who}: there is no {python}; {meant_by(python)}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GateError(f"{who}: {python} can't be run as a Python: {error}; {meant_by(python)}") from error
    except ValueError as error:
        raise GateError(f"{who}: {python} {error}") from error


def _same_protocol(answer: dict[str, Any], version: str, where: str) -> None:
    theirs, trouble = answer.get("protocol"), answer.get("protocol_trouble", "")
    if theirs == PROTOCOL:
        return
    if theirs is None and not trouble.startswith(_OLD_TIMETRIAL):
        raise GateError(f"{where} has timetrial {version}, which can't be imported: {trouble}")
    how = "no lock-step yet" if theirs is None else f"the lock-step protocol {theirs}, this one here speaks {PROTOCOL}"
    raise GateError(
        f"{where} has timetrial {version} with {how}; install the same timetrial on both sides, or take a base "
        f"that has it"
    )
