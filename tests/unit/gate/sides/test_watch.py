"""What changes in a side's files while the gate measures is found between launches, and named."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from timetrial.errors import GateError
from timetrial.gate.record import SideName
from timetrial.gate.sides.side import Side
from timetrial.gate.sides.watch import Watch


@dataclass(frozen=True)
class Sides:
    """Two sides as the gate makes them, and what looks after them."""

    base: Path
    candidate: Path
    watch: Watch


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    """Each with a file of code, one of data, and an environment."""
    made = []
    for name, folder in ((SideName.BASE, "base"), (SideName.CANDIDATE, "cand")):
        root, environment = tmp_path / folder / "p", tmp_path / folder / ".venv"
        for path in (root / "pkg" / "work.py", root / "data.csv", environment / "lib" / "other.py"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("1\n")
        made.append(Side(name, Path(sys.executable), root, None, environment, root, tmp_path))
    return Sides(made[0].root, made[1].root, Watch(*made))


def test_nothing_is_said_where_nothing_changed(sides: Sides) -> None:
    """Nor of what tests leave beside the code: caches, data, and what they write anew as it was."""
    sides.watch.refuse_changes()
    (sides.base / "pkg" / "__pycache__").mkdir()
    (sides.base / "pkg" / "__pycache__" / "work.cpython-313.pyc").write_text("bytecode")
    (sides.candidate / "report.xml").write_text("<x/>")
    (sides.candidate / "data.csv").write_text("1\n")
    sides.watch.refuse_changes()


def _write_both(sides: Sides, name: str) -> None:
    (sides.base / name).write_text("import time\ntime.sleep(1)\n")
    (sides.candidate / name).write_text("")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda sides: (sides.base / "pkg" / "work.py").write_text("22\n"), "the base side: changed: .*work.py"),
        (lambda sides: (sides.candidate / "data.csv").write_text("11"), "the candidate side: changed: .*data.csv"),
        (lambda sides: (sides.base / "pkg" / "work.py").unlink(), "the base side: gone: .*work.py"),
        (lambda sides: (sides.base / "conftest.py").write_text("x"), "the base side: new: .*conftest.py"),
        (lambda sides: _write_both(sides, "conftest.py"), "the base side: new: .*conftest.py"),
        (lambda sides: (sides.base / "pytest.ini").write_text("x"), "the base side: new: .*pytest.ini"),
        (lambda sides: (sides.base.parent / ".venv/lib/x.pth").write_text("x"), r"base side: new: .*x\.pth"),
        (lambda sides: (sides.base.parent / ".venv/lib/other.py").write_text("999"), "base side: changed: .*other.py"),
    ],
)
def test_what_a_side_changes_in_either_is_named(sides: Sides, change: Callable[[Sides], None], said: str) -> None:
    """Code, data, settings, and what its environment holds."""
    change(sides)
    with pytest.raises(GateError, match=f"(?s)this launch does not count:.*{said}"):
        sides.watch.refuse_changes()


def test_what_both_sides_write_alike_is_their_own(sides: Sides) -> None:
    """As a parser generator's tables, which each makes where it finds none."""
    for root in (sides.base, sides.candidate):
        (root / "parsetab.py").write_text("tables")
    sides.watch.refuse_changes()


def test_many_changes_are_a_few_lines_and_a_number(tmp_path: Path) -> None:
    """Five of them."""
    roots = [tmp_path / "base" / "p", tmp_path / "cand" / "p"]
    for root in roots:
        (root / ".venv").mkdir(parents=True)
        for number in range(30):
            (root / f"m{number}.py").write_text("1")
    made = [
        Side(name, Path(sys.executable), root, None, root / ".venv", root, tmp_path)
        for name, root in zip(SideName, roots, strict=True)
    ]
    watch = Watch(*made)
    for number in range(30):
        (roots[0] / f"m{number}.py").write_text("22")
    with pytest.raises(GateError) as caught:
        watch.refuse_changes()
    assert "and 25 more" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 8


def test_of_the_user_s_own_folder_only_its_code_counts(tmp_path: Path) -> None:
    """Tests write results there, and people notes."""
    (tmp_path / "work.py").write_text("1")
    side = Side(SideName.BASE, Path(sys.executable), tmp_path, None)
    watch = Watch(side)
    (tmp_path / "notes.md").write_text("x")
    (tmp_path / "new.py").write_text("x")
    watch.refuse_changes()
    (tmp_path / "work.py").write_text("22")
    with pytest.raises(GateError, match=r"the base side: changed: .*work\.py"):
        watch.refuse_changes()
