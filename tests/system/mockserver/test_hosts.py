"""Where the server listens: on loopback unless told otherwise, and beyond it only for those who have its token."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.system.mockserver.plainclient import PlainClient
from timetrial.errors import MockServerError
from timetrial.mockserver import MockServer, MockServerWarning, page_body, route, site_pages

TOKEN = "a-token-that-nobody-guesses"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def has_ipv6() -> bool:
    """Whether this machine has an IPv6 loopback address."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


ON_IPV6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback address")


def get(url: str) -> bytes:
    """What a real client gets."""
    with OPENER.open(url, timeout=20) as answer:
        return bytes(answer.read())


@pytest.fixture(scope="module")
def open_server() -> Iterator[MockServer]:
    """One that listens on every address of this machine."""
    with pytest.warns(MockServerWarning):
        server = MockServer.start(host="0.0.0.0", token=TOKEN, site=[route("/own", body="mine")])  # noqa: S104 - the point
    with server:
        yield server


@ON_IPV6
def test_the_server_may_listen_on_ipv6s_loopback() -> None:
    """Everything that it makes has that address: pages, parts, unsteady and refused ports; and it needs no token."""
    with MockServer.start(host="::1") as server:
        assert server.url == f"http://[::1]:{server.port}"
        assert get(server.page(100)) == page_body(100)
        with server.scope() as space, space.expect(requests_completed=1):
            get(space.page(10))
        with server.unsteady(how="reset", nth=9) as space:
            assert space.url.startswith("http://[::1]:")
            assert get(space.page(10)) == page_body(10)
        with pytest.raises(urllib.error.URLError, match="refused"):
            get(server.refused())
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)


@ON_IPV6
def test_a_certificate_is_good_for_the_servers_own_address() -> None:
    """A client that trusts the authority finds the address in it."""
    pytest.importorskip("trustme", reason="trustme is not installed here; install timetrial[tls]")
    with MockServer.start(host="::1", tls="trusted") as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        with urllib.request.urlopen(server.page(10), timeout=20, context=context) as answer:
            assert answer.read() == page_body(10)


def test_another_loopback_address_needs_no_token() -> None:
    """Whatever is on this machine only."""
    if sys.platform != "linux":
        pytest.skip("only Linux has all of 127.0.0.0/8")
    with MockServer.start(host="127.0.0.2") as server:
        assert get(server.page(10)) == page_body(10)
    with MockServer.start(host="localhost") as server:
        assert server.url == f"http://127.0.0.1:{server.port}"


def test_all_urls_carry_the_token(open_server: MockServer) -> None:
    """Those of parts, of declared paths, and what a client finds by following links and redirects."""
    assert get(open_server.page(10)) == page_body(10)
    assert get(open_server.at("/own")) == b"mine"
    with open_server.scope() as space:
        with space.expect(requests_completed=3, by_path={"/page/1024/0": 1, "/redirect/2": 1, "/redirect/1": 1}):
            assert get(space.redirect(2)) == page_body(1024)
        root = space.site(3, links=2)
        name = site_pages(3, links=2).links["p0.html"][0]
        assert get(root.replace("p0.html", name)) == site_pages(3, links=2).body(name)
    with open_server.unsteady(how="reset", nth=9) as space:
        assert get(space.page(10)) == page_body(10)


@pytest.mark.parametrize(
    "target",
    [
        "/page/10/0",
        "/",
        "/own",
        "/echo",
        f"/@{TOKEN}",
        f"/@{TOKEN}x/page/10/0",
        f"/@{TOKEN[:-1]}/page/10/0",
        f"/@{TOKEN.upper()}/page/10/0",
        f"/page/10/0?token=@{TOKEN}",
        f"/@{'x' * 9_000}/page/10/0",
        "/@%ff%00/page/10/0",
        "/~1/page/10/0",
        "http://here/page/10/0",
    ],
)
def test_nobody_is_let_in_without_the_token(target: str, open_server: MockServer) -> None:
    """403, the end of the connection, no more of it in the journal than that, and nothing of what was asked for."""
    with open_server.expect(requests_arrived=1, by_status={403: 1}, by_path={"(without the token)": 1}):
        client = PlainClient(open_server.port)
        client.send(f"GET {target} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (403, "close")
        assert answer.body == b"403 this server wants its token in the path, as in the URLs that it makes\n"
        assert client.until_closed() == b""
        client.close()


def test_a_body_without_the_token_is_not_waited_for(open_server: MockServer) -> None:
    """The answer comes before it, and also to who asks about the server as a whole."""
    client = PlainClient(open_server.port)
    client.send(b"POST /upload HTTP/1.1\r\nHost: here\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
    assert client.answer().status == 403
    client.close()
    client = PlainClient(open_server.port)
    client.send(b"OPTIONS * HTTP/1.1\r\nHost: here\r\n\r\n")
    assert client.answer().status == 403
    client.close()


def test_who_comes_without_the_token_leaves_nothing_behind(open_server: MockServer) -> None:
    """No path in the journal, and nothing to remember."""
    before = len(open_server.journal().by_path)
    for number in range(20):
        client = PlainClient(open_server.port)
        client.send(f"GET /guess/{number} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        assert client.answer().status == 403
        client.close()
    assert len(open_server.journal().by_path) <= before + 1


def test_a_token_may_be_wanted_on_loopback_too() -> None:
    """Of other users of the machine, for instance; no warning then."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        server = MockServer.start(token=TOKEN)
    with server:
        assert get(server.page(10)) == page_body(10)
        assert urlsplit(server.url).path == f"/@{TOKEN}"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            get(f"http://127.0.0.1:{server.port}/page/10/0")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"host": "0.0.0.0"}, "host='0.0.0.0' can be reached by others, who need a token to be let in; give token="),  # noqa: S104 - refused
        ({"host": "::"}, "can be reached by others"),
        ({"host": "192.0.2.1", "token": ""}, "can be reached by others"),
        ({"host": "example.org", "token": TOKEN}, "host= takes an IP address such as 127.0.0.1 or ::1, not 'example"),
        ({"host": 5}, "host= takes an IP address such as 127.0.0.1 or ::1, not 5"),
        ({"host": ""}, "host= takes an IP address such as 127.0.0.1 or ::1, not ''"),
        ({"token": "a/b"}, "token= takes up to 128 letters, digits and -._~"),
        ({"token": "x" * 129}, "token= takes up to 128 letters"),
        ({"token": 5}, "token= takes up to 128 letters"),
    ],
)
def test_a_host_that_makes_no_sense_is_refused(settings: dict[str, Any], words: str) -> None:
    """Above all one that lets everybody in."""
    with pytest.raises(MockServerError) as caught:
        MockServer.start(**settings)
    assert str(caught.value).startswith(words) or words in str(caught.value)


def test_an_address_that_this_machine_has_not_is_named() -> None:
    """With what the system says."""
    with (
        pytest.warns(MockServerWarning),
        pytest.raises(MockServerError, match=r"port 0 of 192\.0\.2\.1 cannot be had: "),
    ):
        MockServer.start(host="192.0.2.1", token=TOKEN)


def test_the_warning_says_who_can_come() -> None:
    """And that a short token is none."""
    with pytest.warns(MockServerWarning) as noticed:
        MockServer.start(host="0.0.0.0", token="short").close()  # noqa: S104, S106 - what is warned of
    assert str(noticed[0].message) == (
        "the mock server listens on 0.0.0.0, where others can reach it who have its token; "
        "a token of 5 characters can be guessed"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C can't be sent to one process there")
def test_a_site_is_served_to_others_by_hand(tmp_path: Path) -> None:
    """The host and the token are in the file, or on the command line; the URLs that are shown carry the token."""
    file = tmp_path / "site.toml"
    file.write_text(f'[server]\nhost = "0.0.0.0"\ntoken = "{TOKEN}"\n')
    for options in ([str(file)], ["--host", "0.0.0.0", "--token", TOKEN]):  # noqa: S104 - the point
        command = [sys.executable, "-m", "timetrial.cli", "serve", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        url = process.stdout.readline().split()[2]
        assert re.fullmatch(rf"http://127\.0\.0\.1:\d+/@{TOKEN}", url)
        assert get(f"{url}/page/10/0") == page_body(10)
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=20)
        assert (
            complaints == "warning: the mock server listens on 0.0.0.0, where others can reach it who have its token\n"
        )


def test_a_url_that_is_too_long_is_refused() -> None:
    """Where it is made; with the server's own limit, and with the token, which is a part of it."""
    with MockServer.start(limits={"url_bytes": 100}, token=TOKEN) as server:
        longest = 100 - len(f"/@{TOKEN}/redirect/1?to=")
        url = server.redirect(to="x" * longest)
        client = PlainClient(server.port)
        assert client.get(url).status == 302
        client.close()
        words = r"this URL has \d+ bytes, and the server takes up to 100"
        with pytest.raises(MockServerError, match=words):
            server.redirect(to="x" * (longest + 1))
        with pytest.raises(MockServerError, match=words):
            server.page(delay_ms=[1] * 50)
