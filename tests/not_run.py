"""What a run of all tests did not run, for its last lines: models, Pythons, and tests with their reasons."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from timetrial import models
from timetrial.environment.interpreter import free_threaded_build

_TOX: Final = Path(__file__).parents[1] / "tox.ini"
_LONGEST_REASON: Final = 150


def lines(skipped: Iterable[str]) -> Iterator[str]:
    """All of it; ``skipped`` has the reason of every test that was skipped."""
    reasons = {name: reason for name in models.names() if (reason := models.get(name).unavailable()) is not None}
    yield from model_lines(reasons)
    yield from python_lines(pythons_of(_TOX.read_text(encoding="utf-8")), _runs_here)
    yield from skip_lines(skipped, {*reasons.values()})


def model_lines(reasons: Mapping[str, str]) -> Iterator[str]:
    """A line for each reason, with the models that it keeps from running."""
    for reason in dict.fromkeys(reasons.values()):
        names = ", ".join(name for name, own in reasons.items() if own == reason)
        yield f"models: {names}: {reason}"


def pythons_of(tox: str) -> list[str]:
    """Those that there are tests for, such as 3.11 and 3.14t, from the text of tox.ini."""
    found = re.search(r"py\{([^}]*)\}-test", tox)
    return [re.sub(r"^(\d)", r"\1.", each.strip()) for each in found[1].split(",")] if found else []


def python_lines(pythons: Iterable[str], is_here: Callable[[str], bool]) -> Iterator[str]:
    """A line for those that are on this machine, with the command for them, and one for those that aren't."""
    others = [each for each in pythons if each != _this_python()]
    here = [each for each in others if is_here(each)]
    if here:
        command = ",".join(f"py{each.replace('.', '')}-test" for each in here)
        yield f"Pythons that are here too: {', '.join(here)}: tox run -e {command}"
    if missing := [each for each in others if each not in here]:
        yield f"Pythons that are not on this machine: {', '.join(missing)}"


def skip_lines(skipped: Iterable[str], told: set[str]) -> Iterator[str]:
    """How many tests each reason kept from running; those of models are ``told`` already."""
    for reason, count in Counter(skipped).most_common():
        if reason not in told:
            yield f"{count} test{'s' if count > 1 else ''}: {' '.join(reason.split())[:_LONGEST_REASON]}"


def _this_python() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}{'t' if free_threaded_build() else ''}"


def _runs_here(python: str) -> bool:
    """A shim of pyenv's may stand for one that isn't switched on, and tox doesn't find it then."""
    found = shutil.which(f"python{python}")
    return found is not None and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0
