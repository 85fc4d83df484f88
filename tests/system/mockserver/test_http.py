"""HTTP/1.1 as it should be, over every event loop."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable

import pytest

from tests.system.mockserver.plainclient import PlainClient
from timetrial.errors import MockServerError
from timetrial.mockserver import MockServer, View, page_body, route, stream_chunks

Connect = Callable[[], PlainClient]


def test_a_page_has_exactly_the_bytes_that_were_asked_for(plain: PlainClient, server: MockServer) -> None:
    """The client can know the body without asking."""
    for size_bytes in (0, 1, 1024, 300_000):
        answer = plain.get(server.page(size_bytes, key=7))
        assert (answer.status, answer.body) == (200, page_body(size_bytes, 7))
        assert answer.headers["content-length"] == str(size_bytes)
        assert answer.headers["date"].endswith("GMT")


def test_a_connection_is_kept_for_as_many_requests_as_the_client_likes(plain: PlainClient, space: View) -> None:
    """Keep-alive is the rule in HTTP/1.1."""
    with space.expect(requests_completed=50, connections_opened=1, connections_reused=1):
        for _ in range(50):
            assert plain.get(space.page(100)).body == page_body(100)


def test_pipelined_requests_are_answered_in_order(plain: PlainClient, space: View) -> None:
    """Also where an earlier one takes longer than a later one."""
    urls = [space.page(10 + n, key=n, delay_ms=30 if n % 3 == 0 else 0) for n in range(20)]
    for url in urls:
        plain.ask(url)
    for n in range(20):
        assert plain.answer().body == page_body(10 + n, n)
    with space.expect(requests_in_flight=0, requests_completed=0):
        pass


def test_hundreds_of_pipelined_requests_in_one_piece_are_all_answered(plain: PlainClient, space: View) -> None:
    """More than the server queues at once, so that it has to stop reading in between."""
    request = f"GET /{space.page(1000, delay_ms=1).split('/', 3)[3]} HTTP/1.1\r\nHost: here\r\n\r\n".encode()
    with space.expect(requests_completed=300):
        plain.send(request * 300)
        for _ in range(300):
            assert plain.answer().body == page_body(1000)


def test_a_request_may_arrive_byte_by_byte(plain: PlainClient, server: MockServer) -> None:
    """Where the network cuts is no business of the answer's."""
    path = server.page(64).split("/", 3)[3]
    for byte in f"GET /{path} HTTP/1.1\r\nHost: here\r\n\r\n".encode():
        plain.send(bytes([byte]))
    assert plain.answer().body == page_body(64)


@pytest.mark.parametrize("options", [{}, {"delay_ms": 1}, {"chunked": True}, {"gzip": True}])
def test_head_has_the_headers_of_get_and_no_body(
    options: dict[str, int], plain: PlainClient, server: MockServer
) -> None:
    """And the connection goes on."""
    url = server.page(500, **options)  # type: ignore[arg-type] # the options differ in type
    head, get = plain.get(url, method="HEAD"), plain.get(url)
    assert head.body == b""
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}
    assert get.body == page_body(500)


def test_connection_close_is_honoured(plain: PlainClient, server: MockServer) -> None:
    """The answer says so too, and the connection ends after it."""
    answer = plain.get(server.page(10), "Connection: close")
    assert answer.headers["connection"] == "close"
    assert plain.until_closed() == b""


def test_http_1_0_closes_unless_asked_to_keep(connect: Connect, server: MockServer) -> None:
    """And never sees chunks."""
    once = connect()
    assert once.get(server.page(10, chunked=True), version="1.0").body == page_body(10)
    assert once.until_closed() == b""
    kept = connect()
    for _ in range(2):
        answer = kept.get(server.page(10), "Connection: keep-alive", version="1.0")
        assert (answer.headers["connection"], answer.body) == ("keep-alive", page_body(10))


def test_a_chunked_answer_is_the_same_body(plain: PlainClient, server: MockServer) -> None:
    """With chunked=True no length is declared."""
    answer = plain.get(server.page(50_000, chunked=True))
    assert "content-length" not in answer.headers
    assert answer.body == page_body(50_000)


def test_echo_tells_method_target_headers_and_body(plain: PlainClient, server: MockServer) -> None:
    """So that a test can see what its client really sends."""
    told = json.loads(plain.get(server.echo(), "X-One: 1", method="PUT", body=b"h\xc3\xa4llo").body)
    assert (told["method"], told["target"], told["body"]) == ("PUT", "/echo", "hällo")
    assert ["X-One", "1"] in told["headers"]


def test_uploads_are_counted_and_hashed(plain: PlainClient, server: MockServer) -> None:
    """Whatever their size, and in chunks too."""
    body = b"".join(stream_chunks(3_000_000))
    seen = json.loads(plain.get(server.upload(), method="POST", body=body).body)
    assert seen == {"body_bytes": len(body), "body_sha256": hashlib.sha256(body).hexdigest()}
    plain.ask(server.upload(), "Transfer-Encoding: chunked", method="POST")
    for start in range(0, len(body), 700_001):
        part = body[start : start + 700_001]
        plain.send(b"%X;note=ignored\r\n%b\r\n" % (len(part), part))
    plain.send(b"0\r\nX-Trailer: ignored\r\n\r\n")
    assert json.loads(plain.answer().body) == seen


def test_a_client_that_expects_100_continue_gets_it_before_it_sends(plain: PlainClient, server: MockServer) -> None:
    """And a refusal instead where the body would be too large anyway."""
    plain.ask(server.upload(), "Expect: 100-continue", "Content-Length: 5", method="POST")
    assert plain.line_by_line() == ["HTTP/1.1 100 Continue"]
    plain.send(b"hello")
    assert json.loads(plain.answer().body)["body_bytes"] == 5
    plain.ask(server.upload(), "Expect: 100-continue", f"Content-Length: {2**40}", method="POST")
    assert plain.answer().status == 413


def test_a_client_that_waits_behind_an_earlier_request_is_told_to_continue(plain: PlainClient, space: View) -> None:
    """After the answers before it, whether one of them was in flight or several."""
    for earlier in (1, 3):
        for _ in range(earlier):
            plain.ask(space.page(10, delay_ms=50))
        plain.ask(space.upload(), "Expect: 100-continue", "Content-Length: 5", method="POST")
        for _ in range(earlier):
            assert plain.answer().body == page_body(10)
        assert plain.line_by_line() == ["HTTP/1.1 100 Continue"]
        plain.send(b"hello")
        assert json.loads(plain.answer().body)["body_bytes"] == 5


def test_a_client_that_does_not_wait_is_not_told_to_continue(plain: PlainClient, space: View) -> None:
    """Its body came while an earlier answer was under way."""
    plain.ask(space.page(10, delay_ms=100))
    plain.ask(space.upload(), "Expect: 100-continue", method="POST", body=b"hello")
    assert [plain.answer().status for _ in range(2)] == [200, 200]


def test_an_unknown_expectation_fails(plain: PlainClient, server: MockServer) -> None:
    """417, as RFC 9110 has it."""
    assert plain.get(server.upload(), "Expect: miracles", method="POST", body=b"x").status == 417


def test_ranges_are_served_in_part(plain: PlainClient, server: MockServer) -> None:
    """From the front, from the back, and of bodies that are never built."""
    body = page_body(1000)
    for span, part in (("0-9", body[:10]), ("990-", body[990:]), ("-5", body[-5:]), ("5-5000", body[5:])):
        answer = plain.get(server.page(1000), f"Range: bytes={span}")
        assert (answer.status, answer.body) == (206, part)
    last = plain.get(server.stream(2**32), f"Range: bytes={2**32 - 10}-")
    assert (last.headers["content-range"], len(last.body)) == (f"bytes {2**32 - 10}-{2**32 - 1}/{2**32}", 10)


def test_a_range_that_cannot_be_had_is_416_and_a_senseless_one_is_ignored(
    plain: PlainClient, server: MockServer
) -> None:
    """416 tells the size; a header that is no range counts as none."""
    beyond = plain.get(server.page(1000), "Range: bytes=1000-")
    assert (beyond.status, beyond.headers["content-range"]) == (416, "bytes */1000")
    for span in ("bytes=9-3", "lines=1-2", "bytes=a-b", "bytes=0-1,5-6", "bytes=-"):
        assert plain.get(server.page(1000), f"Range: {span}").status == 200


def test_conditions_on_the_etag(plain: PlainClient, server: MockServer) -> None:
    """If-None-Match, If-Match and If-Range."""
    url = server.page(1000)
    etag = plain.get(url).headers["etag"]
    assert plain.get(url, f"If-None-Match: {etag}").status == 304
    assert plain.get(url, 'If-None-Match: "other"').status == 200
    assert plain.get(url, "If-None-Match: *").status == 304
    assert plain.get(url, f"If-Match: {etag}").status == 200
    assert plain.get(url, 'If-Match: "other"').status == 412
    assert plain.get(url, "Range: bytes=0-1", f"If-Range: {etag}").status == 206
    assert plain.get(url, "Range: bytes=0-1", 'If-Range: "other"').status == 200


def test_gzip_is_for_those_who_accept_it(plain: PlainClient, server: MockServer) -> None:
    """And the answer varies with that header."""
    url = server.page(5000, gzip=True)
    packed = plain.get(url, "Accept-Encoding: gzip, br")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == page_body(5000)
    for header in ("Accept-Encoding: br", "Accept-Encoding: gzip;q=0", "X: y"):
        assert plain.get(url, header).body == page_body(5000)


def test_gzip_is_refused_for_what_would_hold_up_all_others(plain: PlainClient, server: MockServer) -> None:
    """Compressing gigabytes takes the one thread that answers everybody."""
    too_large = 16 * 2**20 + 1
    for refused in (server.stream, server.page):
        with pytest.raises(MockServerError, match=r"\(\): gzip is for bodies of up to 16777216 bytes, not 16777217"):
            refused(too_large, gzip=True)
    seen = plain.get(server.stream(too_large) + "?gzip=1", "Accept-Encoding: gzip")
    assert (seen.status, seen.body) == (400, b"400 /stream: gzip is for bodies of up to 16777216 bytes, not 16777217\n")


def test_gzip_of_a_large_body_is_the_same_body(plain: PlainClient, server: MockServer) -> None:
    """One that is too large to be remembered."""
    url = server.page(1_500_000, gzip=True)
    for _ in range(2):
        assert gzip.decompress(plain.get(url, "Accept-Encoding: gzip").body) == page_body(1_500_000)


def test_a_route_to_what_is_too_large_for_gzip_says_so() -> None:
    """When it is declared, whether the body is its own or what it is like."""
    with pytest.raises(MockServerError, match="route /large: gzip is for bodies of up to 16777216 bytes"):
        route("/large", body=b"x" * (16 * 2**20 + 1), gzip=True)
    with pytest.raises(MockServerError, match="route /large: gzip is for bodies of up to 16777216 bytes"):
        MockServer.start(site=[route("/large", like="/stream/99999999/0", gzip=True)])


def test_redirects_lead_to_their_end(plain: PlainClient, space: View) -> None:
    """Locations are relative, so a test's own prefix stays in them."""
    first = plain.get(space.redirect(2, to="/elsewhere"))
    assert (first.status, first.headers["location"]) == (302, "1?to=%2Felsewhere")
    assert plain.get(space.redirect(1, to="/elsewhere", status=307)).headers["location"] == "/elsewhere"


def test_a_redirect_may_lead_anywhere(plain: PlainClient, space: View, capfd: pytest.CaptureFixture[str]) -> None:
    """Also to what no header could carry as it is."""
    seen = plain.get(space.redirect(1, to="/grün €\r\nX-Bad: yes"))
    assert (seen.status, seen.headers["location"]) == (302, "/gr%C3%BCn%20%E2%82%AC%0D%0AX-Bad:%20yes")
    assert plain.get(space.redirect(2, to="/grün")).headers["location"] == "1?to=%2Fgr%C3%BCn"
    assert plain.get(space.redirect(1, to="http://h:1/a%20b?c=%2F#d")).headers["location"] == "http://h:1/a%20b?c=%2F#d"
    assert "Traceback" not in capfd.readouterr().err


def test_a_redirect_can_fail_at_first(plain: PlainClient, space: View) -> None:
    """Statuses that are no redirects come without a Location, and for whom they are meant."""
    url = space.redirect(1, status=503, first=2, to="/there")
    seen = [plain.get(url) for _ in range(3)]
    assert [(answer.status, answer.headers.get("location")) for answer in seen] == [
        (503, None),
        (503, None),
        (302, "/there"),
    ]
    assert plain.get(space.redirect(1, status=404)).status == 404


def test_methods_that_a_url_does_not_take_are_405(plain: PlainClient, server: MockServer) -> None:
    """With the ones that it takes."""
    answer = plain.get(server.page(), method="DELETE")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_what_is_not_there_is_404_and_says_what_is(plain: PlainClient, server: MockServer) -> None:
    """A mistake in a URL is explained."""
    assert b"page, stream, site" in plain.get(server.at("/nothing")).body
    wrong = plain.get(server.at("/page/10/0?delay=5"))
    assert wrong.status == 400
    assert b"no option 'delay'" in wrong.body
    assert plain.get(server.at("/page/many")).status == 400
    assert plain.get(server.at("/~nobody/page/1/0")).status == 404


def test_a_target_may_be_an_absolute_url(plain: PlainClient, server: MockServer) -> None:
    """As clients send it to proxies."""
    plain.send(f"GET {server.page(12)} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    assert plain.answer().body == page_body(12)


def test_an_upgrade_that_is_offered_is_ignored(plain: PlainClient, server: MockServer) -> None:
    """The connection stays HTTP/1.1, as RFC 9110 allows."""
    for _ in range(2):
        answer = plain.get(server.page(9), "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AA")
        assert answer.body == page_body(9)
    assert plain.get(server.page(10)).body == page_body(10)


BAD = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "no such method": (b"FETCH / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "a proxy's method": (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/1.9": (b"GET / HTTP/1.9\r\nHost: a\r\n\r\n", 505),
    "HTTP/0.9": (b"GET /\r\n\r\n", 505),
    "a space before the colon": (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    "a bare line feed": (b"GET / HTTP/1.1\nHost: a\n\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "a negative length": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
    "length and chunks": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "chunks without a size": (b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    "noise": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "a long URL": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "an endless URL": (b"GET /" + b"a" * 200_000, 414),
    "a long header": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "an endless header": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000, 431),
    "too many headers": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 300 + b"\r\n", 431),
    "a body that is too large to echo": (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413),
    "a target that is no path": (b"GET page HTTP/1.1\r\nHost: a\r\n\r\n", 400),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_gets_its_status_and_the_end_of_the_connection(name: str, plain: PlainClient) -> None:
    """The client can read the answer even while it is still sending."""
    data, status = BAD[name]
    plain.send(data)
    answer = plain.answer()
    assert (answer.status, answer.headers["connection"]) == (status, "close")
    assert plain.until_closed() == b""


def test_a_bad_request_after_a_good_one_is_answered_after_it(plain: PlainClient, space: View) -> None:
    """In order, even though the good one takes longer."""
    plain.ask(space.page(10, delay_ms=50))
    plain.send(b"no http at all\r\n\r\n")
    assert plain.answer().body == page_body(10)
    assert plain.answer().status == 400
    assert plain.until_closed() == b""
