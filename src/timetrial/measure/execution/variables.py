"""Environment variables that are read through ``os.environ``, noted with their values."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Final

from timetrial.measure.execution.digests import digest
from timetrial.measure.execution.notes import Notes
from timetrial.measure.execution.whose import Whose

_OURS: Final = ("TIMETRIAL_", "PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTHONHASHSEED")
_NATIVE: Final = (
    *("PYTHON", "MALLOC_", "LD_", "DYLD_", "GLIBC_", "OMP_", "MKL_", "OPENBLAS_", "GOTO_", "BLIS_", "VECLIB_", "KMP_"),
    *("NUMEXPR_", "NUMBA_", "RAYON_", "POLARS_", "TZ", "LANG", "LC_"),
)


def note_variables(notes: Notes, whose: Whose, is_theirs: Callable[[int], bool]) -> None:
    """From now on: reading by name notes one, going through all of them notes all."""

    def note(name: object) -> None:
        if isinstance(name, str) and not name.startswith(_OURS):
            value = dict.get(data, encode(name))
            told = "absent" if value is None else digest(whose.normal(os.fsdecode(value)))
            notes.add("input", f"variable {name}", told)

    class Noting(os._Environ):  # type: ignore[type-arg]  # noqa: SLF001 - what os.environ is
        def __getitem__(self, key: str) -> str:
            if is_theirs(2):
                note(key)
            found: str = super().__getitem__(key)
            return found

        def __iter__(self) -> Iterator[str]:
            if is_theirs(2):
                for name in map(os.fsdecode, list(data)):
                    note(name)
                notes.add("input", "variables", digest(sorted(_named(data))))
            return super().__iter__()

    environ: Any = os.environ
    data, encode = environ._data, environ.encodekey  # noqa: SLF001 - as above
    environ.__class__ = Noting


def _named(data: Any) -> Iterator[str]:
    for name in map(os.fsdecode, data):
        if not name.startswith(_OURS):
            yield name


def native_variables(whose: Whose) -> str:
    """Those that Python and native libraries read by themselves, which nobody sees, with their values."""
    chosen = {
        name: whose.normal(value)
        for name, value in os.environ.items()
        if name.startswith(_NATIVE) and not name.startswith(_OURS)
    }
    return digest(sorted(chosen.items()))
