"""Every pair of options does all that was asked, as the bytes on the wire and the journal show, or is refused by name.

Each option has a way to be seen. All pairs are tried: those in REFUSED must be refused where the URL is made, and with
400 where it comes; of the others both have to be seen in what the server does.
"""

from __future__ import annotations

import itertools
import socket
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.system.mockserver.plainclient import PlainClient
from timetrial.errors import MockServerError
from timetrial.mockserver import FAULTS, MockServer, View, page_body
from timetrial.mockserver.draws import draw, seed_for
from timetrial.mockserver.journal import RequestRecord

SIZE_BYTES = 1_200
PATH = f"/page/{SIZE_BYTES}/0"
HEADERS = "Host: here\r\nAccept-Encoding: gzip\r\nX-Name: me"
PATIENCE_S = 0.3
AT_ONCE = 64


@dataclass(frozen=True)
class Seen:
    """One answer as it came: its head in lower case, what followed it, how it ended, and the journal's record."""

    status: int
    headers: dict[str, str]
    body: bytes
    end: str
    record: RequestRecord

    @property
    def took_s(self) -> float:
        """From the request's arrival to its end."""
        return self.record.ended_s - self.record.arrived_s

    @property
    def is_page(self) -> bool:
        """Whether it is the page, in whatever form, and nothing else."""
        return self.status == 200 and self.decoded() == page_body(SIZE_BYTES)

    def decoded(self) -> bytes:
        """The body without chunks and compression; empty where it can't be decoded."""
        body = _unchunked(self.body) if self.headers.get("transfer-encoding") == "chunked" else self.body
        return _unpacked(body) if "content-encoding" in self.headers else body


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        try:
            length = int(size, 16)
        except ValueError:
            return whole
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole


def _unpacked(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(body)
    except zlib.error:
        return b""


def observed(server: MockServer, options: dict[str, Any]) -> list[Seen]:
    """Two requests for one page, one after the other over one connection where it is kept."""
    with server.scope() as space, space.recording() as requests:
        url = space.page(SIZE_BYTES, **options)
        path = "/" + url.split("/", 3)[3]
        answers: list[tuple[bytes, str]] = []
        client = _connected(server)
        for _ in range(2):
            if answers and answers[-1][1] != "kept":
                client.close()
                client = _connected(server)
            client.sendall(f"GET {path} HTTP/1.1\r\n{HEADERS}\r\n\r\n".encode())
            answers.append(_read(client))
        client.close()
        with space.expect(requests_in_flight=0, within_s=5):
            pass
        return [_seen(data, end, record) for (data, end), record in zip(answers, requests(), strict=True)]


def _connected(server: MockServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)


def _read(client: socket.socket) -> tuple[bytes, str]:
    """All that comes until the end, or for a while; "kept" is a whole answer on a connection that stays."""
    data = b""
    try:
        while len(data) < 5_000:
            more = client.recv(65_536)
            if not more:
                return data, "closed"
            data += more
            if _is_whole(data):
                client.settimeout(PATIENCE_S)  # for a close, a reset or bytes that nobody asked for, right behind it
        return data, "endless"
    except TimeoutError:
        return data, "kept" if _is_whole(data) else "hangs"
    except ConnectionResetError:
        return data, "reset"


def _is_whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    headers = _headers(head)
    if not end:
        return False
    if "content-length" in headers:
        return len(body) == int(headers["content-length"])
    return body.endswith(b"\r\n0\r\n\r\n") if "transfer-encoding" in headers else True


def _headers(head: bytes) -> dict[str, str]:
    lines = (line.partition(": ") for line in head.decode("latin-1").split("\r\n")[1:])
    return {name.lower(): value for name, _, value in lines}


def _seen(data: bytes, end: str, record: RequestRecord) -> Seen:
    head, _, body = data.partition(b"\r\n\r\n")
    status = int(head[9:12]) if head.startswith(b"HTTP/1.1 ") else 0
    return Seen(status, _headers(head), body, end, record)


# What each fault looks like: how the answer ends, and whether all of the head came.
ENDS = {
    "reset_before_headers": "reset",
    "reset_in_headers": "reset",
    "reset_after_headers": "reset",
    "reset_in_body": "reset",
    "short_body": "closed",
    "long_body": "closed",
    "hang": "hangs",
    "hang_in_body": "hangs",
    "bad_chunks": "closed",
    "garbage": "closed",
    "endless_body": "endless",
    "close_after": "closed",
    "close_on_reuse": "closed",
}


def fault_is_seen(one: Seen, fault: str) -> bool:
    """On the wire and in the journal."""
    ends = one.end == ENDS.get(fault, one.end)
    return ends and one.record.fault == fault


def cut_is_seen(seen: Sequence[Seen]) -> bool:
    """The body ends after so many bytes, whatever it is framed in, and then the connection."""
    body, chunked = seen[0].body, seen[0].headers.get("transfer-encoding") == "chunked"
    whole = chunked and body.endswith(b"0\r\n\r\n")
    return seen[0].end == "closed" and len(_unchunked(body) if chunked else body) == CUT_BYTES and not whole


def is_disturbed(one: Seen) -> bool:
    """Whether the status, the fault or the cut was done to it."""
    return bool(one.record.fault) or one.status not in (0, 200)


def one_is_hit(seen: Sequence[Seen]) -> bool:
    """The first of two requests, or of those that it can be done to, and the other one has the page."""
    one, two = seen
    reused = two.record.fault == "close_on_reuse"
    return one.is_page if reused else is_disturbed(one) and two.is_page


def form_of(seen: Sequence[Seen]) -> dict[str, str]:
    """The headers of the first answer that has any."""
    return seen[0].headers or seen[1].headers


CUT_BYTES = 9
RATE = 10_000
# With which half of the requests for the page are the first one, and not the second.
SEED = next(
    seed
    for seed in itertools.count()
    if draw(seed_for(seed, "share", PATH), 0) < 0.5 <= draw(seed_for(seed, "share", PATH), 1)
)
# name: (a value, the options that it needs beside it, how it is seen in two answers)
Sight = Callable[[Sequence[Seen]], bool]
OPTIONS: dict[str, tuple[Any, dict[str, Any], Sight]] = {
    "delay_ms": (7, {}, lambda seen: {one.record.delay_s for one in seen} == {0.007}),
    "seed": (SEED, {}, bool),  # what it decides is in the tests of what is drawn
    "rate_bytes_per_s": (RATE, {}, lambda seen: seen[0].took_s >= (len(seen[0].body) - RATE / 20) / RATE),
    "slots": (1, {"service_ms": 5}, lambda seen: seen[0].took_s >= 0.005),
    "service_ms": (5, {"slots": 1}, lambda seen: seen[0].took_s >= 0.005),
    "queue": ("q", {"slots": 1, "service_ms": 5}, lambda seen: seen[1].took_s >= 0.005),
    "status": (307, {}, lambda seen: seen[0].status == 307),
    "retry_after_s": (3, {"status": 307}, lambda seen: seen[0].headers.get("retry-after", "3") == "3"),
    "cut_after_bytes": (CUT_BYTES, {}, cut_is_seen),
    "interval_ms": (0.01, {"fault": "drip"}, lambda seen: bool({one.record.fault for one in seen} & {*FAULTS})),
    "share": (0.5, {"status": 307, "seed": SEED}, one_is_hit),
    "nth": (1, {"status": 307}, one_is_hit),
    "first": (1, {"status": 307}, one_is_hit),
    "per": ("x-name", {"status": 307, "first": 1}, one_is_hit),
    "gzip": (True, {}, lambda seen: form_of(seen)["vary"] == "Accept-Encoding"),
    "chunked": (True, {}, lambda seen: "chunked".startswith(form_of(seen)["transfer-encoding"])),
}
CASES = {name: {**needs, name: value} for name, (value, needs, _) in OPTIONS.items()} | {
    fault: {"fault": fault} | ({"interval_ms": 0.01} if fault == "drip" else {}) for fault in FAULTS
}

SENDS_NOTHING = ("reset_before_headers", "hang", "garbage")
REFUSED = {
    # The only one of the two that could be seen is the fault.
    **{(option, fault): "would not be seen" for option in ("status", "gzip", "chunked") for fault in SENDS_NOTHING},
    **{("retry_after_s", fault): "would not be seen" for fault in SENDS_NOTHING},
    **{("rate_bytes_per_s", fault): "would not be seen" for fault in ("reset_before_headers", "hang")},
    # One body can't be both.
    **{("gzip", fault): "does not go with" for fault in ("bad_encoding", "endless_body")},
    **{("cut_after_bytes", fault): "does not go with" for fault in FAULTS if fault != "short_body"},
    ("cut_after_bytes", "interval_ms"): "does not go with",
}
# The needs of one are the other's fault: two faults are never asked for at once.
BOTH_FAULTS = {pair for pair in itertools.combinations(CASES, 2) if all(name in FAULTS for name in pair)}
WITH_A_LIMIT = {"share", "nth", "first", "per"}


def merged(one: str, other: str) -> dict[str, Any]:
    """Both, with what they need; a limit limits the other one instead of a status where it can."""
    options = {**CASES[one], **CASES[other]}
    for limit, limited in ((one, other), (other, one)):
        own = CASES[limited]
        if limit in WITH_A_LIMIT and limited not in WITH_A_LIMIT and {"fault", "cut_after_bytes"} & own.keys():
            options.pop("status", None)
    if "interval_ms" in (one, other) and {one, other} & set(FAULTS):
        options["fault"] = other if one == "interval_ms" else one
    return options


PAIRS = [pair for pair in itertools.combinations(CASES, 2) if pair not in BOTH_FAULTS]


def words_of(one: str, other: str) -> str | None:
    """Why this pair is refused, if it is."""
    return REFUSED.get((one, other)) or REFUSED.get((other, one))


@pytest.mark.parametrize(("one", "other"), [pair for pair in PAIRS if words_of(*pair)])
def test_a_pair_that_cannot_be_done_is_refused(one: str, other: str, plain: PlainClient, space: View) -> None:
    """Where the URL is made, and where it comes; nothing of it is done."""
    options = merged(one, other)
    with pytest.raises(MockServerError, match=words_of(one, other)):
        space.page(SIZE_BYTES, **options)
    query = urlencode({name: int(value) if value is True else value for name, value in options.items()})
    answer = plain.get(f"{space.page(SIZE_BYTES)}?{query}")
    assert answer.status == 400
    assert (words_of(one, other) or "").encode() in answer.body


def is_seen(name: str, seen: Sequence[Seen]) -> bool:
    """Whether the option is seen in two answers."""
    if name in FAULTS:  # a connection is new at its first request
        return fault_is_seen(seen[1] if name == "close_on_reuse" else seen[0], name)
    return OPTIONS[name][2](seen)


@pytest.mark.timeout(120)
def test_every_other_pair_does_both(server: MockServer) -> None:
    """Of each, both options are seen."""

    def lost(pair: tuple[str, str]) -> list[str]:
        options = merged(*pair)
        answers = observed(server, options)
        return [f"{name} of {options}: {answers}" for name in pair if not is_seen(name, answers)]

    with ThreadPoolExecutor(AT_ONCE) as threads:
        done = list(threads.map(lost, [pair for pair in PAIRS if not words_of(*pair)]))
    assert len(done) > 300
    assert [words for each in done for words in each] == []
