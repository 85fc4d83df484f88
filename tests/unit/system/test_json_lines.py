"""JSON objects, one a line: whole however they are cut, and a process that is silent is not waited for for ever."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from timetrial.system.json_lines import LateError, LineBuffer, Lines, Message, NoMessageError, line_of, message_in

# Says back each line, and nothing to "silent".
_ECHO = """
import sys
for line in sys.stdin.buffer:
    if b"silent" not in line:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
"""


def test_a_message_is_one_line_whatever_it_holds() -> None:
    """And the same when it is read."""
    line = line_of({"text": "two\nlines", "half": "\ud800"})
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert message_in(line) == {"text": "two\nlines", "half": "\ud800"}


@pytest.mark.parametrize("line", [b"hello", b"[1, 2]", b"\xff\xfe", b"", b"null"])
def test_a_line_that_is_no_object_is_shown(line: bytes) -> None:
    """Its beginning, as text."""
    with pytest.raises(NoMessageError) as told:
        message_in(line)
    assert str(told.value) == repr(line.decode(errors="replace"))


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lines_are_whole_however_they_arrive(size: int) -> None:
    """Byte by byte, two and a half at a time, or all at once."""
    sent, buffer, lines = b"one\ntwo\n\nfour\nhalf", LineBuffer(), []
    for start in range(0, len(sent), size):
        buffer.feed(sent[start : start + size])
        while (line := buffer.next_line()) is not None:
            lines.append(line)
    assert lines == [b"one", b"two", b"", b"four"]
    assert len(buffer) == len(b"half")


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that says back what it is told."""
    command = [sys.executable, "-c", _ECHO]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as started:
        yield started
        started.kill()


def ask(lines: Lines, message: Message, *, patience_s: float) -> Message:
    """What the process says to a message."""
    with lines.patience(patience_s):
        lines.send(line_of(message))
        return message_in(lines.receive())


def test_what_is_larger_than_a_pipe_goes_through_it(process: subprocess.Popen[bytes]) -> None:
    """There and back."""
    message = {"text": "x" * 1_000_000}
    assert ask(Lines(process), message, patience_s=60) == message


def test_a_process_that_is_silent_is_ended(process: subprocess.Popen[bytes]) -> None:
    """After the patience that its caller has."""
    with pytest.raises(LateError):
        ask(Lines(process), {"silent": True}, patience_s=0.2)
    process.wait(10)


def test_the_end_of_a_process_is_an_error_of_the_pipe(process: subprocess.Popen[bytes]) -> None:
    """At once, whatever the patience."""
    lines = Lines(process)
    process.kill()
    with pytest.raises(BrokenPipeError), lines.patience(60):
        lines.receive()
