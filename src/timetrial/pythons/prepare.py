"""Interpreters that have timetrial: as they are, or in an environment that is made for one run and gone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from timetrial.errors import GateError, TargetError
from timetrial.gate.record import SideName
from timetrial.gate.sides.environments import Installer, find_uv, new_environment, python_in
from timetrial.gate.sides.own_wheel import write_own_wheel
from timetrial.gate.sides.scratch import gate_folder
from timetrial.gate.sides.side import Side
from timetrial.pythons.interpreter import Interpreter

_ADVICE: Final = (
    "Mend that, or make an environment of that Python yourself, with timetrial and what the function imports, and name "
    "its Python: --python path/to/environment/bin/python"
)


@contextmanager
def prepared(found: Sequence[Interpreter], root: Path, say: Callable[[str], None]) -> Iterator[list[Interpreter]]:
    """The same, each with timetrial; ``say`` is told of what is installed, a line at a time.

    One that has no timetrial gets an environment of its own, as a gate's sides do: this timetrial, the project in
    ``root`` and what its benchmarks need. Raises TargetError, with what the installer said, where that can't be had.
    """
    if all(each.has_timetrial for each in found):
        yield list(found)
        return
    with gate_folder() as folder:
        yield [each if each.has_timetrial else _installed(each, folder, root, say) for each in found]


def _installed(each: Interpreter, folder: Path, root: Path, say: Callable[[str], None]) -> Interpreter:
    place = folder / each.path.name
    while place.exists():
        place = place.with_name(f"{place.name}_")
    place.mkdir()
    side = Side(SideName.CANDIDATE, python_in(place / ".venv"), root, None, environment=place / ".venv")
    try:
        installer = Installer(find_uv(), None, write_own_wheel(place))
        say(f"{each.spelled} has no timetrial: installing it {installer}, in an environment for this run")
        who = f"what {each.spelled} needs"
        new_environment(installer, each.path, place / ".venv", side.project, who, side.variables(), advice=_ADVICE)
    except GateError as error:
        raise TargetError(f"--python {each.spelled}: {error}") from error
    return replace(each, path=side.python, has_timetrial=True)
