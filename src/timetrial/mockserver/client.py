"""The handle of a running mock server: its URLs, its counters, its end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Literal, Self

from timetrial.errors import MockServerError
from timetrial.mockserver.addresses import Addresses
from timetrial.mockserver.channel import Channel
from timetrial.mockserver.counters import Counters, Peaks, highest
from timetrial.mockserver.declared import Route, load_site

_ADDED = {  # Counters' names for what the processes send; these are added up
    "requests_arrived": "arrived",
    "requests_completed": "completed",
    "requests_faulted": "faulted",
    "requests_abandoned": "abandoned",
    "requests_malformed": "malformed",
    "requests_in_flight": "in_flight",
    "connections_opened": "opened",
    "connections_closed": "closed",
    "connections_open": "open",
    "connections_reused": "reused",
    "connections_reset": "reset",
    "bytes_in": "bytes_in",
    "bytes_out": "bytes_out",
    "service_s": "service_s",
    "delay_s": "delay_s",
    "delay_late_s": "delay_late_s",
    "cpu_s": "cpu_s",
    "loop_lag_s": "lag_s",
    "loop_ticks": "ticks",
}


class View(Addresses):
    """The URLs and the counters of a server, or of the part of it that is one test's own."""

    def __init__(self, url: str, channels: Sequence[Channel], scope: str | None) -> None:
        super().__init__(url)
        self._channels = channels
        self._scope = scope
        self._windows: list[Peaks] = []

    def counters(self) -> Counters:
        """What has been counted since the server's start, asked over a pipe: no request is delayed or counted by it.

        ``after - before`` of two of them is what happened in between. Raises MockServerError if the server is gone.
        """
        answers = [channel.ask("counters", self._scope) for channel in self._channels]
        self._windows.append(_peaks(answers))
        peaks = highest(self._windows)
        added: dict[str, Any] = {name: sum(answer[key] for answer in answers) for name, key in _ADDED.items()}
        return Counters(
            **added,
            requests_in_flight_max=peaks.requests_in_flight,
            connections_open_max=peaks.connections_open,
            loop_lag_max_s=peaks.loop_lag_s,
            wall_s=max(answer["wall_s"] for answer in answers),
            by_status=_merged([{int(status): n for status, n in a["by_status"].items()} for a in answers]),
            by_fault=_merged([answer["by_fault"] for answer in answers]),
            processes=len(answers),
            windows=self._windows,
            window=len(self._windows),
        )


class MockServer(View):
    """A mock HTTP server in a process of its own, on a free port of 127.0.0.1, for as long as its parent lives.

    ``with MockServer.start() as server:`` — then ``server.page()`` and the others make URLs, and
    ``server.counters()`` says what really happened.
    """

    @classmethod
    def start(
        cls,
        *,
        loop: Literal["asyncio", "uvloop"] = "asyncio",
        processes: int = 1,
        port: int = 0,
        site: str | Path | Sequence[Route] = (),
        limits: Mapping[str, int] | None = None,
    ) -> Self:
        """Starts the server and waits until it answers.

        ``processes`` share one port (SO_REUSEPORT). ``site`` is a TOML file or a list of ``route()``. ``limits``
        sets ``head_bytes``, ``url_bytes`` and ``body_bytes``, beyond which a request is refused.
        Raises MockServerError if it can't be done here.
        """
        routes = load_site(site)[1] if isinstance(site, (str, Path)) else tuple(site)
        _check(loop, processes)
        settings: dict[str, Any] = {
            "loop": loop,
            "port": port,
            "shared": processes > 1,
            "certificate": "",
            "routes": [route.for_wire() for route in routes],
            "limits": dict(limits or {}),
        }
        channels = [Channel(settings)]
        try:
            for _ in range(processes - 1):
                channels.append(Channel({**settings, "port": channels[0].port}))
        except BaseException:
            for channel in channels:
                channel.close()
            raise
        return cls(f"http://127.0.0.1:{channels[0].port}", channels, None)

    def __init__(self, url: str, channels: Sequence[Channel], scope: str | None) -> None:
        super().__init__(url, channels, scope)
        self._scope_numbers = count(1)

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return self._channels[0].port

    @property
    def pids(self) -> tuple[int, ...]:
        """The server's processes."""
        return tuple(channel.pid for channel in self._channels)

    @contextmanager
    def scope(self) -> Iterator[View]:
        """A part of the server with URLs and counters of its own, so that tests in parallel don't see each other's.

        When the block ends, its URLs answer 404 and its counts remain in the server's own.
        """
        name = str(next(self._scope_numbers))
        for channel in self._channels:
            channel.ask("open_scope", name)
        try:
            yield View(f"{self.url}/~{name}", self._channels, name)
        finally:
            for channel in self._channels:
                channel.ask("close_scope", name)

    def close(self) -> None:
        """Ends the server; may be called again."""
        for channel in self._channels:
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check(loop: str, processes: int) -> None:
    if loop not in ("asyncio", "uvloop"):
        raise MockServerError(f"there is no event loop {loop!r}; loop= is 'asyncio' or 'uvloop'")
    if loop == "uvloop":
        from importlib.util import find_spec

        if find_spec("uvloop") is None:
            raise MockServerError("loop='uvloop' needs uvloop, which is not installed; install timetrial[uvloop]")
    if processes < 1:
        raise MockServerError(f"processes={processes}: a server has at least one")
    if processes > 1 and sys.platform == "win32":
        raise MockServerError("processes > 1 needs SO_REUSEPORT, which Windows does not have; use processes=1")


def _peaks(answers: Sequence[Mapping[str, Any]]) -> Peaks:
    return Peaks(
        sum(answer["in_flight_max"] for answer in answers),
        sum(answer["open_max"] for answer in answers),
        max(answer["lag_max_s"] for answer in answers),
    )


def _merged(counts: Sequence[Mapping[Any, int]]) -> dict[Any, int]:
    keys = sorted({key for each in counts for key in each})
    return {key: sum(each.get(key, 0) for each in counts) for key in keys}
