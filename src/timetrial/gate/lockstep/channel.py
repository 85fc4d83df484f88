"""What the gate and its two sides say to each other: one JSON object a line over a socket of this machine."""

from __future__ import annotations

import select
import socket
from typing import Any, Final

from timetrial.errors import GateError
from timetrial.system.clocks import clocks
from timetrial.system.json_lines import PIECE_BYTES, LineBuffer, Message, NoMessageError, line_of, message_in

__all__ = ["Channel", "ChannelClosedError", "Message"]

LONGEST_MESSAGE_BYTES: Final = 64 * 1024 * 1024


class ChannelClosedError(GateError):
    """The other end is gone."""


class Channel:
    """One end of the conversation; ``peer`` names the other in errors."""

    def __init__(self, connection: socket.socket, peer: str) -> None:
        self.peer = peer
        self._socket = connection
        self._received = LineBuffer()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, **message: Any) -> None:
        """Says one thing; raises ChannelClosedError if nobody is there."""
        try:
            self._socket.settimeout(None)
            self._socket.sendall(line_of(message))
        except OSError as error:
            raise ChannelClosedError(f"{self.peer} can't be reached any more: {error.strerror or error}") from error

    def receive(self, timeout_s: float | None = None) -> Message:
        """The next message; blocks without using the processor until it is there.

        Raises TimeoutError after ``timeout_s``, ChannelClosedError when the other end is gone, and GateError for
        anything that is not a message.
        """
        deadline_s = None if timeout_s is None else clocks.monotonic() + timeout_s
        while (line := self._received.next_line()) is None:
            if len(self._received) > LONGEST_MESSAGE_BYTES:
                raise GateError(f"{self.peer} sends a message without end; is something else writing to its socket?")
            self._receive_piece(deadline_s)
        try:
            return message_in(line)
        except NoMessageError as shown:
            raise GateError(
                f"{self.peer} says {shown}, which is no message of timetrial's: is something else there?"
            ) from None

    def has_news(self, timeout_s: float) -> bool:
        """Whether there is anything to receive, at the latest after this time."""
        return len(self._received) > 0 or bool(select.select([self._socket], [], [], timeout_s)[0])

    def close(self) -> None:
        """Ends the conversation; the other end sees it as ChannelClosedError."""
        self._socket.close()

    def _receive_piece(self, deadline_s: float | None) -> None:
        left_s = None if deadline_s is None else deadline_s - clocks.monotonic()
        if left_s is not None and left_s <= 0:
            raise TimeoutError
        try:
            self._socket.settimeout(left_s)
            piece = self._socket.recv(PIECE_BYTES)
        except TimeoutError:
            raise
        except OSError as error:
            raise ChannelClosedError(f"{self.peer} is gone: {error.strerror or error}") from error
        if not piece:
            raise ChannelClosedError(f"{self.peer} is gone: it closed its connection")
        self._received.feed(piece)
