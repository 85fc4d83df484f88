"""Whoever waits for a gate sees how far it is: live on a terminal, a line now and then in a log."""

from __future__ import annotations

import io

from timetrial.gate.plan import Progress
from timetrial.gate.record import Phase
from timetrial.report.progress.gate import GateProgress


class Clock:
    """Says what it is told."""

    now_s = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        """It does."""
        return True


def _step(launch: int, benchmark: int, left_s: float = 90.0) -> Progress:
    return Progress(Phase.SCREEN, launch, 7, benchmark, 3, f"test_{benchmark}", left_s)


def test_a_log_gets_a_line_now_and_then() -> None:
    """Not one for each benchmark, nor for each of hundreds of launches."""
    stream, clock = io.StringIO(), Clock()
    progress = GateProgress(stream, clock)
    for clock.now_s, launch, benchmark in ((5, 1, 1), (6, 1, 2), (20, 2, 1), (60, 1, 3), (65, 2, 1), (66, 3, 1)):
        progress(_step(launch, benchmark))
    assert stream.getvalue().splitlines() == [
        "[0:05] looking at everything: launch 1 of 7, benchmark 1 of 3, at most 90 s left: test_1",
        "[1:05] looking at everything: launch 2 of 7, benchmark 1 of 3, at most 90 s left: test_1",
    ]


def test_a_terminal_gets_one_line_that_changes_and_goes() -> None:
    """With the benchmark's name; before the first launch has ended, nobody knows how long it takes."""
    stream = Terminal()
    progress = GateProgress(stream, lambda: 0.0)
    progress(_step(1, 1, left_s=0.0))
    progress(_step(1, 2))
    progress.say("something that stays")
    shown = stream.getvalue()
    assert "launch 1 of 7, benchmark 1 of 3: test_1" in shown
    assert "about" not in shown
    assert shown.endswith("\r\x1b[2Ksomething that stays\n")
