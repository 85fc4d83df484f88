"""The handle of a running mock server: its start, its parts, its end."""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Self

from timetrial.errors import MockServerError
from timetrial.mockserver.certificates import make_certificates
from timetrial.mockserver.channel import Channel
from timetrial.mockserver.hosts import LOOPBACK, Host, checked_host
from timetrial.mockserver.kinds import LoopKind, TlsKind
from timetrial.mockserver.options import whole
from timetrial.mockserver.routes import Route, check_routes, load_site
from timetrial.mockserver.unsteady import How, Unsteady
from timetrial.mockserver.view import View

_LIMITS = ("head_bytes", "url_bytes", "body_bytes")


class MockServer(View):
    """A mock HTTP server in a process of its own, for as long as its parent lives.

    ``with MockServer.start() as server:`` — then ``server.page()`` and the others make URLs, and
    ``server.counters()`` says what really happened.
    """

    def __init__(
        self,
        url: str,
        channels: Sequence[Channel],
        ca_file: Path | None,
        stack: ExitStack,
        host: Host,
        most_url_bytes: int | None,
    ) -> None:
        super().__init__(url, channels, None, most_url_bytes)
        self._host = host
        self._scope_numbers = count(1)
        self._refusals = 0  # blocks of refusing() that run
        self._refusals_lock = threading.Lock()
        self._ca_file = ca_file
        self._stack = stack

    @classmethod
    def start(
        cls,
        *,
        loop: LoopKind | None = None,
        processes: int | None = None,
        host: str | None = None,
        port: int | None = None,
        token: str | None = None,
        tls: TlsKind | None = None,
        site: str | Path | Sequence[Route] = (),
        limits: Mapping[str, int] | None = None,
    ) -> Self:
        """Starts the server and waits until it answers.

        ``loop`` is asyncio's own unless it is "uvloop". ``processes`` share one port (SO_REUSEPORT). ``host`` is an IP
        address, 127.0.0.1 unless given; one that others can reach needs a ``token``, without which nobody is let in
        and which is part of every URL, and warns with MockServerWarning. ``port`` is a free one unless given. ``tls``
        makes it speak HTTPS with a certificate made now: clients trust ``ca_file``.
        ``site`` is a TOML file, whose ``[server]`` may set all of these, or a list of ``route()``. ``limits`` sets
        ``head_bytes``, ``url_bytes`` and ``body_bytes``, beyond which a request is refused.
        Raises MockServerError if it can't be done here.
        """
        declared, routes = load_site(site) if isinstance(site, (str, Path)) else ({}, _checked_routes(site))
        given: dict[str, object] = {"loop": loop, "processes": processes, "host": host, "port": port}
        given |= {"token": token, "tls": tls, "limits": limits}
        settings = _settings(declared, {name: value for name, value in given.items() if value is not None})
        with ExitStack() as stack:
            return cls._open(settings, routes, stack)

    @classmethod
    def _open(cls, settings: Mapping[str, Any], routes: Sequence[Route], stack: ExitStack) -> Self:
        folder, certificate, ca_file = "", "", None
        host: Host = settings["host"]
        if settings["tls"]:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="timetrial-"))
            made = make_certificates(settings["tls"], Path(folder), host.names())
            certificate, ca_file = str(made.server_file), made.ca_file
        start: dict[str, Any] = {
            "loop": settings["loop"],
            "address": host.address,
            "prefix": host.prefix,
            "port": settings["port"],
            "shared": settings["processes"] > 1,
            "certificate": certificate,
            "folder": folder,
            "routes": [route.for_wire() for route in routes],
            "limits": settings["limits"],
        }
        channels: list[Channel] = []
        for _ in range(settings["processes"]):
            channels.append(Channel(start))
            stack.callback(channels[-1].close)
            start["port"] = channels[0].port
        url = f"{'https' if certificate else 'http'}://{host.in_urls}:{start['port']}{host.prefix}"
        return cls(url, channels, ca_file, stack.pop_all(), host, settings["limits"].get("url_bytes"))

    @property
    def port(self) -> int:
        """The TCP port."""
        return self._channels[0].port

    @property
    def ca_file(self) -> Path:
        """The certificate authority for clients to trust; raises MockServerError unless the server speaks TLS."""
        if self._ca_file is None:
            raise MockServerError('this server speaks plain HTTP; start it with tls="trusted" to have a ca_file')
        return self._ca_file

    @contextmanager
    def scope(self) -> Iterator[View]:
        """A part of the server with URLs and counters of its own, so that tests in parallel don't see each other's.

        When the block ends, its URLs answer 404 and its counts remain in the server's own. Raises MockServerError if
        the server is gone.
        """
        name = str(next(self._scope_numbers))
        view = View(f"{self.url}/~{name}", self._channels, name, self._most_url_bytes)
        for channel in self._channels:
            channel.ask("open_scope", name)
        try:
            yield view
        finally:
            for channel in self._channels:
                channel.ask("close_scope", name)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """While the block runs, new connections to the server's port are refused; those that are open stay so.

        Of several blocks at once, the last to end lets connections in again.
        """
        with self._refusals_lock:
            if not self._refusals:
                self._ask("refuse")
            self._refusals += 1
        try:
            yield
        finally:
            with self._refusals_lock:
                self._refusals -= 1
                if not self._refusals:
                    self._ask("accept")

    @contextmanager
    def unsteady(
        self,
        *,
        how: How = "refuse",
        share: float = 0.0,
        nth: int = 0,
        first: int = 0,
        seed: int = 0,
        for_ms: float = 0.0,
        window_ms: float = 100.0,
    ) -> Iterator[View]:
        """A part of the server, as ``scope()``, on a port of its own that doesn't let everybody in.

        ``how="refuse"``: while nobody listens, the kernel refuses, and the server never hears of it. So it can be
        told only when not to listen: from the ``nth`` connection on ``for_ms`` long (``nth=1``: a server that is
        still starting), or in a ``share`` of all windows of ``window_ms``, drawn from ``seed``.
        ``how="reset"``: single connections are reset as soon as they are accepted, before any request is read: the
        ``nth``, the ``first`` so many, or a ``share`` drawn from ``seed``. The client's connect succeeds then, and
        over TLS its handshake.
        Such connections, of either kind, are in no count. With several processes the first one has the port.
        Raises MockServerError for a plan that can't be kept.
        """
        plan = Unsteady(how, share, nth, first, seed, for_ms, window_ms)
        channel = self._channels[0]
        with self.scope() as own:
            number = channel.ask("open_unsteady_port", None, plan.for_wire())
            try:
                url = own.url.replace(f":{self.port}/", f":{number}/", 1)
                yield View(url, self._channels, own.name, self._most_url_bytes)
            finally:
                channel.ask("close_unsteady_port", None, number)

    def refused(self) -> str:
        """The URL of a port that refuses every connection and that nobody else gets while the server lives.

        Raises MockServerError once the server is closed.
        """
        self._channels[0].check_open()  # or nobody would close the socket
        family, _, _, _, place = socket.getaddrinfo(self._host.address, 0, flags=socket.AI_NUMERICHOST)[0]
        unheard = self._stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        unheard.bind(place)
        return f"{self.url.partition(':')[0]}://{self._host.in_urls}:{unheard.getsockname()[1]}/"

    def close(self) -> None:
        """Ends the server; may be called again."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _settings(declared: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The server's settings: what was given, else what the file says, else the defaults; all of it checked."""
    settings: dict[str, Any] = {"loop": "asyncio", "processes": 1, "host": LOOPBACK, "port": 0, "token": "", "tls": ""}
    settings["limits"] = {}
    unknown = set(declared) - set(settings)
    if unknown:
        raise MockServerError(f"[server] has no {min(unknown)!r}; it has {', '.join(settings)}")
    settings = {**settings, **declared, **given}
    _check_loop(settings["loop"])
    settings["processes"] = _integer("processes", settings["processes"], 1, 256)
    settings["port"] = _integer("port", settings["port"], 0, 65_535)
    settings["host"] = checked_host(settings["host"], settings["token"])
    settings["limits"] = _checked_limits(settings["limits"])
    if settings["processes"] > 1 and sys.platform == "win32":
        raise MockServerError("processes > 1 needs SO_REUSEPORT, which Windows does not have; use processes=1")
    return settings


def _checked_limits(limits: object) -> dict[str, int]:
    if not isinstance(limits, Mapping):
        raise MockServerError(f'limits= takes a mapping such as {{"{_LIMITS[0]}": 8192}}, not {limits!r}')
    for name in limits:
        if name not in _LIMITS:
            raise MockServerError(f"there is no limit {name!r}; the limits are {', '.join(_LIMITS)}")
    return {name: _integer(name, value, 0, 2**42) for name, value in limits.items()}


def _checked_routes(site: object) -> tuple[Route, ...]:
    routes = tuple(site) if isinstance(site, Iterable) else (site,)
    for each in routes:
        if not isinstance(each, Route):
            raise MockServerError(f"site= takes a TOML file or a list of route(), not {each!r}")
    check_routes(routes)
    return routes


def _check_loop(loop: object) -> None:
    if loop not in ("asyncio", "uvloop"):
        raise MockServerError(f"there is no event loop {loop!r}; loop= is 'asyncio' or 'uvloop'")
    if loop == "uvloop" and find_spec("uvloop") is None:
        raise MockServerError("loop='uvloop' needs uvloop, which is not installed; install timetrial[uvloop]")


def _integer(name: str, value: object, low: int, high: int) -> int:
    return whole(value, low, high, f"{name}= takes an integer from {low} to {high}")
