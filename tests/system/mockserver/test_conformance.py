"""HTTP/1.1 as others judge it: h11 reads every kind of answer and every kind of request, httplint the headers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import h11
import pytest

from tests.system.mockserver.plainclient import PlainClient
from tests.system.mockserver.test_fuzz import mangled
from timetrial.mockserver import View

Connect = Callable[[], PlainClient]


@dataclass
class Judged:
    """One answer as h11 understood it."""

    interim: list[int] = field(default_factory=list)
    response: h11.Response | None = None
    body: bytes = b""


def ask(client: PlainClient, method: str, url: str, *headers: tuple[str, str], body: bytes = b"") -> Judged:
    """Asks by h11, which raises RemoteProtocolError for whatever is not HTTP, and says what it saw."""
    judge = h11.Connection(h11.CLIENT)
    lines = [("Host", "here"), *headers, *([("Content-Length", str(len(body)))] if body else [])]
    request = h11.Request(method=method, target="/" + url.split("/", 3)[3], headers=lines)
    client.send((judge.send(request) or b"") + (judge.send(h11.Data(data=body)) or b""))
    judge.send(h11.EndOfMessage())
    seen = Judged()
    for event in _events(judge, client):
        if isinstance(event, h11.InformationalResponse):
            seen.interim.append(event.status_code)
        elif isinstance(event, h11.Response):
            seen.response = event
        elif isinstance(event, h11.Data):
            seen.body += event.data
    assert judge.trailing_data == (b"", False)
    return seen


def _events(judge: h11.Connection, client: PlainClient) -> Iterator[object]:
    while not isinstance(event := judge.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            judge.receive_data(client.socket.recv(65_536))
        else:
            yield event


ASKED: dict[str, tuple[str, Callable[[View], str], tuple[tuple[str, str], ...], bytes, int]] = {
    "a page": ("GET", lambda s: s.page(500), (), b"", 200),
    "an empty page": ("GET", lambda s: s.page(0), (), b"", 200),
    "HEAD": ("HEAD", lambda s: s.page(500), (), b"", 200),
    "chunks": ("GET", lambda s: s.page(500, chunked=True), (), b"", 200),
    "a stream": ("GET", lambda s: s.stream(2_000_000), (), b"", 200),
    "gzip": ("GET", lambda s: s.page(5000, gzip=True), (("Accept-Encoding", "gzip"),), b"", 200),
    "a range": ("GET", lambda s: s.page(500), (("Range", "bytes=10-19"),), b"", 206),
    "no such range": ("GET", lambda s: s.page(500), (("Range", "bytes=900-"),), b"", 416),
    "not modified": ("GET", lambda s: s.page(500), (("If-None-Match", "*"),), b"", 304),
    "a failed condition": ("GET", lambda s: s.page(500), (("If-Match", '"other"'),), b"", 412),
    "no content": ("GET", lambda s: s.page(status=204), (), b"", 204),
    "a redirect": ("GET", lambda s: s.redirect(2), (), b"", 302),
    "too many": ("GET", lambda s: s.page(status=429, retry_after_s=3), (), b"", 429),
    "unavailable": ("HEAD", lambda s: s.page(status=503, retry_after_s=3), (), b"", 503),
    "nothing there": ("GET", lambda s: s.url + "/elsewhere", (), b"", 404),
    "bad options": ("GET", lambda s: s.page() + "?delay_ms=x", (), b"", 400),
    "not that method": ("POST", lambda s: s.page(), (), b"x", 405),
    "an echo": ("POST", lambda s: s.echo(), (), b"hello", 200),
    "an upload": ("PUT", lambda s: s.upload(), (("Expect", "100-continue"),), b"hello", 200),
    "another expectation": ("PUT", lambda s: s.upload(), (("Expect", "more"),), b"hello", 417),
    "the last answer": ("GET", lambda s: s.page(10), (("Connection", "close"),), b"", 200),
}


@pytest.mark.parametrize("what", ASKED)
def test_h11_finds_no_fault_with_any_kind_of_answer(what: str, plain: PlainClient, space: View) -> None:
    """Framing, headers and the order of events, twice on one connection where it is kept."""
    method, url, headers, body, status = ASKED[what]
    for _ in range(2):
        seen = ask(plain, method, url(space), *headers, body=body)
        assert seen.response is not None
        assert seen.response.status_code == status
        assert seen.interim == ([100] if what == "an upload" else [])
        if method == "HEAD" or status in (204, 304):
            assert seen.body == b""
        if b"close" in dict(seen.response.headers).get(b"connection", b""):
            assert plain.socket.recv(1) == b""
            break


@pytest.mark.parametrize("what", ASKED)
def test_httplint_finds_nothing_bad_in_any_kind_of_answer(what: str, plain: PlainClient, space: View) -> None:
    """Its hints on caching are the declared site's business; what it calls bad would be ours."""
    httplint = pytest.importorskip("httplint", reason="httplint is not installed here; pip install --group dev")
    method, url, headers, body, _ = ASKED[what]
    seen = ask(plain, method, url(space), *headers, body=body)
    assert seen.response is not None
    linter = httplint.HttpResponseLinter(no_content=method == "HEAD")
    linter.process_response_topline(b"1.1", str(seen.response.status_code).encode(), seen.response.reason)
    linter.process_headers([(bytes(name), bytes(value)) for name, value in seen.response.headers.raw_items()])
    linter.feed_content(seen.body)
    linter.finish_content(True)
    assert [note.summary for note in linter.notes if note.level is httplint.levels.BAD] == []


def refused_by_h11(data: bytes) -> bool:
    """Whether h11, as a server, finds the first request in these bytes malformed."""
    judge = h11.Connection(h11.SERVER)
    judge.receive_data(data)
    try:
        while (event := judge.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.EndOfMessage):
                return False
    except h11.RemoteProtocolError:
        return True
    return False


# llhttp takes these and h11 does not: empty lines before a request, and several spaces in its first line, both of
# which RFC 9112 lets a server take (sections 2.2 and 3); and an unknown or empty version is 505, not 400.
def _lenient(data: bytes) -> bool:
    first_line = data.lstrip(b"\r\n").split(b"\r\n")[0]
    return data[:1] in (b"\r", b"\n") or b"  " in first_line


def test_what_h11_refuses_is_not_answered_as_if_it_were_right(connect: Connect) -> None:
    """Two parsers that share no code: where h11 sees a malformed request, ours finds no good one."""
    rng = random.Random(20261125)
    judged = 0
    while judged < 150:
        data = mangled(rng)
        if _lenient(data) or not refused_by_h11(data):
            continue
        judged += 1
        client = connect()
        client.socket.settimeout(0.1)
        client.send(data)
        client.take_what_comes(12)
        status = client.rest[9:12]
        assert status == b"" or status >= b"400", (data, client.rest)
        client.close()


MUSTS = {  # what RFC 9112 and RFC 9110 say of a request that a server has to refuse, and how
    "a Host with a user": (b"GET /page/9/0 HTTP/1.1\r\nHost: me@here\r\n\r\n", 400),
    "a Host with a path": (b"GET /page/9/0 HTTP/1.1\r\nHost: here/there\r\n\r\n", 400),
    "two hosts in one line": (b"GET /page/9/0 HTTP/1.1\r\nHost: here, there\r\n\r\n", 400),
    "a folded line": (b"GET /page/9/0 HTTP/1.1\r\nHost: here\r\nA: b\r\n c\r\n\r\n", 400),
    "a bare CR": (b"GET /page/9/0 HTTP/1.1\r\nHost: here\r\nA: b\rc\r\n\r\n", 400),
    "a fragment": (b"GET /page/9/0#part HTTP/1.1\r\nHost: here\r\n\r\n", 400),
    "a star that is not for OPTIONS": (b"GET * HTTP/1.1\r\nHost: here\r\n\r\n", 400),
    "an unknown coding": (b"POST /upload HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    "chunks in HTTP/1.0": (b"POST /upload HTTP/1.0\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a length and chunks": (
        b"POST /upload HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "chunks before the last coding": (
        b"POST /upload HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a chunk that is longer than it says": (
        b"POST /upload HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        400,
    ),
}


@pytest.mark.parametrize("what", MUSTS)
def test_requests_that_must_be_refused_are(what: str, plain: PlainClient) -> None:
    """With the status that the standard names, and then the end of the connection."""
    data, status = MUSTS[what]
    plain.send(data)
    assert plain.answer().status == status
    assert plain.until_closed() == b""


def test_options_for_the_server_as_a_whole_are_answered(plain: PlainClient) -> None:
    """``OPTIONS *`` is about no page."""
    plain.send(b"OPTIONS * HTTP/1.1\r\nHost: here\r\n\r\n")
    assert plain.answer().status == 204
