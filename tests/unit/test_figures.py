"""The figures of docs/workloads.md: how they look, and that one command draws all of them anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures.__main__ import main
from benchmarks.figures.draw import bars, groups_of, table
from benchmarks.figures.page import redrawn
from timetrial.results.schema import FILE_SCHEMA_VERSION
from timetrial.system.strict_json import dumps

PAGE = Path(__file__).parents[2] / "docs" / "workloads.md"
GROUP = "images photos=4"


def trial(model: str, median_s: float, *, group: str = GROUP, void: bool = False, **noted: float) -> dict[str, Any]:
    """An entry of a results file, as far as it is drawn."""
    found = {"model": model, "items": 4, "void": [{"kind": "disturbed", "reason": "others"}] if void else []}
    extra_info = {"timetrial": found, **({"figures": noted} if noted else {})}
    fullname = f"test_{group.split()[0]}.py::test_one[{model}-4]"
    return {"group": group, "fullname": fullname, "stats": {"median": median_s}, "extra_info": extra_info}


def drawn(*trials: dict[str, Any], group: str = GROUP) -> list[str]:
    """The bars of a group."""
    return bars(group, groups_of({"benchmarks": trials})[group])


def test_bars_are_as_long_as_a_round_takes() -> None:
    """The fastest model comes first, and the longest bar is forty characters wide."""
    assert drawn(trial("serial", 0.8), trial("threads", 0.4)) == [
        "images photos=4",
        "           a round  an item",
        f"  threads   400 ms   100 ms  {'█' * 20}",
        f"  serial    800 ms   200 ms  {'█' * 40}",
    ]


def test_the_shortest_bar_can_be_seen() -> None:
    """Beside one that takes a million times as long."""
    assert drawn(trial("serial", 4e-6), trial("threads", 4.0))[2] == "  serial   4.00 µs  1.00 µs  ▏"


def test_void_trials_and_those_of_others_are_left_out() -> None:
    """What means nothing is not drawn."""
    of_another_plugin = {"group": "images", "fullname": "test_x", "stats": {"median": 1.0}, "extra_info": {}}
    run = {"benchmarks": [trial("serial", 0.8), trial("threads", 0.4, void=True), of_another_plugin]}
    assert list(groups_of(run)) == [GROUP]
    assert list(groups_of(run)[GROUP].timed) == ["serial"]


def test_what_was_noted_is_a_table_with_what_void_trials_lost() -> None:
    """Those are no trials of the file: they were skipped, and the reason says how many updates they lost."""
    skipped = {
        "benchmark": "test_counter.py::test_one[processes[no-lock]-4]",
        "kind": "skipped",
        "reason": "void without a lock: 38,920 of 100,000 updates were lost",
    }
    elsewhere = {**skipped, "benchmark": "test_counter.py::test_one[processes[no-lock]-8]"}
    run = {
        "benchmarks": [trial("serial", 0.8, group="counter", ns_per_update=40.0, lost_updates=0.0)],
        "timetrial": {"troubles": [skipped, elsewhere]},
    }
    assert table("counter", groups_of(run)["counter"]) == [
        "counter               ns per update  lost updates",
        "  serial                         40             0",
        "  processes[no-lock]              -        38,920",
    ]


PAGE_OF_TWO = """# Workloads

Measured on a day long ago.

    pytest --benchmark-only benchmarks/test_images.py
    python -m benchmarks.figures results/

    images photos=4
              a round  an item
      threads  999 ms   999 ms  ████

    serve connections=8  requests/s  p99 ms
      threads                     1       1

Text.
"""


def test_every_figure_of_a_page_is_drawn_anew_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bars as bars, tables as tables; text and commands are left alone, and the page says when and where that was."""
    page, results = tmp_path / "page.md", tmp_path / "results"
    page.write_text(PAGE_OF_TWO, encoding="utf-8")
    results.mkdir()
    _write(results / "old.json", "2026-11-28", trial("serial", 0.1), trial("threads", 0.4, group="serve connections=8"))
    _write(
        results / "new.json",
        "2026-11-29",
        trial("serial", 0.8),
        trial("threads", 0.4, group="serve connections=8", requests_per_s=812.0, p99_ms=3.14),
    )
    assert main([str(results), "--into", str(page)]) == 0
    assert "2 figures drawn anew" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert text.splitlines()[2].startswith("Measured on 29 November 2026 with ")
    lines = text.splitlines()
    at = lines.index("    images photos=4")
    assert lines[at + 1 :] == [
        "              a round  an item",
        f"      serial   800 ms   200 ms  {'█' * 40}",
        "",
        "    serve connections=8  requests/s  p99 ms",
        "      threads                   812    3.14",
        "",
        "Text.",
    ]
    assert "\n    pytest --benchmark-only benchmarks/test_images.py\n    python -m" in text


def test_a_figure_that_was_not_measured_stays_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit status 1, so that nobody takes an old figure for a new one."""
    page, results = tmp_path / "page.md", tmp_path / "run.json"
    page.write_text(PAGE_OF_TWO, encoding="utf-8")
    _write(results, "2026-11-29", trial("serial", 0.8))
    assert main([str(results), "--into", str(page)]) == 1
    assert "left as it was: serve connections=8  requests/s  p99 ms" in capsys.readouterr().err
    assert "\n      threads                     1       1\n" in page.read_text(encoding="utf-8")


def test_a_folder_without_results_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do."""
    assert main([str(tmp_path)]) == 2
    assert "holds no files of results: run pytest --benchmark-only" in capsys.readouterr().err


def test_every_workload_has_a_figure_in_the_docs() -> None:
    """A section each, and in it what the command finds."""
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(sections) > 15
    without = [each.split("\n", 1)[0] for each in sections if not redrawn(each, {}).missing]
    assert without == []


def _write(path: Path, day: str, *trials: dict[str, Any]) -> None:
    about = {"schema_version": FILE_SCHEMA_VERSION, "environment": {}, "troubles": []}
    content = {"datetime": f"{day}T12:00:00+00:00", "benchmarks": trials, "timetrial": about}
    path.write_bytes(dumps(content).encode())
