"""The mock server's listening socket."""

from __future__ import annotations

import asyncio
import socket

from timetrial.mockserver.server.port import Port


class _Greeter(asyncio.Protocol):
    """Says of each connection whether it sends small writes at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answers and hangs up."""
        assert isinstance(transport, asyncio.Transport)
        accepted: socket.socket = transport.get_extra_info("socket")
        transport.write(b"%d" % bool(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
        transport.close()


def test_small_answers_leave_at_once() -> None:
    """Otherwise the second of two waits for the first one's receipt, 40 ms later (Nagle, RFC 896)."""

    async def ask() -> bytes:
        port = Port(_Greeter, "127.0.0.1", 0, shared=False, tls=None)
        await port.open()
        reader, writer = await asyncio.open_connection("127.0.0.1", port.number)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        await port.close()
        port.held.close()
        return answer

    assert asyncio.run(ask()) == b"1"
