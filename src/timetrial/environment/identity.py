"""Which Python measured something: what has to be the same for figures of two files to be of one kind."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from timetrial.environment.interpreter import free_threaded_build, gil_enabled, jit_state
from timetrial.languages import Text

_NAMES: Final = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}

_STORED_AS: Final = {"free_threaded": "free_threaded_build", "gil": "gil_enabled", "jit": "jit_enabled"}

NO_FAIR_BASELINE: Final = Text(
    "a free-threaded build whose GIL came back on: no fair baseline", "自由线程版，但 GIL 已重新启用：不宜作为基准"
)
"""What every table says of such a Python: it pays for free threading and has none of it."""


@dataclass(frozen=True)
class PythonIdentity:
    """An interpreter as its record has it; what the record doesn't say is empty or false."""

    implementation: str
    """As sys.implementation has it, such as ``cpython``."""
    version: str
    """With the patch release, such as ``3.14.0``."""
    free_threaded: bool
    """The build."""
    gil: bool
    """Whether the lock was on, whatever the build."""
    jit: bool = False
    """Whether the just-in-time compiler was on."""

    @property
    def release(self) -> tuple[int, ...]:
        """Such as (3, 13); empty where the version is not known."""
        parts = self.version.split(".")[:2]
        return tuple(int(each) for each in parts) if all(each.isdigit() for each in parts) else ()

    @property
    def is_no_fair_baseline(self) -> bool:
        """Whether it is a free-threaded build whose GIL is on: an import or PYTHON_GIL=1 has switched it on again."""
        return self.free_threaded and self.gil

    def __str__(self) -> str:
        """In words: ``CPython 3.14.0``, ``CPython 3.14.0t with the GIL``, ``CPython 3.15.0 with the JIT``."""
        known = _NAMES.get(self.implementation.lower(), self.implementation) or "Python"
        build = "t" if self.free_threaded else ""
        on = [*(["the GIL"] if self.is_no_fair_baseline else []), *(["the JIT"] if self.jit else [])]
        return f"{known} {self.version or 'of an unknown version'}{build}{' with ' if on else ''}{' and '.join(on)}"

    @property
    def label(self) -> str:
        """Short and fit for a file name: ``cpython3.13.1``, ``cpython3.14.0t``, ``cpython3.15.0-jit``."""
        return f"{self.implementation}{self.version}{'t' if self.free_threaded else ''}{'-jit' if self.jit else ''}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON; the names are those of an environment's section ``python``, so that ``python_of`` reads it."""
        return {_STORED_AS.get(name, name): value for name, value in asdict(self).items()}


def baseline_lines(python: PythonIdentity) -> list[Text]:
    """What stands below every table of such a Python's; nothing for any other one."""
    said = Text(f"{python} is {NO_FAIR_BASELINE}", f"{python} 是{NO_FAIR_BASELINE.zh}")
    return [said] if python.is_no_fair_baseline else []


def python_of(section: Mapping[str, Any] | None) -> PythonIdentity:
    """Of an environment's section ``python``, or of what a trial keeps of it."""
    facts = section or {}
    return PythonIdentity(
        str(facts.get("implementation") or ""),
        str(facts.get("version") or ""),
        bool(facts.get("free_threaded_build")),
        facts.get("gil_enabled") is not False,
        bool(facts.get("jit_enabled")),
    )


def this_python() -> PythonIdentity:
    """The one that runs this, as it is now: an import can have switched its GIL on again."""
    version, implementation = platform.python_version(), sys.implementation.name
    return PythonIdentity(implementation, version, free_threaded_build(), gil_enabled(), bool(jit_state()[1]))


def python_in(environment: Mapping[str, Any] | None) -> PythonIdentity:
    """Of a whole environment."""
    return python_of((environment or {}).get("python"))
