"""The interpreters that somebody names, found and asked what they are."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from timetrial.environment.identity import PythonIdentity, python_of
from timetrial.environment.other_python import OLDEST, answer_of, meant_by
from timetrial.errors import TargetError

_QUESTION: Final = """
import sysconfig
asked = getattr(sys, "_is_gil_enabled", None)
answer["implementation"] = sys.implementation.name
answer["free_threaded_build"] = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
answer["gil_enabled"] = True if asked is None else bool(asked())
from importlib import metadata
try:
    answer["timetrial"] = metadata.version("timetrial")
    from timetrial.pythons import PROTOCOL
    answer["protocol"] = PROTOCOL
except Exception as error:
    answer["trouble"] = "%s: %s" % (type(error).__name__, error)
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python to run under."""

    spelled: str
    """As it was asked for."""
    path: Path
    """What is started: its own, or that of an environment which was made of it."""
    identity: PythonIdentity
    """What it says it is; what it imports can still switch its GIL on."""
    has_timetrial: bool
    """Whether it can be asked to run anything as it is."""

    def __str__(self) -> str:
        return f"{self.identity} ({self.spelled})"


def interpreters(spelled: Sequence[str]) -> list[Interpreter]:
    """Each of those that are named, in their order; raises TargetError for one that can't be used."""
    found = [_interpreter(each) for each in spelled]
    for at, each in enumerate(found):
        for other in found[:at]:
            if each.path == other.path:
                raise TargetError(f"--python {each.spelled} and --python {other.spelled} are both {each.path}")
    return found


def _interpreter(spelled: str) -> Interpreter:
    path = _find(spelled)
    told = _ask(spelled, path)
    if tuple(told["release"]) < OLDEST:
        raise TargetError(f"--python {spelled}: that is Python {told['version']}, and timetrial needs 3.11 or newer")
    return Interpreter(spelled, path, python_of(told), _has_timetrial(spelled, told))


def _find(spelled: str) -> Path:
    """Not resolved any further: a virtual environment's Python is a link, and known by its place."""
    path = Path(spelled).expanduser()
    if path.is_dir():
        raise TargetError(f"--python {spelled} is a folder; name the Python in it: {meant_by(path)}")
    found = shutil.which(path)
    if found is None and spelled.replace(".", "").isdigit():
        found = shutil.which(f"python{spelled}")
    if found is None and path.parent != Path():
        what = "that can't be run" if path.exists() else "there is no such file"
        raise TargetError(f"--python {spelled}: {what}; name a Python by its path, such as .venv/bin/python")
    if found is None:
        raise TargetError(
            f"--python {spelled}: there is no such interpreter on the PATH; name it by its path, such as "
            f".venv/bin/python, or install it: `uv python install {_version_in(spelled)}`"
        )
    return Path(found).absolute()


def _version_in(spelled: str) -> str:
    version = Path(spelled).name.removeprefix("python")
    return version if version[:1].isdigit() else "3.14"


def _ask(spelled: str, path: Path) -> dict[str, Any]:
    try:
        return answer_of(path, _QUESTION, cwd=Path.cwd())
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TargetError(f"--python {spelled}: {path} can't be run as a Python ({error})") from error
    except ValueError as error:
        raise TargetError(f"--python {spelled}: {path} {error}") from error


def _has_timetrial(spelled: str, told: dict[str, Any]) -> bool:
    """Whether it is there and can take turns with this one; raises TargetError for another one."""
    from timetrial.pythons import PROTOCOL

    if told.get("protocol") == PROTOCOL:
        return True
    version = told.get("timetrial")
    if version is None:
        return False
    why = told.get("trouble") or f"it speaks version {told.get('protocol')} of what they say, this one {PROTOCOL}"
    raise TargetError(
        f"--python {spelled}: its timetrial {version} can't take turns with this one ({why}); install the "
        f"same one there, from where this one came"
    )
