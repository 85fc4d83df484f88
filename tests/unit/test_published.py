"""What the README and the docs show of one machine is written from its results, by one command."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("msgspec")
pytest.importorskip("numpy")

from benchmarks.published import CHARTS, ROOT, publish, replaced
from tests.unit.report.page.made_up import cores, fetching, results, suite, write

PAGES = ("README.md", "docs/claims.md", "docs/report.md")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The documents as they are, in a folder of their own."""
    (tmp_path / "docs" / "figures").mkdir(parents=True)
    for page in PAGES:
        shutil.copy(ROOT / page, tmp_path / page)
    return tmp_path


def test_the_claims_and_charts_of_a_results_folder_are_written_into_the_documents(checkout: Path) -> None:
    """Where they were measured, how many came out how, a line each, and the charts with what stands below them."""
    folder = checkout / "results"
    write(folder, "a.json", results(suite(0)))
    told = [*publish(folder, checkout)]
    assert told[:2] == [f"written: docs/figures/{name}.svg" for name in CHARTS]
    readme, claims, report = ((checkout / page).read_text(encoding="utf-8") for page in PAGES)
    assert "What CPython 3.13.1 on 4 cores of Example CPU 3000, Linux x86_64, came to on 28 November 2026: " in readme
    assert re.search(r"\n    cpu-threads-useless +confirmed ", readme)
    assert "| `cpu-threads-useless` | confirmed | " in claims
    assert "| `ft-memory` | not testable here | " in claims
    assert "\n(CPython 3.13.1 on Example CPU 3000, " in report
    assert "28 November 2026; a.json.)" in readme
    assert (checkout / "docs" / "figures" / "startup.svg").read_text(encoding="utf-8").startswith("<svg")


def test_written_twice_it_is_the_same(checkout: Path) -> None:
    """Its places are found again."""
    folder = checkout / "results"
    write(folder, "a.json", results([*fetching(), *cores()]))
    [*publish(folder, checkout)]
    before = [(checkout / page).read_bytes() for page in PAGES]
    [*publish(folder, checkout)]
    assert [(checkout / page).read_bytes() for page in PAGES] == before


def test_what_the_results_say_nothing_of_stays_and_is_named(checkout: Path) -> None:
    """As a chart of a sweep that was not measured."""
    folder = checkout / "results"
    write(folder, "a.json", results(cores()))
    before = (checkout / "docs" / "report.md").read_bytes()
    told = [*publish(folder, checkout)]
    assert "kept: docs/figures/fetch_pages-throughput.svg, which these results do not make" in told
    assert (checkout / "README.md").read_text(encoding="utf-8").count("its first 48 trials") == 1
    assert before.count(b"<!-- startup -->") == 1


def test_a_document_without_the_place_is_an_error() -> None:
    """Rather than a table that nobody sees."""
    with pytest.raises(ValueError, match="one <!-- claims -->"):
        replaced("no such place", "claims", "table")
