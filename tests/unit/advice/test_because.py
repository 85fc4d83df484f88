"""Why a way is the fastest, from where an item's time goes."""

from __future__ import annotations

import pytest

from timetrial.advice.because import Shares, because
from timetrial.results.ways import Way

WAITS = Shares(0.93, 0.05, 0.02)
HOLDS = Shares(0.0, 0.98, 0.02)
FREE = Shares(0.02, 0.05, 0.93)
UNSURE = Shares(0.0, 0.9, 0.1, uncertain=0.8)
NO_GIL = Shares(0.0, 0.0, 1.0, gil=False)


@pytest.mark.parametrize(
    ("model", "shares", "s_per_item", "told"),
    [
        ("threads", WAITS, 0.1, "it waits 93 % of the time, so threads overlap it"),
        ("threads", FREE, 0.1, "it computes 93 % of the time without the GIL, so threads compute at once"),
        ("threads", NO_GIL, 0.1, "this Python has no GIL, so threads compute at the same time"),
        ("threads", UNSURE, 0.1, "threads overlap what it waits for and what it computes without the GIL"),
        ("coroutines", WAITS, 0.1, "it waits 93 % of the time, and one event loop can wait for many things at once"),
        ("coroutines[to_thread]", WAITS, 0.1, "it waits 93 % of the time, so threads overlap it"),
        (
            "processes",
            HOLDS,
            0.1,
            "it computes 98 % of the time with the GIL held, which one thread of a process can do at a time",
        ),
        ("processes", UNSURE, 0.1, "it computes with the GIL held, which one thread of a process can do at a time"),
        ("processes", NO_GIL, 0.1, "processes overlap both its waiting and its computing"),
        ("interpreters", HOLDS, 0.1, "it computes with the GIL held, and each interpreter has one of its own"),
        (
            "greenlets",
            WAITS,
            0.1,
            "it waits 93 % of the time, and greenlets are the lightest way to wait in many places",
        ),
        ("serial", HOLDS, 1e-7, "an item is over sooner than it could be handed to anybody else"),
        ("serial", WAITS, 0.1, "what the others gain by doing several things at once is lost in handing them over"),
    ],
)
def test_the_reason_names_what_the_time_goes_into(model: str, shares: Shares, s_per_item: float, told: str) -> None:
    """In one sentence, with its percentage where that is known."""
    assert because(Way(model, 1 if model == "serial" else 8), shares, s_per_item) == told


def test_serial_is_explained_by_the_gil_where_that_is_known() -> None:
    """Threads take turns there, and processes pay for sending."""
    assert "threads only take turns" in because(Way("serial", 1), HOLDS, 1e-3)


def test_both_kinds_of_work_are_told_of_processes_with_loops() -> None:
    """They overlap the waiting and share the computing."""
    told = because(Way("processes+coroutines", 64), Shares(0.6, 0.4, 0.0), 0.01)
    assert told.startswith("it waits 60 % of the time, which a loop overlaps, and computes in the rest")
