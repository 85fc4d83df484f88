"""The journal in detail: requests by path and status, by connection and client port, and one by one if asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ConnectionRecord:
    """One connection: its number in its server process, the client's port, its requests, and whether it was reset."""

    connection: int
    client_port: int
    requests: int
    reset: bool


@dataclass(frozen=True)
class RequestRecord:
    """One request that has ended; its times are seconds of the monotonic clock, ``delay_s`` is what was asked."""

    scope: str
    method: str
    path: str
    status: int
    fault: str
    whole: bool
    connection: int
    client_port: int
    arrived_s: float
    ended_s: float
    delay_s: float


@dataclass(frozen=True)
class Journal:
    """Requests that have ended, by path and by path and status; the last 10,000 connections that ended, and all open.

    Paths are decoded, and without a test's own prefix and the query. A request that a fault was done to, or whose
    client left before the end, has the status 0. From 50,000 outcomes on, new ones are counted as ``(other paths)``.
    """

    by_path: Mapping[str, int]
    by_outcome: Mapping[tuple[str, int], int]
    connections: Sequence[ConnectionRecord]


def journal_of(answers: Sequence[Mapping[str, Any]]) -> Journal:
    """The journal from what each server process sent."""
    outcomes: Counter[tuple[str, int]] = Counter()
    paths: Counter[str] = Counter()
    for answer in answers:
        for path, status, times in answer["outcomes"]:
            outcomes[path, status] += times
            paths[path] += times
    rows = (row for answer in answers for row in answer["connections"])
    connections = [ConnectionRecord(number, port, requests, bool(reset)) for number, port, requests, reset in rows]
    return Journal(dict(sorted(paths.items())), dict(sorted(outcomes.items())), connections)


def last_records(answers: Sequence[Sequence[Sequence[Any]]], limit: int) -> list[RequestRecord]:
    """The last requests to end, from what each server process sent, the oldest first."""
    records = [RequestRecord(*row) for answer in answers for row in answer]
    return sorted(records, key=lambda record: record.ended_s)[-limit:]
