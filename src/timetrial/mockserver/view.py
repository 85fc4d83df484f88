"""What a test asks of a server, or of its own part of it: URLs, counters, the journal, expectations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from timetrial.mockserver.addresses import Addresses
from timetrial.mockserver.channel import Channel
from timetrial.mockserver.counters import Counters, Peaks, highest
from timetrial.mockserver.expectation import Expected, check_expected, wait_for
from timetrial.mockserver.journal import Journal, RequestRecord, journal_of, last_records
from timetrial.mockserver.options import whole

MOST_RECORDS = 100_000
_RECORDINGS = count(1)  # numbers that no two recordings of one server share, whichever part of it they are of
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

    def __init__(
        self, url: str, channels: Sequence[Channel], scope: str | None, most_url_bytes: int | None = None
    ) -> None:
        super().__init__(url, most_url_bytes)
        self._channels = channels
        self._scope = scope
        self._windows: list[Peaks] = []
        self._highest = Peaks(0, 0, 0.0)  # of all windows, which grow in number with each look

    @property
    def name(self) -> str | None:
        """What the journal calls this part; None is the whole server."""
        return self._scope

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that answer."""
        return tuple(channel.pid for channel in self._channels)

    def counters(self) -> Counters:
        """What has been counted since the server's start, asked over a pipe: no request is delayed or counted by it.

        ``after - before`` of two of them is what happened in between. Raises MockServerError if the server is gone.
        """
        answers = self._ask("counters")
        self._windows.append(_peaks(answers))
        peaks = self._highest = highest([self._highest, self._windows[-1]])
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
            cpu_s_by_process=tuple(answer["cpu_s"] for answer in answers),
            windows=self._windows,
            window=len(self._windows),
        )

    def journal(self) -> Journal:
        """The requests by path and status, and by connection and client port; larger than ``counters()``.

        Raises MockServerError if the server is gone, or this part of it closed.
        """
        return journal_of(self._ask("journal"))

    def paths_asked(self) -> Mapping[str, int]:
        """How often each path was asked for, as in ``journal()``: what a trial holds against the other models'."""
        return self.journal().by_path

    @contextmanager
    def recording(self, limit: int = 1000) -> Iterator[Callable[[], Sequence[RequestRecord]]]:
        """Keeps the last ``limit`` requests one by one while the block runs, which makes each of them dearer.

        Yields a function that returns those that have ended, oldest first, as far as they go into 64 MiB. Several at
        once keep what is theirs. Raises MockServerError for a limit that is not from 1 to 100,000.
        """
        most = whole(limit, 1, MOST_RECORDS, f"recording() takes a limit from 1 to {MOST_RECORDS}")
        number = next(_RECORDINGS)
        self._ask("record", number, most)
        try:
            yield lambda: last_records(self._ask("records", number), most)
        finally:
            self._ask("record", number, 0)

    @contextmanager
    def expect(self, *, within_s: float = 2.0, **expected: Expected) -> Iterator[None]:
        """Fails unless the requests made in the block are counted as expected.

        The names are those of Counters, and ``by_path``: ``expect(requests_completed=3, by_status={200: 3},
        connections_opened=range(1, 3))``. A number is exact, a range is a choice, and a mapping is complete.
        What is still on its way when the block ends is waited for, ``within_s`` at most.
        Raises AssertionError with one line for each difference, and MockServerError, before the block runs, for names
        and values that no count can be compared with.
        """
        check_expected(expected)
        counted, paths = self.counters(), self.journal().by_path if "by_path" in expected else {}

        def seen() -> dict[str, Any]:
            now = self.journal().by_path if "by_path" in expected else {}
            by_path = {path: n - paths.get(path, 0) for path, n in now.items() if n != paths.get(path, 0)}
            return {"by_path": by_path, **vars(self.counters() - counted)}

        yield
        wait_for(expected, seen, within_s)

    def _ask(self, command: str, *arguments: object) -> list[Any]:
        return [channel.ask(command, self._scope, *arguments) for channel in self._channels]


def _peaks(answers: Sequence[Mapping[str, Any]]) -> Peaks:
    return Peaks(
        sum(answer["in_flight_max"] for answer in answers),
        sum(answer["open_max"] for answer in answers),
        max(answer["lag_max_s"] for answer in answers),
    )


def _merged(counts: Sequence[Mapping[Any, int]]) -> dict[Any, int]:
    keys = sorted({key for each in counts for key in each})
    return {key: sum(each.get(key, 0) for each in counts) for key in keys}
