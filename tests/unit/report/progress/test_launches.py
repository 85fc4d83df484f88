"""Whoever waits for several launches sees how far they are, and about how long they still take."""

from __future__ import annotations

import io

from timetrial.launches.run import LaunchProgress
from timetrial.report.progress.launches import LaunchesProgress


class Clock:
    """Says what it is told."""

    now_s = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s


def test_a_log_gets_a_line_now_and_then_with_the_time_that_is_left() -> None:
    """From the second on: until one has ended, nobody knows how long it takes."""
    stream, clock = io.StringIO(), Clock()
    progress = LaunchesProgress(stream, clock)
    for clock.now_s, launch, done, total in ((0, 1, 0, 0), (31, 1, 3, 6), (40, 2, 0, 6), (50, 3, 0, 6)):
        progress(LaunchProgress(launch, 4, done, total))
    assert stream.getvalue().splitlines() == ["launch 1 of 4", "launch 2 of 4, benchmark 1 of 6, about 2 min left"]


def test_the_last_benchmark_is_not_passed() -> None:
    """While the launch still tidies up."""
    stream = io.StringIO()
    LaunchesProgress(stream, lambda: 0.0)(LaunchProgress(1, 1, 6, 6))
    assert "benchmark 6 of 6" in stream.getvalue()
