"""``python -m benchmarks.mockserver.clients NAME URL SECONDS``: how many pages one Python client gets in that time."""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from urllib.parse import urlsplit

THREADS = 16
COROUTINES = 64
_WARM_UP_S = 0.4


class Window:
    """Counts what is done between the end of the warm-up and the end, and all that is done."""

    def __init__(self, seconds: float) -> None:
        self.opens = time.perf_counter() + _WARM_UP_S
        self.closes = self.opens + seconds
        self.inside = self.all = 0

    def count(self) -> bool:
        """One more; False when it is time to stop."""
        now = time.perf_counter()
        self.all += 1
        self.inside += self.opens <= now < self.closes
        return now < self.closes


def _threads(window: Window, open_one: Callable[[], Callable[[], bytes]]) -> int:
    """A session for each thread; the number of requests by all of them. Window's counts are each thread's own."""
    parts = [Window(window.closes - window.opens) for _ in range(THREADS)]

    def work(part: Window) -> None:
        get = open_one()
        while True:
            assert len(get()) == 1024
            if not part.count():
                return

    threads = [threading.Thread(target=work, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    window.inside = sum(part.inside for part in parts)
    window.all = sum(part.all for part in parts)
    return window.inside


def with_http_client(url: str, window: Window) -> None:
    """http.client of the standard library, a connection for each thread."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path

    def open_one() -> Callable[[], bytes]:
        connection = http.client.HTTPConnection(parts.netloc)

        def get() -> bytes:
            connection.request("GET", target)
            return connection.getresponse().read()

        return get

    _threads(window, open_one)


def with_urllib3(url: str, window: Window) -> None:
    """urllib3, a pool for each thread."""
    import urllib3

    def open_one() -> Callable[[], bytes]:
        pool = urllib3.PoolManager()
        return lambda: pool.request("GET", url).data

    _threads(window, open_one)


def with_requests(url: str, window: Window) -> None:
    """requests, a session for each thread."""
    import requests

    def open_one() -> Callable[[], bytes]:
        session = requests.Session()
        return lambda: session.get(url).content

    _threads(window, open_one)


def with_httpx(url: str, window: Window) -> None:
    """Httpx's blocking client, one for each thread."""
    import httpx

    def open_one() -> Callable[[], bytes]:
        client = httpx.Client()
        return lambda: client.get(url).content

    _threads(window, open_one)


def with_aiohttp(url: str, window: Window) -> None:
    """aiohttp, one session for all coroutines, on uvloop where it is installed."""
    import aiohttp

    async def main() -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=COROUTINES)) as session:

            async def work() -> None:
                while True:
                    async with session.get(url) as answer:
                        assert len(await answer.read()) == 1024
                    if not window.count():
                        return

            await asyncio.gather(*(work() for _ in range(COROUTINES)))

    _run(main)


def _run(main: Callable[[], Awaitable[None]]) -> None:
    if find_spec("uvloop") is None:
        asyncio.run(main())  # type: ignore[arg-type] # main is a coroutine function
    else:
        import uvloop

        uvloop.run(main())  # type: ignore[arg-type] # as above


CLIENTS: dict[str, Callable[[str, Window], None]] = {
    "http.client": with_http_client,
    "aiohttp": with_aiohttp,
    "urllib3": with_urllib3,
    "requests": with_requests,
    "httpx": with_httpx,
}

if __name__ == "__main__":
    name, url, seconds = sys.argv[1:]
    window = Window(float(seconds))
    CLIENTS[name](url, window)
    print(json.dumps({"requests": window.inside, "all": window.all}))
