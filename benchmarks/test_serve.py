"""The same small HTTP service in every model: processes, a thread a connection, a thread pool, coroutines, and both.

Each service runs in a process of its own, or several, and is driven from outside by a load generator in another one
(fixtures/load_generator.py). The service proper, what is asked and answered, is fixtures/service.py; here is how a
server of each model gets from its connections to it.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Final

import pytest

from fixtures.service import (
    END_OF_HEAD,
    Call,
    announce,
    answer_async,
    answer_once,
    body_of,
    call_of,
    listening,
)
from fixtures.serving import bodies, body_in, served_by, served_in_loop
from timetrial import Workload
from timetrial.stats.percentiles import percentile
from timetrial.system.affinity import count_usable_cpus

if TYPE_CHECKING:
    from timetrial import Trial

POOL_THREADS: Final = 64
PREFORKED: Final = 2 * count_usable_cpus() + 1  # what gunicorn's documentation recommends for workers that block
MANY: Final = 16
LONGEST_SERIAL_S: Final = 0.6
REQUESTS: Final = {"quick": 100, "default": 200, "article": 4_000, "gate": 24}


# One request at a time: serial is one such process, processes are several.


def serve_one_at_a_time(connection: Connection) -> None:
    """Whoever has asked is answered, one after the other; a wait in one request is a wait for all."""
    with listening() as listener, selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        announce(connection, listener)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    selector.register(accepted(listener), selectors.EVENT_READ)
                else:
                    client: Any = key.fileobj
                    if not answer_once(client):
                        selector.unregister(client)
                        client.close()


def accepted(listener: socket.socket) -> socket.socket:
    """The next client, whose small answers are sent at once."""
    client, _ = listener.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


# Threads: one for each connection, or a pool that requests are handed to.


def serve_by_thread_a_connection(connection: Connection) -> None:
    """A thread lives as long as its connection, and waits for its next request."""
    with listening() as listener:
        announce(connection, listener)
        while True:
            threading.Thread(target=converse, args=(accepted(listener),), daemon=True).start()


def converse(client: socket.socket) -> None:
    """One connection's thread."""
    with client:
        while answer_once(client):
            pass


def serve_by_thread_pool(connection: Connection) -> None:
    """One thread watches the connections and hands whoever has asked to the pool; idle ones cost no thread."""
    back, (waking, woken) = deque[socket.socket](), socket.socketpair()
    with (
        listening() as listener,
        selectors.DefaultSelector() as selector,
        ThreadPoolExecutor(POOL_THREADS) as pool,
    ):
        for each in (listener, woken):
            selector.register(each, selectors.EVENT_READ)
        announce(connection, listener)
        while True:
            for key, _ in selector.select():
                client: Any = key.fileobj
                if client is listener:
                    selector.register(accepted(listener), selectors.EVENT_READ)
                elif client is woken:
                    woken.recv(4096)
                    while back:
                        selector.register(back.popleft(), selectors.EVENT_READ)
                else:
                    selector.unregister(client)
                    pool.submit(answer_and_return, client, back, waking)


def answer_and_return(client: socket.socket, back: deque[socket.socket], waking: socket.socket) -> None:
    """In the pool: answers, and gives the connection back to the thread that watches."""
    if answer_once(client):
        back.append(client)
        waking.send(b".")
    else:
        client.close()


# Coroutines: one for each connection, in one event loop or in one for each core.


def serve_by_coroutines(connection: Connection) -> None:
    """Streams, as the standard library has them."""

    async def serve() -> None:
        listener = listening()
        server = await asyncio.start_server(converse_async, sock=listener)
        announce(connection, listener)
        await server.serve_forever()

    asyncio.run(serve())


async def converse_async(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection's coroutine."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readuntil(END_OF_HEAD)
            writer.write(await answer_async(head))
            await writer.drain()
    writer.close()


# As people usually write it: the standard library's server for threads, and aiohttp's for coroutines.


def serve_by_http_server(connection: Connection) -> None:
    """http.server: a thread a connection, and an HTTP parser that costs more than this service does."""
    with listening() as listener, ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False) as server:
        server.socket.close()
        server.socket = listener
        announce(connection, listener)
        server.serve_forever()


class Handler(BaseHTTPRequestHandler):
    """The service's only resource."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: the second would wait for the first one's receipt

    def do_GET(self) -> None:
        """Waits, computes, answers."""
        try:
            call = call_of(self.path)
            time.sleep(call.wait_ms / 1000)
            status, body = 200, body_of(call)
        except ValueError as error:
            status, body = 500, str(error).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Nothing: the others keep no log either."""


def serve_by_aiohttp(connection: Connection) -> None:
    """aiohttp.web, a framework with routes and request objects."""
    from aiohttp import web

    async def work(request: web.Request) -> web.Response:
        call = call_of(request.path)
        if call.wait_ms:
            await asyncio.sleep(call.wait_ms / 1000)
        return web.Response(body=body_of(call))

    async def serve() -> None:
        application = web.Application()
        application.router.add_get("/task/{rest:.*}", work)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        listener = listening()
        await web.SockSite(runner, listener).start()
        announce(connection, listener)
        await asyncio.Event().wait()

    asyncio.run(serve())


SERVE = Workload(
    "serve",
    reference=bodies,
    comparable=body_in,
    implementations={
        "serial": served_by("serial", serve_one_at_a_time),
        "threads": served_by("threads", serve_by_thread_a_connection),
        "processes": served_by("processes", serve_one_at_a_time, PREFORKED),
        "coroutines": served_in_loop(serve_by_coroutines),
        "processes+coroutines": served_by("processes+coroutines", serve_by_coroutines, count_usable_cpus()),
    },
    variants={
        "pool": Workload("a pool", implementations={"threads": served_by("threads", serve_by_thread_pool)}),
        "many": Workload(
            "more processes than cores",
            implementations={"processes": served_by("processes", serve_one_at_a_time, MANY)},
        ),
        "http.server": Workload(
            "the standard library", implementations={"threads": served_by("threads", serve_by_http_server)}
        ),
        "aiohttp.web": Workload("a framework", implementations={"coroutines": served_in_loop(serve_by_aiohttp)}),
    },
)


def unfit(model: str, scale: str, connections: int, wait_ms: float, cpu_ms: float) -> str | None:
    """Why a model has no place at a point."""
    took_s = requests_at(scale, connections) * (wait_ms + cpu_ms) / 1000
    if model == "serial" and took_s > LONGEST_SERIAL_S:
        return f"one request after the other would take {took_s:.1f} s a round"
    return None


def requests_at(scale: str, connections: int) -> int:
    """At least two for each connection, and so many that there is a 99th percentile."""
    return max(REQUESTS[scale], 2 * connections)


@pytest.mark.workload(SERVE, unless=unfit)
@pytest.mark.trial_points(
    "connections, wait_ms, cpu_ms",
    quick=[(16, 5, 0)],
    default=[(64, 5, 0), (64, 5, 1)],
    article=[(8, 5, 0), (64, 0, 0), (64, 5, 0), (64, 5, 1), (64, 50, 0), (1_000, 50, 0), (2_000, 50, 1)],
    gate=[(8, 0, 0)],
)
@pytest.mark.trial_sweep(
    "connections", quick=[1, 16], default=[1, 8, 64, 512], article=[1, 8, 64, 256, 512, 1_000, 2_000]
)
@pytest.mark.trial_sweep("cpu_ms", quick=[0, 1], default=[0, 0.2, 1, 5], article=[0, 0.1, 0.2, 0.5, 1, 2, 5])
def test_serve(
    trial: Trial,
    note: Callable[..., None],
    iterations_per_ms: float,
    connections: int,
    wait_ms: float,
    cpu_ms: float,
) -> None:
    """What waits in a request is free for threads and coroutines; what computes wants a process for each core."""
    burn_iterations = round(cpu_ms * iterations_per_ms)
    calls = [Call(key, wait_ms, burn_iterations) for key in range(requests_at(trial.scale, connections))]
    measured = trial(calls, concurrency=connections)
    latencies_s = [each.latency_s for each in measured.results]
    note(
        requests_per_s=measured.throughput_per_s,
        p50_ms=1000 * percentile(latencies_s, 500),
        p99_ms=1000 * percentile(latencies_s, 990),
        load_generator_busy_percent=100 * measured.results.generator_busy_share,
    )
