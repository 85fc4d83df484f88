"""A page of 1 KB from granian by its fastest interface, RSGI, with one worker; ``python -m … PORT``."""

from __future__ import annotations

import sys
from typing import Any

from timetrial.mockserver import page_body

PAGE = page_body(1024)


async def app(_scope: Any, protocol: Any) -> None:
    """The page."""
    protocol.response_bytes(200, [("content-type", "text/plain")], PAGE)


if __name__ == "__main__":
    from granian.constants import Interfaces, Loops
    from granian.server import Server

    Server(
        f"{__spec__.name}:app",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        workers=1,
        backlog=4096,
        backpressure=16_000,  # by default it takes no more connections than fit into the backlog
        log_enabled=False,
    ).serve()
