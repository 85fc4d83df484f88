"""``timetrial serve``: the mock server by hand, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from timetrial.errors import MockServerError
from timetrial.mockserver import MockServer

_USAGE_ERROR = 2


def main(argv: Sequence[str]) -> int:
    """Serves until SIGINT or SIGTERM, then says what was asked for; returns the process's exit status."""
    arguments = _parser().parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        with MockServer.start(
            site=arguments.site or (),
            port=arguments.port,
            loop=arguments.loop,
            processes=arguments.processes,
            tls="trusted" if arguments.tls else None,
        ) as server:
            print(f"serving on {server.url} (Ctrl-C ends it)", flush=True)
            if arguments.tls:
                print(f"clients trust {server.ca_file}", flush=True)
            _wait(stop)
            counted = server.counters()
    except MockServerError as error:
        print(f"timetrial serve: {error}", file=sys.stderr)
        return _USAGE_ERROR
    print(f"{counted.requests_completed} requests answered over {counted.connections_opened} connections")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial serve", description="Run the mock HTTP server by hand, on loopback, until Ctrl-C."
    )
    parser.add_argument("site", nargs="?", type=Path, help="a TOML file with routes and a [server] table")
    parser.add_argument("--port", type=int, help="default: a free one")
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), help="default: asyncio")
    parser.add_argument("--processes", type=int, help="so many on one port (SO_REUSEPORT); default: 1")
    parser.add_argument("--tls", action="store_true", help="speak HTTPS, with a certificate made now")
    return parser


def _wait(stop: threading.Event) -> None:
    """A wait without an end can't be interrupted on Windows."""
    while not stop.wait(timeout=1.0):
        pass
