"""``timetrial serve [site.toml]``: the mock server by hand, until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from timetrial.mockserver.client import MockServer
from timetrial.mockserver.counters import Counters
from timetrial.mockserver.hosts import MockServerWarning

_EXAMPLES = (
    ("a page of 1 KB", "/page/1024/0"),
    ("the same, 20 ms later", "/page/1024/0?delay_ms=20"),
    ("half of it, then the end", "/page/1024/0?fault=short_body"),
    ("a site of 300 linked pages", "/site/pages=300/p0.html"),
    ("a stream of 256 MB", "/stream/268435456/0"),
    ("what your client sends", "/echo"),
)


def run(argv: Sequence[str]) -> int:
    """Serves until interrupted, then says what was counted; raises MockServerError where it can't."""
    options = _parser().parse_args(argv)
    given = {name: value for name, value in vars(options).items() if value is not None}
    with _started(given) as server:
        try:
            _announce(server)
            _wait(server)
        except KeyboardInterrupt:
            print()
        print(_summary(server.counters()))
    return 0


def _started(given: Mapping[str, Any]) -> MockServer:
    """The server; whom else it lets in is told in a line of its own, without where in the code it was noticed."""
    with warnings.catch_warnings(record=True) as noticed:
        warnings.simplefilter("always", MockServerWarning)
        server = MockServer.start(**given)
    for warning in noticed:
        print(f"warning: {warning.message}", file=sys.stderr)
    return server


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="timetrial serve", description="Run the mock HTTP server.")
    parser.add_argument("site", nargs="?", help="a TOML file with [server] and [[route]]")
    parser.add_argument("--host", help="an IP address instead of 127.0.0.1; one that others can reach needs a --token")
    parser.add_argument("--token", help="letters and digits without which nobody is let in, part of every URL")
    parser.add_argument("--port", type=int, help="a port of your choice instead of a free one")
    parser.add_argument("--loop", help="asyncio or uvloop")
    parser.add_argument("--processes", type=int, help="how many processes share the port")
    parser.add_argument("--tls", help="HTTPS with a certificate that is trusted, expired, wrong_host or untrusted")
    return parser


def _announce(server: MockServer) -> None:
    print(f"serving on {server.url} until Ctrl-C; for example")
    for what, path in _EXAMPLES:
        print(f"  {server.url}{path}  {what}")
    if server.url.startswith("https:"):
        print(f"clients trust {server.ca_file}")
    sys.stdout.flush()


def _wait(server: MockServer) -> None:
    """Until Ctrl-C; asks now and then, so that a server that died is noticed."""
    pause = threading.Event()
    while not pause.wait(2.0):
        server.counters()


def _summary(counted: Counters) -> str:
    statuses = ", ".join(f"{times} x {status}" for status, times in counted.by_status.items()) or "none"
    return (
        f"{counted.requests_arrived} requests over {counted.connections_opened} connections; answers: {statuses}; "
        f"{counted.requests_faulted} disturbed on purpose, {counted.requests_abandoned} abandoned by clients, "
        f"{counted.requests_malformed} malformed"
    )
