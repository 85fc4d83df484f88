"""docs/mockserver.md tells all that there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from timetrial.mockserver import FAULTS, Behaviour
from timetrial.mockserver.kinds import TlsKind
from timetrial.mockserver.routes import load_site

DOCUMENT = Path(__file__).parents[3] / "docs" / "mockserver.md"
# The first column of each table, by its heading.
_TABLE = re.compile(r"^\| ([^|]+) \|.*\n\| --- .*\n((?:\|.*\n)+)", re.MULTILINE)


def table(heading: str) -> list[str]:
    """The names in the first column under this heading."""
    rows = dict(_TABLE.findall(DOCUMENT.read_text(encoding="utf-8")))[heading]
    return [re.sub(r'[`"]', "", row.split("|")[1].strip()) for row in rows.splitlines()]


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("option", [field.name for field in fields(Behaviour)]),
        ("fault", FAULTS),
        ("`tls=`", get_args(TlsKind)),
    ],
)
def test_every_name_is_in_its_table(heading: str, names: list[str]) -> None:
    """And nothing else is."""
    assert sorted(table(heading)) == sorted(names)


def test_the_site_that_is_shown_can_be_loaded(tmp_path: Path) -> None:
    """As it stands there."""
    found = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    file = tmp_path / "site.toml"
    file.write_text(found[1], encoding="utf-8")
    settings, routes = load_site(file)
    assert sorted(settings) == ["host", "limits", "loop", "port", "processes", "tls", "token"]
    assert [route.path for route in routes] == ["/api/items", "/shop/*"]
