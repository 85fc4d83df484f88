"""The listening socket, which can be closed for a while so that connections are refused."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import Callable

BACKLOG = 4096


class Port:
    """A TCP port of an IP address; ``number`` is the one that it got. Raises OSError where it can't be had."""

    def __init__(
        self,
        protocol: Callable[[], asyncio.Protocol],
        address: str,
        number: int,
        *,
        shared: bool,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.protocol = protocol
        self.address = address
        self.shared = shared
        self.tls = tls
        self.server: asyncio.Server | None = None
        self.held = self._bind(number)
        self.number: int = self.held.getsockname()[1]

    def _bind(self, number: int) -> socket.socket:
        numeric = socket.AI_NUMERICHOST | socket.AI_PASSIVE
        family, _, _, _, place = socket.getaddrinfo(self.address, number, type=socket.SOCK_STREAM, flags=numeric)[0]
        # With its protocol named, since asyncio sends small writes at once (TCP_NODELAY) only then.
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # as asyncio has it, whatever the system's way
        if sys.platform != "win32":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            bound.bind(place)
        except OSError:
            bound.close()
            raise
        return bound

    async def open(self) -> None:
        """Accepts connections."""
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(self.protocol, sock=self.held, backlog=BACKLOG, ssl=self.tls)

    async def close(self) -> None:
        """Refuses connections, and keeps the port from being given to anybody else."""
        if self.server is not None:
            self.server.close()
            self.server = None
            await asyncio.sleep(0)  # the socket is closed by the loop's next turn
            self.held = self._bind(self.number)
