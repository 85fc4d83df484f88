"""A line that changes in place: cut to the terminal, gone without a trace, and plain lines where there is none."""

from __future__ import annotations

import io

import pytest

from timetrial.report.progress.line import RedrawnLine, StepsLine, can_redraw


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


@pytest.fixture(autouse=True)
def _a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")


def test_a_line_is_drawn_over_and_cut_to_the_terminal() -> None:
    """In the middle, since an id's ends tell most; one that wrapped would leave its beginning behind."""
    stream = Terminal()
    line = RedrawnLine(stream)
    line.draw("one")
    line.draw("x" * 100)
    line.clear()
    assert stream.getvalue() == "\r\x1b[2Kone\r\x1b[2K" + f"{'x' * 9}…{'x' * 9}\r\x1b[2K"


def test_a_line_below_others_output_leaves_the_cursor_where_it_was() -> None:
    """It is saved before and restored after."""
    stream = Terminal()
    RedrawnLine(stream, below=True).draw("one")
    assert stream.getvalue() == "\x1bD\x1bM\x1b7\x1bD\r\x1b[2Kone\x1b8"


def test_a_terminal_that_is_gone_is_forgotten() -> None:
    """What is measured goes on."""
    stream = Terminal()
    line = RedrawnLine(stream)
    stream.close()
    line.draw("one")
    line.close()


def test_steps_are_told_now_and_then_where_nothing_can_be_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file, and on a terminal that can't move its cursor: each once at most, and no two within half a minute."""
    monkeypatch.setenv("TERM", "dumb")
    for stream in (io.StringIO(), Terminal()):
        assert not can_redraw(stream)
        clock = Clock()
        line = StepsLine(stream, clock)
        for clock.now_s, text, step in ((0, "one, begun", 1), (31, "one, done", 1), (40, "two", 2), (69, "three", 3)):
            line.show(text, step)
        line.clear()
        assert stream.getvalue() == "one, begun\ntwo\n"


def test_what_stays_takes_the_place_of_the_changing_line() -> None:
    """The next step is drawn below it."""
    stream = Terminal()
    line = StepsLine(stream)
    line.show("one", 1)
    line.say("stays")
    line.show("two", 2)
    assert stream.getvalue() == "\r\x1b[2Kone\r\x1b[2Kstays\n\r\x1b[2Ktwo"
