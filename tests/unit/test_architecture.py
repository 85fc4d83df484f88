"""ARCHITECTURE.md leads to files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PLACES = sorted(set(re.findall(r"`([\w/]+(?:/|\.py|\.md))`", PAGE)))


@pytest.mark.parametrize("place", PLACES)
def test_every_place_that_the_page_names_is_there(place: str) -> None:
    """A file or a folder, in the package or at the project's root."""
    assert (ROOT / "src" / "timetrial" / place).exists() or (ROOT / place).exists()


def test_every_folder_of_the_package_is_on_the_page() -> None:
    """Whoever adds a folder tells where it stands."""
    folders = {path.parent.name for path in (ROOT / "src" / "timetrial").glob("*/__init__.py")}
    assert {name for name in folders if f"| `{name}/` |" not in PAGE} == set()
