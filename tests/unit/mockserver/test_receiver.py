"""Bytes become events, without a socket: what the receiver says of requests, good and bad, wherever they are cut."""

from __future__ import annotations

import pytest

from timetrial.mockserver.server.messages import Request
from timetrial.mockserver.server.receiver import END, Event, Receiver, Refusal
from timetrial.mockserver.server.services import Limits

GET = b"GET /page/1/0 HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST /upload HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nhello"
UPGRADE = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


def told(*pieces: bytes, limits: Limits | None = None) -> list[str]:
    """The events of these pieces in words: a request's target, a body's bytes, END, a refusal's status."""
    receiver = Receiver(limits or Limits())
    events = [_words(event) for piece in pieces for event in receiver.feed(piece)]
    return [*events, "receiving"] if receiver.receiving else events


def _words(event: Event) -> str:
    if isinstance(event, Request):
        return event.url.decode()
    if isinstance(event, Refusal):
        return str(event.status)
    return "END" if event is END else bytes(event).decode()


def test_a_request_is_told_with_its_body_and_its_end() -> None:
    """Several of them in one piece, one after the other."""
    assert told(GET) == ["/page/1/0", "END"]
    assert told(POST + GET) == ["/upload", "hello", "END", "/page/1/0", "END"]


@pytest.mark.parametrize("cut", range(1, len(POST)))
def test_where_the_network_cuts_changes_nothing_but_the_pieces_of_a_body(cut: int) -> None:
    """A request is told when its head is complete, and its body as it comes."""
    events = told(POST[:cut], POST[cut:])
    assert events[0] == "/upload"
    assert "".join(events[1:-1]) == "hello"
    assert events[-1] == "END"


def test_a_message_that_is_not_over_yet_is_being_received() -> None:
    """From its first byte to its last."""
    assert told(b"G") == ["receiving"]
    assert told(POST[:-1]) == ["/upload", "hell", "receiving"]


def test_an_upgrade_that_is_offered_is_ignored_however_many_follow() -> None:
    """The bytes behind it are requests as before, a thousand times in one piece."""
    assert told(UPGRADE * 1000 + GET) == [*["/", "END"] * 1000, "/page/1/0", "END"]


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"no http at all\r\n\r\n", ["400"]),
        (GET + b"no http at all\r\n\r\n", ["/page/1/0", "END", "400"]),
        (b"FETCH / HTTP/1.1\r\nHost: here\r\n\r\n", ["501"]),
        (GET.replace(b"Host: here\r\n", b"") + GET, ["400"]),
        (POST.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"\r\n", ["/upload", "400"]),
    ],
)
def test_after_a_refusal_nothing_is_told(data: bytes, events: list[str]) -> None:
    """Whatever was good before it stays told."""
    assert told(data) == events


def test_a_head_that_never_ends_is_refused_at_its_limit() -> None:
    """Before its end, which would never come."""
    limits = Limits(head_bytes=100, url_bytes=50)
    assert told(b"GET / HTTP/1.1\r\nA: " + b"b" * 120, limits=limits) == ["431"]
    assert told(b"GET /" + b"a" * 60, limits=limits) == ["414"]
    assert told(GET, limits=limits) == ["/page/1/0", "END"]
