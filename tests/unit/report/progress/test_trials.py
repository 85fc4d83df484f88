"""The live line, drawn on a stream that a test can read."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from timetrial.report.progress.trials import TrialsLog, TrialsProgress, terminal_of


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture
def stream() -> io.StringIO:
    """What the terminal gets."""
    return io.StringIO()


@pytest.fixture
def line(stream: io.StringIO, clock: Clock) -> TrialsProgress:
    """A line over four trials."""
    return TrialsProgress(stream, [5.0] * 4, clock)


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def texts(stream: io.StringIO) -> list[str]:
    """The texts drawn so far, without the steering of the cursor."""
    return [each for each in re.split(r"\x1b(?:\[2K|[DM78])|\r", stream.getvalue()) if each]


def test_the_line_says_what_runs_as_soon_as_it_starts(line: TrialsProgress, stream: io.StringIO) -> None:
    """Opening a model may take a while."""
    line.begin("squares  threads")
    assert texts(stream) == ["[1/4] squares  threads  starting  about 20 s left"]


def test_the_line_says_how_far_a_trial_is(line: TrialsProgress, stream: io.StringIO, clock: Clock) -> None:
    """How many rounds, and how long the last one took."""
    line.begin("squares  threads")
    clock.now_s += 1
    line.round(3, 0.0125)
    assert texts(stream)[-1] == "[1/4] squares  threads  round 3, 12.5 ms  about 20 s left"


def test_the_line_says_about_how_long_it_still_takes(line: TrialsProgress, stream: io.StringIO, clock: Clock) -> None:
    """From what each is expected to take, and by how much those so far took longer."""
    line.begin("a")
    clock.now_s += 10
    line.end()
    line.begin("b")
    assert texts(stream)[-1] == "[2/4] b  starting  about 30 s left"


def test_the_line_names_the_best_of_the_workload_so_far(line: TrialsProgress, stream: io.StringIO) -> None:
    """From the trials before it."""
    line.begin("squares  threads", "best so far: serial, 1.20 ms an item")
    expected = "[1/4] squares  threads  starting  best so far: serial, 1.20 ms an item  about 20 s left"
    assert texts(stream) == [expected]


def test_a_log_gets_a_line_once_a_minute(clock: Clock) -> None:
    """With what runs, the best so far and the time left; nothing of a run that is over sooner."""
    log = TrialsLog([30.0] * 6, clock)
    lines = []
    for number in range(6):
        lines.append(log.line(f"squares  model{number}", "best so far: threads, 1 ms an item" if number else ""))
        clock.now_s += 30
        log.end()
    assert lines == [
        None,
        None,
        "[3/6] squares  model2  best so far: threads, 1 ms an item  about 2 min left",
        None,
        "[5/6] squares  model4  best so far: threads, 1 ms an item  about 60 s left",
        None,
    ]


def test_the_line_is_drawn_at_most_five_times_a_second(line: TrialsProgress, stream: io.StringIO, clock: Clock) -> None:
    """Quick rounds cost nothing."""
    line.begin("a")
    for count in range(1, 1001):
        clock.now_s += 0.001
        line.round(count, 0.001)
    assert 3 <= len(texts(stream)) <= 6


def test_a_long_line_is_cut_to_the_terminals_width(
    line: TrialsProgress, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not wrap into the next one."""
    monkeypatch.setenv("COLUMNS", "40")
    line.begin("x" * 200)
    assert len(texts(stream)[-1]) == 39


def test_a_terminal_that_went_away_does_not_end_the_run(clock: Clock) -> None:
    """The line is given up, silently."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        line = TrialsProgress(gone, [1.0], clock)
        line.begin("a")
        line.clear()
        line.close()
        with pytest.raises(BrokenPipeError):  # our own stream still holds what it could not write
            gone.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer)


def test_a_pipe_or_a_file_is_no_terminal() -> None:
    """No line in a log."""
    assert terminal_of(io.StringIO()) is None
    with Path(os.devnull).open("w") as sink:
        assert terminal_of(sink) is None


@pytest.fixture
def terminal() -> Iterator[io.TextIOWrapper]:
    """A terminal of our own."""
    pty = pytest.importorskip("pty", reason="terminals of one's own need a POSIX system")
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as screen:
        yield screen
    os.close(master)


def test_a_terminal_gets_a_stream_of_its_own(terminal: io.TextIOWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    """A duplicate, which pytest's capturing does not redirect."""
    monkeypatch.setenv("TERM", "xterm")
    own = terminal_of(terminal)
    assert own is not None
    with own:
        assert own.isatty()
        assert own.fileno() != terminal.fileno()


def test_a_dumb_terminal_gets_no_line(terminal: io.TextIOWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could not move the cursor."""
    monkeypatch.setenv("TERM", "dumb")
    assert terminal_of(terminal) is None
