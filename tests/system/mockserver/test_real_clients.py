"""Real clients see each misbehaviour as what it is."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest

from tests.system.mockserver.clients import CLIENTS, symptom
from timetrial.mockserver import FAULTS, MockServer

SIZE_BYTES = 300
RESET_EARLY = {
    "requests": r"ConnectionError: .*ConnectionResetError",
    "httpx": r"ReadError: .*reset",
    "urllib3": r"ProtocolError: .*ConnectionResetError",
    "aiohttp": r"ClientOSError: .*reset",
    "curl": r"exit 56",
}
RESET_LATE = RESET_EARLY | {
    "requests": r"ChunkedEncodingError: .*ConnectionResetError",
    "aiohttp": r"ClientPayloadError: .*not completed",
}
WHOLE = dict.fromkeys(CLIENTS, f"200 {SIZE_BYTES}$")

SEEN = {
    "reset_before_headers": RESET_EARLY,
    "reset_in_headers": RESET_EARLY,
    "reset_after_headers": RESET_LATE,
    "reset_in_body": RESET_LATE,
    "short_body": {
        "requests": r"ChunkedEncodingError: .*150 bytes read, 150 more expected",
        "httpx": r"RemoteProtocolError: .*received 150 bytes, expected 300",
        "urllib3": r"ProtocolError: .*150 bytes read, 150 more expected",
        "aiohttp": r"ClientPayloadError: .*not completed",
        "curl": r"exit 18 200 150",
    },
    # Most clients take what was declared and leave the rest; aiohttp looks at it.
    "long_body": WHOLE | {"aiohttp": r"200 300$|ClientResponseError: .*Bad status line"},
    "drip": WHOLE,
    "hang": {
        "requests": r"ReadTimeout",
        "httpx": r"ReadTimeout",
        "urllib3": r"ReadTimeoutError",
        "aiohttp": r"SocketTimeoutError",
        "curl": r"exit 28 000 0",
    },
    "hang_in_body": {
        "requests": r"ConnectionError: .*Read timed out",
        "httpx": r"ReadTimeout",
        "urllib3": r"ReadTimeoutError",
        "aiohttp": r"SocketTimeoutError",
        "curl": r"exit 28 200 150",
    },
    "bad_chunks": {
        "requests": r"ChunkedEncodingError: .*InvalidChunkLength",
        "httpx": r"RemoteProtocolError: illegal chunk header",
        "urllib3": r"ProtocolError: .*InvalidChunkLength",
        # aiohttp 3.14.5 often goes on waiting after a bad chunk that comes later than the head.
        "aiohttp": r"Client(Response|Payload)Error|\w*TimeoutError",
        "curl": r"exit 56",
    },
    "bad_encoding": {
        "requests": r"ContentDecodingError",
        "httpx": r"DecodingError",
        "urllib3": r"DecodeError",
        "aiohttp": r"ClientPayloadError: .*gzip",
        "curl": r"exit (61|23)",
    },
    "garbage": {
        "requests": r"ConnectionError: .*BadStatusLine",
        "httpx": r"RemoteProtocolError: illegal status line",
        "urllib3": r"ProtocolError: .*BadStatusLine",
        "aiohttp": r"ClientResponseError: .*Bad status line",
        "curl": r"exit 1 ",
    },
    "endless_body": dict.fromkeys(CLIENTS, "200 endless") | {"curl": r"exit 28 200 [1-9]\d{5}"},
    "redirect_loop": {
        "requests": r"TooManyRedirects",
        "httpx": r"TooManyRedirects",
        "urllib3": r"MaxRetryError: .*too many redirects",
        "aiohttp": r"TooManyRedirects",
        "curl": r"exit 47 302",
    },
    "close_after": WHOLE,
    "close_on_reuse": WHOLE,
}


# Only where the client is meant to lose it is its patience short.
NEVER_ENDS = ("hang", "hang_in_body", "endless_body")


def run(client: str, *urls: str, patience_s: float = 10.0) -> str:
    """What the client saw; skips where curl is missing."""
    if client == "curl" and shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    return symptom(client, *urls, patience_s=patience_s)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_client_sees_each_fault_as_what_it_is(fault: str, client: str, server: MockServer) -> None:
    """A reset is a reset, a short body is a short body, a hang is a time-out, in the client's own words."""
    with server.scope() as space:
        gives_up = fault in NEVER_ENDS and (fault != "endless_body" or client == "curl")
        patience_s = 0.4 if gives_up else 10.0
        seen = run(client, space.page(SIZE_BYTES, fault=fault, interval_ms=0.1), patience_s=patience_s)
        assert re.match(SEEN[fault][client], seen, re.DOTALL), seen
        if fault != "close_on_reuse":
            with space.expect(within_s=10, requests_in_flight=0):
                pass  # a fault is counted when it ends
            assert space.counters().by_fault.keys() == {fault}


RACE = {
    "requests": r"ConnectionError: .*(RemoteDisconnected|ConnectionResetError)",
    "httpx": r"RemoteProtocolError: Server disconnected",
    "urllib3": r"ProtocolError: .*(RemoteDisconnected|ConnectionResetError)",
    "aiohttp": r"200 300",  # asks again on a new connection
    "curl": r"200 300",  # likewise
}


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_meets_the_race_between_two_requests_on_one_connection(client: str, server: MockServer) -> None:
    """A kept connection that ends instead of a second answer: some clients ask again, some raise."""
    with server.scope() as space:
        seen = run(client, space.page(SIZE_BYTES), space.page(SIZE_BYTES, fault="close_on_reuse"))
        assert re.match(RACE[client], seen, re.DOTALL), seen
        assert space.counters().by_fault == {"close_on_reuse": 1}


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_finds_a_connection_closed_after_the_answer(client: str, server: MockServer) -> None:
    """A kept connection that ended meanwhile is replaced where the client notices in time, and an error otherwise."""
    with server.scope() as space:
        seen = run(client, space.page(SIZE_BYTES, fault="close_after"), space.page(SIZE_BYTES, delay_ms=50))
        assert re.match(r"200 300|.*(Disconnected|disconnected|aborted|reset)", seen, re.DOTALL), seen


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_each_client_sees_the_status(client: str, status: int, server: MockServer) -> None:
    """4xx and 5xx arrive as they are."""
    assert run(client, server.page(status=status, retry_after_s=1)).startswith(f"{status} ")


REFUSED = {
    "requests": r"ConnectionError: .*[Rr]efused",
    "httpx": r"ConnectError",
    "urllib3": r"NewConnectionError|MaxRetryError",
    "aiohttp": r"ClientConnectorError",
    "curl": r"exit 7",
}


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_sees_a_refused_connection(client: str, server: MockServer) -> None:
    """Nobody listens there, and nobody else can begin to."""
    seen = run(client, server.refused())
    assert re.match(REFUSED[client], seen, re.DOTALL), seen


BAD_CERTIFICATE = {
    "expired": {
        "requests": r"SSLError: .*expired",
        "httpx": r"ConnectError: .*expired",
        "urllib3": r"(MaxRetry|SSL)Error: .*expired",
        "aiohttp": r"ClientConnectorCertificateError: .*expired",
        "curl": r"exit 60",
    },
    "wrong_host": {
        "requests": r"SSLError: .*(doesn't match|mismatch)",
        "httpx": r"ConnectError: .*mismatch",
        "urllib3": r"(MaxRetry|SSL)Error: .*(doesn't match|mismatch)",
        "aiohttp": r"ClientConnectorCertificateError: .*mismatch",
        "curl": r"exit 60",
    },
    "untrusted": {
        "requests": r"SSLError: .*(verify failed|self-signed|unable to get)",
        "httpx": r"ConnectError: .*verify failed",
        "urllib3": r"(MaxRetry|SSL)Error: .*verify failed",
        "aiohttp": r"ClientConnectorCertificateError: .*verify failed",
        "curl": r"exit 60",
    },
    "trusted": dict.fromkeys(CLIENTS, "200 300"),
}


@pytest.fixture(scope="module", params=BAD_CERTIFICATE)
def tls_server(request: pytest.FixtureRequest) -> Iterator[tuple[str, MockServer]]:
    """A server with each kind of certificate."""
    pytest.importorskip("trustme", reason="trustme is not installed here; install timetrial[tls]")
    with MockServer.start(tls=request.param) as started:
        yield request.param, started


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_judges_the_certificate(client: str, tls_server: tuple[str, MockServer]) -> None:
    """A good certificate is good with the file that clients are given; a bad one is called what it is."""
    kind, server = tls_server
    if client == "curl" and shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    seen = symptom(client, server.page(SIZE_BYTES), ca_file=server.ca_file)
    assert re.match(BAD_CERTIFICATE[kind][client], seen, re.DOTALL), seen
