"""tox.ini has an environment for each Python that we measure under, and skips those that aren't there."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHONS = ("py311", "py312", "py313", "py314", "py315", "py313t", "py314t", "py315t")


def _tox() -> configparser.RawConfigParser:
    own = configparser.RawConfigParser()
    own.read(ROOT / "tox.ini", encoding="utf-8")
    return own


def test_there_is_a_bench_environment_for_each_python_and_free_threaded_ones() -> None:
    """Each leaves one file each in results/, which is where pytest puts them."""
    tox = _tox()
    (section,) = [each for each in tox.sections() if each.startswith("testenv:bench{")]
    found = re.fullmatch(r"testenv:(bench)\{(.*)\}", section)
    assert found is not None
    names = {f"bench{factor}" for factor in found[2].split(",")}
    assert {f"bench-{python}" for python in PYTHONS} <= names
    command = tox[section]["commands"]
    assert command.startswith("pytest --benchmark-only ")
    assert "--trial-results" not in command


def test_a_python_that_is_not_there_is_skipped_with_a_message() -> None:
    """And the others are measured; the page for it names the whole command."""
    assert _tox()["tox"]["skip_missing_interpreters"] == "true"
    command = "tox run -e bench-py311,bench-py312,bench-py313,bench-py314,bench-py315"
    assert command in (ROOT / "docs" / "pythons.md").read_text(encoding="utf-8")
    assert "docs/pythons.md" in (ROOT / "README.md").read_text(encoding="utf-8")
