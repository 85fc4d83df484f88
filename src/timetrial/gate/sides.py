"""The two versions of the code that a gate compares."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from timetrial.gate.record import SideName


@dataclass(frozen=True)
class Side:
    """One version of the code: what runs pytest, and where."""

    name: SideName
    python: Path
    root: Path
    revision: str | None = None


def this_side(name: SideName) -> Side:
    """What runs here and now, as one of the sides."""
    return Side(name, Path(sys.executable), Path.cwd())
