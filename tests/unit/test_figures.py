"""The bars of docs/workloads.md."""

from __future__ import annotations

from typing import Any

from benchmarks.figures import figures


def trial(model: str, median_s: float, *, group: str = "images photos=4", void: bool = False) -> dict[str, Any]:
    """An entry of a results file, as far as it is drawn."""
    found = {"model": model, "items": 4, "void": [{"kind": "disturbed"}] if void else []}
    return {"group": group, "stats": {"median": median_s}, "extra_info": {"timetrial": found}}


def test_bars_are_as_long_as_a_round_takes() -> None:
    """The fastest model comes first, and the longest bar is forty characters wide."""
    run = {"benchmarks": [trial("serial", 0.8), trial("threads", 0.4)]}
    assert figures(run) == [
        "images photos=4",
        "           a round  an item",
        f"  threads   400 ms   100 ms  {'█' * 20}",
        f"  serial    800 ms   200 ms  {'█' * 40}",
    ]


def test_the_shortest_bar_can_be_seen() -> None:
    """Beside one that takes a million times as long."""
    run = {"benchmarks": [trial("serial", 4e-6), trial("threads", 4.0)]}
    assert figures(run)[2] == "  serial   4.00 µs  1.00 µs  ▏"


def test_void_trials_and_other_groups_are_left_out() -> None:
    """What means nothing is not drawn."""
    run = {
        "benchmarks": [
            trial("serial", 0.8),
            trial("threads", 0.4, void=True),
            trial("serial", 0.8, group="files"),
            {"group": "images of another plugin", "stats": {"median": 1.0}, "extra_info": {}},
        ]
    }
    assert [line for line in figures(run, "images") if "threads" in line or "files" in line or "plugin" in line] == []
    assert len(figures(run, "images")) == 3
