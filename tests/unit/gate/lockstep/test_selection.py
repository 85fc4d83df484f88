"""A path that only one side has is left out on the other, and never turns into "all tests"."""

from __future__ import annotations

from pathlib import Path

import pytest

from timetrial.gate.lockstep.selection import selection_on

NOTHING = "nothing"


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    """A base without ``benchmarks``, and a candidate with it."""
    for folder in ("base/tests", "candidate/tests", "candidate/benchmarks"):
        (tmp_path / folder).mkdir(parents=True)
    for root in ("base", "candidate"):
        (tmp_path / root / "pytest.ini").write_text("")
    (tmp_path / "candidate" / "tests" / "test_new.py").write_text("")
    return tmp_path / "base", tmp_path / "candidate"


@pytest.mark.parametrize(
    ("selection", "on_base"),
    [
        ([], []),
        (["tests"], ["tests"]),
        (["benchmarks"], [NOTHING]),
        (["benchmarks", "tests"], ["tests"]),
        (["tests/test_new.py::test_a", "benchmarks/"], [NOTHING]),
        (["benchmarks", "-k", "benchmarks"], ["-k", "benchmarks", NOTHING]),
        (["-k", "benchmarks"], ["-k", "benchmarks"]),
        (["-c", "pytest.ini", "tests"], ["-c", "pytest.ini", "tests"]),
        (["nowhere"], ["nowhere"]),
        (["--maxfail=1", "benchmarks"], ["--maxfail=1", NOTHING]),
    ],
    ids=str,
)
def test_the_base_is_asked_for_what_it_has(selection: list[str], on_base: list[str], roots: tuple[Path, Path]) -> None:
    """A path on neither side is left to pytest, which says that there is none."""
    base, candidate = roots
    assert selection_on(base, candidate, selection, nothing=Path(NOTHING)) == on_base
    assert selection_on(candidate, base, selection, nothing=Path(NOTHING)) == selection
