"""What the gate and its sides say to each other arrives whole, or is told to be no message."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from timetrial.errors import GateError
from timetrial.gate.lockstep import channel as channel_module
from timetrial.gate.lockstep.channel import Channel, ChannelClosedError

Ends = tuple[Channel, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """A channel, and the bare socket at its other end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        other = socket.create_connection(listener.getsockname())
        connection, _ = listener.accept()
    channel = Channel(connection, "the other side")
    with other:
        yield channel, other
    channel.close()


def test_messages_arrive_in_order_however_they_are_cut(ends: Ends) -> None:
    """Two in one packet, one in two."""
    channel, other = ends
    other.sendall(b'{"a": 1}\n{"a": 2}\n{"a":')
    assert channel.receive(5) == {"a": 1}
    assert channel.receive(5) == {"a": 2}
    sender = threading.Timer(0, other.sendall, [b" 3}\n"])
    sender.start()
    assert channel.receive(5) == {"a": 3}
    sender.join()


def test_what_is_sent_is_one_line(ends: Ends) -> None:
    """Whatever it holds."""
    channel, other = ends
    channel.send(text="two\nlines")
    assert other.recv(1000) == b'{"text": "two\\nlines"}\n'


@pytest.mark.parametrize("rubbish", [b"hello\n", b"[1, 2]\n", b"\xff\xfe\n", b"\n"])
def test_rubbish_is_shown_and_is_no_message(rubbish: bytes, ends: Ends) -> None:
    """The error names the other end."""
    channel, other = ends
    other.sendall(rubbish)
    with pytest.raises(GateError, match="the other side says"):
        channel.receive(5)


def test_a_message_without_end_is_given_up(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it fills the memory."""
    monkeypatch.setattr(channel_module, "LONGEST_MESSAGE_BYTES", 10)
    channel, other = ends
    other.sendall(b"x" * 100)
    with pytest.raises(GateError, match="without end"):
        channel.receive(5)


def test_silence_is_a_timeout_and_the_message_may_still_come(ends: Ends) -> None:
    """Nothing that had arrived is lost."""
    channel, other = ends
    other.sendall(b'{"late"')
    with pytest.raises(TimeoutError):
        channel.receive(0.01)
    other.sendall(b": 1}\n")
    assert channel.receive(5) == {"late": 1}


def test_the_end_of_the_other_side_is_told(ends: Ends) -> None:
    """For receiving as for sending."""
    channel, other = ends
    other.close()
    with pytest.raises(ChannelClosedError, match="the other side is gone"):
        channel.receive(5)
    with pytest.raises(ChannelClosedError, match="can't be reached"):
        _flood(channel)


def _flood(channel: Channel) -> None:
    for _ in range(1000):
        channel.send(text="x" * 10_000)
