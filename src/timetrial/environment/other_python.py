"""What another Python says of itself, asked by a few lines of code that it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from timetrial.system.command import run_to_end

OLDEST: Final = (3, 11)
"""The oldest release that timetrial runs on."""

_ANSWERS_WITHIN_S: Final = 60.0
_LINES_SHOWN: Final = 3
_WIDEST: Final = 100
# It has to be understood by any Python, if only to hear which one it is.
_AROUND: Final = """
import json, os, sys
sys.path[:] = [each for each in sys.path if each not in ("", os.getcwd())]  # what is installed, not what lies here
answer = {"release": list(sys.version_info[:2]), "version": sys.version.split()[0]}
if sys.version_info >= (3, 11):
    exec(sys.argv[1])
print(json.dumps(answer))
"""


def answer_of(
    python: Path, question: str, *words: str, cwd: Path, variables: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What it puts into ``answer``, a dictionary, by running ``question``, code for Python 3.11 and newer.

    ``words`` are ``sys.argv[2:]`` there. Its ``release`` (two numbers) and ``version`` are in it already; an older
    Python gives no more. Raises ValueError with what it said instead, where it is no Python, and what
    ``system.command.run_to_end`` raises where it can't be run: OSError and TimeoutExpired.
    """
    ended = run_to_end(
        [python, "-c", _AROUND, question, *words], cwd=cwd, variables=variables, patience_s=_ANSWERS_WITHIN_S
    )
    try:
        answer = json.loads(ended.output.strip().splitlines()[-1])
        if {"release", "version"} <= answer.keys():
            return dict(answer)
    except (ValueError, IndexError, AttributeError):
        pass
    # Each line cut: a program that is no Python may repeat the whole question.
    last = (ended.output + ended.complaint).strip().splitlines()[-_LINES_SHOWN:]
    said = "\n".join(line if len(line) <= _WIDEST else f"{line[:_WIDEST]} …" for line in last) or "(nothing)"
    raise ValueError(f"doesn't answer as a Python does (exit status {ended.status}):\n{said}")


def meant_by(folder: Path) -> str:
    """For an error about a folder that was named in place of the Python in it: which one was probably meant."""
    for each in (folder / "bin" / "python", folder / "Scripts" / "python.exe", folder / ".venv" / "bin" / "python"):
        if each.exists():
            return f"did you mean {each}?"
    return "name the python inside an environment, such as .venv/bin/python"
