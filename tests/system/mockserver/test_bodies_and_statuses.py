"""Statuses, faults of bodies, and answers that have no body: what is asked for is done, or not counted as done."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.system.mockserver.plainclient import PlainClient
from timetrial.errors import MockServerError
from timetrial.mockserver import MockServer, View, page_body, route

Connect = Callable[[], PlainClient]
OF_A_BODY = (
    "reset_in_body",
    "short_body",
    "long_body",
    "hang_in_body",
    "bad_chunks",
    "bad_encoding",
    "endless_body",
)


def faults_of(space: View, client: PlainClient) -> Mapping[str, int]:
    """What was counted once the client has left."""
    client.close()
    with space.expect(within_s=10, requests_in_flight=0):
        pass
    return space.counters().by_fault


@pytest.mark.parametrize("fault", OF_A_BODY)
def test_a_head_is_not_disturbed_by_a_fault_of_bodies(fault: str, plain: PlainClient, space: View) -> None:
    """It gets the head and nothing after it, is counted as answered, and uses up nobody's first try."""
    url = space.page(300, fault=fault, first=1)
    for _ in range(2):
        answer = plain.get(url, method="HEAD")
        assert (answer.status, answer.headers["content-length"]) == (200, "300")
    assert space.counters().by_fault == {}
    assert space.counters().requests_completed == 2
    plain.socket.settimeout(0.3)
    plain.ask(url)
    plain.take_what_comes(5_000)
    assert faults_of(space, plain) == {fault: 1}


@pytest.mark.parametrize("cut", [{"fault": "short_body"}, {"cut_after_bytes": 5}, {"fault": "hang_in_body"}])
def test_an_answer_that_turns_out_to_have_no_body_is_not_disturbed(
    cut: dict[str, Any], plain: PlainClient, space: View
) -> None:
    """Such as 304: the connection goes on, and the next request meets the fault."""
    url = space.page(300, nth=1, **cut)
    assert plain.get(url, "If-None-Match: *").status == 304
    assert space.counters().requests_faulted == 0
    plain.socket.settimeout(0.3)
    plain.ask(url)
    plain.take_what_comes(5_000)
    assert sum(faults_of(space, plain).values()) == 1


@pytest.mark.parametrize("status", [204, 205, 304])
def test_statuses_without_a_body_have_none(status: int, plain: PlainClient, space: View) -> None:
    """Nor anything that tells of one, also where the client's first requests are hit; the connection goes on."""
    for options in ({}, {"first": 9, "gzip": True, "chunked": True}, {"delay_ms": 1}, {"fault": "drip"}):
        asked: dict[str, Any] = options
        answer = plain.get(space.page(100, status=status, **asked), "Accept-Encoding: gzip")
        assert answer.status == status
        assert answer.headers.get("content-length") == ("0" if status == 205 else None)
        assert not {"transfer-encoding", "content-encoding", "content-type"} & answer.headers.keys()
    assert plain.get(space.page(100)).body == page_body(100)


@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("fault", [*({"fault": fault} for fault in OF_A_BODY), {"cut_after_bytes": 0}], ids=str)
def test_a_fault_of_bodies_is_refused_where_there_is_none(status: int, fault: dict[str, Any], space: View) -> None:
    """Where the URL is made, limited or not."""
    for limit in ({}, {"share": 0.5}):
        options: dict[str, Any] = {**fault, **limit}
        with pytest.raises(MockServerError, match=f"an answer of status={status} has no body"):
            space.upload(status=status, **options)


@pytest.mark.parametrize("fault", ["reset_in_body", "short_body", "hang_in_body", "bad_encoding"])
def test_an_empty_body_cannot_be_broken(fault: str, space: View) -> None:
    """Nobody would see it."""
    with pytest.raises(MockServerError, match=f'fault="{fault}" needs a body of at least one byte'):
        space.page(0, fault=fault)
    with pytest.raises(MockServerError, match="route /x: "):
        route("/x", fault=fault)


def test_a_body_cannot_be_cut_behind_its_end(plain: PlainClient, space: View) -> None:
    """It would be whole; a body whose size nobody knows beforehand loses its last byte at least."""
    for make in (space.page, space.stream):
        with pytest.raises(MockServerError, match="cut_after_bytes=300 cuts nothing off 300 bytes"):
            make(300, cut_after_bytes=300)
    with pytest.raises(MockServerError, match="cuts nothing off 4096 bytes"):
        space.site(5, cut_after_bytes=5000)
    plain.ask(space.echo(cut_after_bytes=10**6))
    declared = [line for line in plain.line_by_line() if line.startswith("Content-Length: ")]
    assert len(plain.until_closed()) == int(declared[0].split()[1]) - 1


@pytest.mark.parametrize(
    ("status", "header", "value"),
    [
        (401, "www-authenticate", 'Basic realm="timetrial"'),
        (405, "allow", "GET, HEAD"),
        (407, "proxy-authenticate", 'Basic realm="timetrial"'),
        (426, "upgrade", "HTTP/2.0"),
        (206, "content-range", "bytes 0-19/20"),
    ],
)
def test_statuses_come_with_what_the_standard_wants_beside_them(
    status: int, header: str, value: str, plain: PlainClient, space: View
) -> None:
    """RFC 9110 says MUST of each."""
    assert plain.get(space.page(status=status)).headers[header] == value


@pytest.mark.parametrize("fault", ["drip", "close_after", "short_body", "reset_after_headers", "bad_chunks"])
@pytest.mark.parametrize("status", [301, 429, 500, 503])
def test_a_status_keeps_its_fault_and_its_retry_after(
    status: int, fault: str, connect: Connect, server: MockServer
) -> None:
    """All three are in the answer, whether all requests are hit or the first."""
    for limit in ({}, {"first": 1}):
        with server.scope() as space:
            asked: dict[str, Any] = limit
            client = connect()
            client.ask(space.page(500, status=status, retry_after_s=7, fault=fault, **asked))
            head = client.line_by_line()
            assert head[0].split()[1] == str(status)
            assert "Retry-After: 7" in head
            assert faults_of(space, client) == {fault: 1}


def test_a_loop_of_redirects_may_have_any_redirects_status(plain: PlainClient, space: View) -> None:
    """Its Retry-After too; no other status goes with it."""
    answer = plain.get(space.echo(status=308, retry_after_s=1, fault="redirect_loop"))
    assert (answer.status, answer.headers["retry-after"]) == (308, "1")
    assert answer.headers["location"].endswith("/echo?status=308&retry_after_s=1&fault=redirect_loop")
    with pytest.raises(MockServerError, match="goes with a status= of 301, 302, 303, 307 or 308, not 503"):
        space.echo(status=503, fault="redirect_loop")


def test_a_redirects_own_status_may_be_limited(plain: PlainClient, space: View) -> None:
    """The first one is another redirect, and has its Retry-After; the others are as they always are."""
    url = space.redirect(1, to="/there", status=307, retry_after_s=2, first=1)
    seen = [plain.get(url) for _ in range(2)]
    assert [(one.status, one.headers["location"], one.headers.get("retry-after")) for one in seen] == [
        (307, "/there", "2"),
        (302, "/there", None),
    ]


def test_status_200_is_the_answer_itself(plain: PlainClient, space: View) -> None:
    """With the Retry-After that was asked for."""
    answer = plain.get(space.page(100, status=200, retry_after_s=3))
    assert (answer.body, answer.headers["retry-after"]) == (page_body(100), "3")


def test_json_is_compressed_and_chunked_too(plain: PlainClient, space: View) -> None:
    """Whatever has a body."""
    answer = plain.get(space.upload(gzip=True, chunked=True), "Accept-Encoding: gzip", method="PUT", body=b"x" * 9)
    assert (answer.headers["content-encoding"], answer.headers["transfer-encoding"]) == ("gzip", "chunked")
    assert plain.get(space.page(status=503, gzip=True), "Accept-Encoding: gzip").headers["content-encoding"] == "gzip"


def test_a_part_of_a_body_may_come_in_chunks(plain: PlainClient, space: View) -> None:
    """A range, when chunks were asked for."""
    answer = plain.get(space.page(100, chunked=True), "Range: bytes=10-19")
    assert (answer.status, answer.body) == (206, page_body(100)[10:20])
    assert answer.headers["transfer-encoding"] == "chunked"


@pytest.mark.parametrize(("fault", "end"), [("short_body", b""), ("reset_in_body", None)])
def test_a_broken_body_keeps_its_chunks(fault: str, end: bytes | None, plain: PlainClient, space: View) -> None:
    """Half of it in whole chunks, and no last one."""
    plain.ask(space.page(1000, chunked=True, fault=fault))
    assert "Transfer-Encoding: chunked" in plain.line_by_line()
    plain.take_what_comes(10**6)
    assert plain.rest == b"1f4\r\n" + page_body(1000)[:500] + b"\r\n" + (end or b"")


def test_a_queue_has_as_many_slots_as_its_urls_agree_on(plain: PlainClient, space: View) -> None:
    """Another number is refused when it comes."""
    assert plain.get(space.page(10, slots=2, service_ms=0, queue="db")).status == 200
    answer = plain.get(space.page(20, slots=3, service_ms=0, queue="db"))
    assert (answer.status, answer.body) == (400, b"400 queue 'db' has slots=2 here, not 3\n")


def test_a_large_echo_is_told_whole(plain: PlainClient, space: View) -> None:
    """Also what is no text, wherever its pieces are cut."""
    body = 'häß€ "quoted" \\ \x00'.encode() * 9_000 + b"\xff\xfe"
    told = json.loads(plain.get(space.echo(), method="POST", body=body).body)
    assert told["body"] == body.decode("utf-8", "replace")
    assert told["body_bytes"] == len(body)


def test_a_large_answer_may_be_a_connections_last() -> None:
    """Whoever reads it slowly; the server's process has nothing to complain of."""
    with MockServer.start() as server:
        client = PlainClient(server.port)
        client.ask(server.stream(20_000_000), "Connection: close")
        client.line_by_line()
        size_bytes = len(client.rest)
        while piece := client.socket.recv(300_000):
            size_bytes += len(piece)
        assert size_bytes == 20_000_000
        client.close()
        with server.expect(connections_open=0):
            pass


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"like": "/page/9/0", "headers": {"A": "b"}}, "headers= belongs to body="),
        ({"like": "/page/9/0", "methods": ["POST"]}, "methods= belongs to body="),
        ({"like": "/page/9/0", "content_type": "a/b"}, "content_type= belongs to body="),
        ({"body": "x", "status": 204}, "an answer of status=204 has no body"),
        ({"body": "x", "headers": {"content-length": "9"}}, "the server writes content-length itself"),
        (
            {"body": "x", "headers": {"retry-after": "1"}, "status": 503, "retry_after_s": 3},
            "give a Retry-After of your own or retry_after_s=",
        ),
        ({"body": "x", "headers": {"Content-Encoding": "br"}, "gzip": True}, "a Content-Encoding of your own or gzip="),
    ],
)
def test_a_route_that_would_lose_something_is_refused(declared: dict[str, Any], words: str) -> None:
    """When it is declared."""
    with pytest.raises(MockServerError, match=words):
        route("/x", **declared)


def test_a_route_has_its_options_in_one_place() -> None:
    """Those of its like= would be lost beside its own."""
    with pytest.raises(MockServerError, match="give the options to the route or to its like=, not to both"):
        MockServer.start(site=[route("/x", like="/page/9/0?status=503", delay_ms=1)])


def test_a_routes_own_etag_is_its_etag() -> None:
    """Once, and in conditions too."""
    with MockServer.start(site=[route("/x", body="hello", headers={"ETag": '"mine"'})]) as server:
        client = PlainClient(server.port)
        client.ask(server.at("/x"))
        assert [line for line in client.line_by_line() if line.startswith("ETag")] == ['ETag: "mine"']
        client.rest = b""
        client.close()
        client = PlainClient(server.port)
        assert client.get(server.at("/x"), 'If-None-Match: "mine"').status == 304
        client.close()


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("br, gzip;q=1.0", True),
        ("*", True),
        ("*;q=0.1, br", True),
        ("*;q=0", False),
        ("gzip;q=0.000, *", False),
        ("identity", False),
        ("", False),
    ],
)
def test_who_accepts_gzip_gets_it(accepted: str, packed: bool, plain: PlainClient, space: View) -> None:
    """By its name, or by a star; a weight of 0 is a no."""
    headers = plain.get(space.page(3000, gzip=True), f"Accept-Encoding: {accepted}").headers
    assert ("content-encoding" in headers) == packed
    assert headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "target",
    [
        "/page/10/0?status=503&status=404",
        "/page/10/0?seed=1&status=503&share=0.5&seed=1",
        "/site/pages=3&status=503/p0.html?status=404",
        "/site/pages=3&pages=4/p0.html",
        "/redirect/1?to=/a&to=/b",
    ],
)
def test_an_option_that_is_given_twice_is_refused(target: str, plain: PlainClient, space: View) -> None:
    """One of the two would be lost."""
    answer = plain.get(space.url + target)
    assert answer.status == 400
    assert b"is given twice" in answer.body


def test_a_client_that_never_stops_asking_is_read_as_it_is_answered(plain: PlainClient, space: View) -> None:
    """Megabytes of requests in one go: what is not taken yet stays with the client."""
    psutil = pytest.importorskip("psutil")
    process = psutil.Process(space.pids[0])
    path = "/" + space.page(1).split("/", 3)[3]
    request = f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode()
    before = process.memory_info().rss
    plain.socket.settimeout(1.0)
    with pytest.raises(TimeoutError):  # nobody reads the answers, so that the server stops reading too
        plain.send(request * 1_000_000)
    assert process.memory_info().rss - before < 30_000_000
