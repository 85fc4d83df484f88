"""What HTTP_PROXY in the environment does to clients, and how a test gets around it, as docs/mockserver.md tells."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator

import aiohttp
import httpx
import pytest
import requests
import urllib3

from timetrial.mockserver import MockServer


def by_aiohttp(url: str, *, trust_env: bool = False) -> None:
    """One request; by default the environment is not asked."""

    async def ask() -> None:
        async with aiohttp.ClientSession(trust_env=trust_env) as session, session.get(url) as answer:
            await answer.read()

    asyncio.run(ask())


def by_urllib(url: str) -> None:
    """With an opener of its own, since the module's remembers the environment of its first use."""
    urllib.request.build_opener().open(url, timeout=20).close()


def by_urllib_without(url: str) -> None:
    """With no proxies."""
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=20).close()


def by_requests_without(url: str) -> None:
    """A session that doesn't look at the environment."""
    with requests.Session() as session:
        session.trust_env = False
        session.get(url, timeout=20)


def by_urllib3(url: str) -> None:
    """A pool, which knows no environment."""
    with urllib3.PoolManager() as pool:
        pool.request("GET", url)


def by_curl(url: str, *options: str) -> None:
    """The program."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    subprocess.run(["curl", "-q", "-s", "-o", "/dev/null", *options, url], check=True, timeout=20)


Client = Callable[[str], object]
LED_AWAY: dict[str, Client] = {
    "requests": lambda url: requests.get(url, timeout=20),
    "httpx": lambda url: httpx.get(url),
    "urllib": by_urllib,
    "aiohttp with trust_env": lambda url: by_aiohttp(url, trust_env=True),
    "curl": by_curl,
}
UNMOVED: dict[str, Client] = {
    "aiohttp": by_aiohttp,
    "urllib3": by_urllib3,
    "requests without trust_env": by_requests_without,
    "httpx without trust_env": lambda url: httpx.get(url, trust_env=False),
    "urllib without proxies": by_urllib_without,
    "curl --noproxy": lambda url: by_curl(url, "--noproxy", "*"),
}


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[MockServer, MockServer]]:
    """The server that is meant, and one that plays the proxy, since it takes targets with a host too."""
    with MockServer.start() as server, MockServer.start() as proxy:
        yield server, proxy


@pytest.fixture
def proxied(both: tuple[MockServer, MockServer], monkeypatch: pytest.MonkeyPatch) -> tuple[MockServer, MockServer]:
    """With the proxy in the environment, and no exceptions."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, both[1].url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return both


@pytest.mark.parametrize("client", LED_AWAY)
def test_a_proxy_in_the_environment_takes_the_request(client: str, proxied: tuple[MockServer, MockServer]) -> None:
    """Also one for 127.0.0.1: the server that is meant never hears of it."""
    server, proxy = proxied
    with server.expect(requests_arrived=0), proxy.expect(requests_arrived=1):
        LED_AWAY[client](server.page(10))


@pytest.mark.parametrize("client", LED_AWAY)
def test_an_exception_for_loopback_brings_it_back(
    client: str, proxied: tuple[MockServer, MockServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_PROXY, in the one case or the other."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost,::1")
    server, proxy = proxied
    with server.expect(requests_completed=1), proxy.expect(requests_arrived=0):
        LED_AWAY[client](server.page(10))


@pytest.mark.parametrize("client", UNMOVED)
def test_a_client_that_ignores_the_environment_comes_through(
    client: str, proxied: tuple[MockServer, MockServer]
) -> None:
    """By itself, or as it is told to."""
    server, proxy = proxied
    with server.expect(requests_completed=1), proxy.expect(requests_arrived=0):
        UNMOVED[client](server.page(10))
