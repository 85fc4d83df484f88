"""The first look at the suite: a choice that is there, and says how to see the rest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import first_look

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def collected() -> str:
    """What pytest collects for it, and says."""
    command = [sys.executable, "-m", "pytest", "--benchmark-only", "-m", first_look.MARK, "--collect-only", "-q"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_every_test_that_was_chosen_is_there(collected: str) -> None:
    """A test that was renamed, or whose points are others by now, would be missed by nobody."""
    found = set(re.findall(r"::(\w+)\[", collected))
    assert found == set(first_look._CHOICE)


def test_it_says_of_how_many_it_is_a_choice_and_how_to_run_all(collected: str) -> None:
    """As the last line."""
    told = collected.strip().splitlines()[-1]
    chosen, total = map(int, re.findall(r"(\d+) of the suite's (\d+) trials", told)[0])
    assert chosen == len(re.findall(r"^benchmarks/.*::", collected, re.MULTILINE))
    assert 3 * chosen < total
    assert told.endswith(first_look.HOW_TO_RUN_ALL)


def test_tox_runs_it_and_the_gate_looks_at_it() -> None:
    """Bare, as a newcomer types it."""
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    assert f"pytest --benchmark-only {{posargs:-m {first_look.MARK}}}" in tox
    assert f"timetrial gate {{posargs:--base origin/main -m {first_look.MARK} " in tox
