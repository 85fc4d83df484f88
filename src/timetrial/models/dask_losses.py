"""Which workers are there, which were lost, and how many items had to be run again: from the scheduler's events."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from timetrial.system.clocks import clocks

_TOPIC: Final = "all"
_PATIENCE_S: Final = 60.0
"""How long a cluster that starts lost workers again may have none at all."""


class Losses:
    """Kept by the thread of the client's event loop, and read by the one that runs items."""

    def __init__(self) -> None:
        self.present: dict[str, int] = {}
        """How many threads each worker has that takes items, by its address."""
        self.since_last_look = False
        self._workers_lost = 0
        self._items_run_again = 0
        self._items_of: Mapping[str, int] = {}
        self._others = 0
        """Workers that came later."""
        self._gone = 0
        self._alone_since_s: float | None = None

    def watch(self, client: Any, workers: Mapping[str, int]) -> None:
        """Counts from here what becomes of these workers."""
        self.present = dict(workers)
        client.subscribe_topic(_TOPIC, self.on_event)

    def forget(self, client: Any) -> None:
        """The scheduler need tell no more: it would, of the client's own end."""
        with suppress(ValueError):  # it was never watched
            client.unsubscribe_topic(_TOPIC)

    def expect(self, items_of: Mapping[str, int]) -> None:
        """The tasks of a run, with how many items each has, by its key."""
        self._items_of = items_of

    def look_again(self, workers: Mapping[str, int]) -> None:
        """Goes on with these workers after a loss, as far as they are needed."""
        wanted = sum(self.present.values()) + self._gone
        found = {address: threads for address, threads in self.present.items() if address in workers}
        for address, threads in workers.items():
            if address not in found and sum(found.values()) + threads <= wanted:
                found[address] = threads
        self.present, self._gone, self._others = found, wanted - sum(found.values()), 0
        self.since_last_look = self._gone > 0

    def settle(self) -> None:
        """The run is over: what workers lose from here on was nobody's."""
        self._items_of = {}

    def figures(self) -> dict[str, object]:
        """For an executor's details; empty where nothing was lost."""
        if not self._workers_lost:
            return {}
        return {"workers_lost": self._workers_lost, "items_run_again": self._items_run_again}

    def hopeless(self, *, each: bool, restarts: bool) -> str | None:
        """Why what is waited for will never come, or None.

        ``each``: all workers are needed; ``restarts``: lost workers are started again, under other addresses.
        """
        if each and self._gone:
            return "a worker of the cluster was lost while it had to answer"
        if self.present or (restarts and self._others):
            self._alone_since_s = None
            return None
        if self._alone_since_s is None:
            self._alone_since_s = clocks.monotonic()
        alone_s = clocks.monotonic() - self._alone_since_s
        return "all workers of the cluster were lost" if not restarts or alone_s > _PATIENCE_S else None

    def on_event(self, event: tuple[float, Any]) -> None:
        """Called by the client for each event, with its time."""
        told = event[1]
        address = told.get("worker") if isinstance(told, dict) else None
        if address is None or told.get("action") not in ("add-worker", "remove-worker"):
            return
        if told["action"] == "add-worker":
            self._others += address not in self.present
        elif address in self.present:
            self._gone += self.present.pop(address)
            self._lose(told)
        else:
            self._others -= 1

    def _lose(self, told: Mapping[str, Any]) -> None:
        self.since_last_look = True
        self._workers_lost += 1
        keys = {*told.get("processing-tasks", ()), *told.get("lost-computed-tasks", ())}
        self._items_run_again += sum(self._items_of.get(key, 0) for key in keys)
