"""Five real clients behind one shape: each takes URLs one after the other in one session and tells what it saw."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import aiohttp
import httpx
import requests
import urllib3

ENOUGH_BYTES = 300_000


def _size(chunks: Iterable[bytes]) -> str:
    """How many bytes came, or "endless" once it is clear that they won't stop."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > ENOUGH_BYTES:
            return "endless"
    return str(size)


def with_requests(urls: Sequence[str], patience_s: float, ca_file: Path | None) -> str:
    """The answer to the last URL, by requests."""
    seen = ""
    with requests.Session() as session:
        session.trust_env = False
        for url in urls:
            verify = str(ca_file) if ca_file else True
            with session.get(url, timeout=patience_s, stream=True, verify=verify) as answer:
                seen = f"{answer.status_code} {_size(answer.iter_content(65_536))}"
    return seen


def with_httpx(urls: Sequence[str], patience_s: float, ca_file: Path | None) -> str:
    """The answer to the last URL, by httpx."""
    seen = ""
    verify = ssl.create_default_context(cafile=ca_file) if ca_file else True
    with httpx.Client(timeout=patience_s, follow_redirects=True, verify=verify, trust_env=False) as session:
        for url in urls:
            with session.stream("GET", url) as answer:
                seen = f"{answer.status_code} {_size(answer.iter_bytes())}"
    return seen


def with_urllib3(urls: Sequence[str], patience_s: float, ca_file: Path | None) -> str:
    """The answer to the last URL, by urllib3 without its retries."""
    seen = ""
    retries = urllib3.Retry(total=None, connect=False, read=False, redirect=5, other=False, status=False)
    with urllib3.PoolManager(timeout=patience_s, ca_certs=ca_file and str(ca_file)) as pool:
        for url in urls:
            answer = pool.request("GET", url, retries=retries, preload_content=False)
            seen = f"{answer.status} {_size(answer.stream(65_536))}"
            answer.release_conn() if not seen.endswith("endless") else answer.close()
    return seen


def with_aiohttp(urls: Sequence[str], patience_s: float, ca_file: Path | None) -> str:
    """The answer to the last URL, by aiohttp."""
    return asyncio.run(_by_aiohttp(urls, patience_s, ca_file))


async def _by_aiohttp(urls: Sequence[str], patience_s: float, ca_file: Path | None) -> str:
    seen = ""
    patience = aiohttp.ClientTimeout(total=2 * patience_s, sock_read=patience_s)
    context = ssl.create_default_context(cafile=ca_file) if ca_file else True
    async with aiohttp.ClientSession(timeout=patience) as session:
        for url in urls:
            async with session.get(url, ssl=context) as answer:
                size = 0
                async for chunk in answer.content.iter_chunked(65_536):
                    size += len(chunk)
                    if size > ENOUGH_BYTES:
                        return f"{answer.status} endless"
                seen = f"{answer.status} {size}"
    return seen


def with_curl(urls: Sequence[str], patience_s: float, ca_file: Path | None) -> str:
    """The answer to the last URL, by curl; its exit codes are in its manual."""
    options = ["-sS", "-q", "-L", "--compressed", "--max-redirs", "5", "--max-time", str(patience_s), "--noproxy", "*"]
    trust = ["--cacert", str(ca_file)] if ca_file else []
    outputs = [word for url in urls for word in ("-o", "/dev/null", url)]
    command = ["curl", *options, *trust, "-w", "%{http_code} %{size_download}\n", *outputs]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    last = done.stdout.splitlines()[-1] if done.stdout else ""
    return f"exit {done.returncode} {last}" if done.returncode else last


CLIENTS: dict[str, Callable[[Sequence[str], float, Path | None], str]] = {
    "requests": with_requests,
    "httpx": with_httpx,
    "urllib3": with_urllib3,
    "aiohttp": with_aiohttp,
    "curl": with_curl,
}


def symptom(client: str, *urls: str, patience_s: float = 10.0, ca_file: Path | None = None) -> str:
    """What the client saw at the last URL: ``200 1024``, or its exception's name and message."""
    try:
        return CLIENTS[client](urls, patience_s, ca_file)
    except (requests.RequestException, httpx.HTTPError, urllib3.exceptions.HTTPError, aiohttp.ClientError) as error:
        return f"{type(error).__name__}: {error}"
    except TimeoutError as error:
        return f"{type(error).__name__}: {error}"
