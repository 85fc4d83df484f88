"""What a machine can be told, and what it has; apart from the program there, whose own classes nobody can unpickle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from timetrial.gate.sides.side import Side


@dataclass
class Bench:
    """What there is on the machine from order to order."""

    folder: Path
    """A temporary one, removed at the end; the next command removes it if this process is killed."""
    sides: tuple[Side, ...] = ()
    """Once they are made."""
    gate: Any = None
    """What a gate keeps from launch to launch."""


class Order(Protocol):
    """Something to be done on a machine, and pickled on its way there, as is what comes of it."""

    def carry_out(self, bench: Bench) -> Any:
        """Called in the main thread of the bench's process; raises TimetrialError for what the user can mend."""


@dataclass(frozen=True)
class Refusal:
    """What came instead of an answer: the error in words."""

    text: str
