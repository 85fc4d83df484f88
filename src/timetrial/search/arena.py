"""The real arena: opens ways, gives each a round a turn in random order, and tells what it does as it does it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from timetrial.errors import VoidTrialError
from timetrial.results.ways import Way
from timetrial.search.contestant import Contestant, RoundSize
from timetrial.search.proof import Proof
from timetrial.workload import Workload

Tell = Callable[..., None]
"""Takes an event's name and its figures."""


@dataclass
class LiveArena:
    """As explore.Arena. A way that fails is told with its reason, and closed."""

    workload: Workload
    items: Sequence[Any]
    proof: Proof
    size: RoundSize
    tell: Tell
    open_now: dict[Way, Contestant] = field(default_factory=dict)
    closed: list[Contestant] = field(default_factory=list)
    order: random.Random = field(default_factory=random.Random)

    def open(self, way: Way) -> bool:
        """As Arena.open."""
        self.tell("opening", way=way)
        contestant = Contestant(way, self.workload, self.items, self.proof, self.size)
        try:
            contestant.open()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this way's, and the others go on
            self._failed(way, error)
            return False
        self.open_now[way] = contestant
        self.tell(
            "opened",
            way=way,
            startup_s=contestant.startup_s,
            items_per_round=contestant.items_per_round,
            details=contestant.details,
        )
        return True

    def turn(self, ways: Sequence[Way]) -> dict[Way, float]:
        """As Arena.turn."""
        taking_part = list(ways)
        self.order.shuffle(taking_part)
        seconds = {}
        for way in taking_part:
            self.tell("round", way=way)
            try:
                seconds[way] = self.open_now[way].round()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this way's, and the others go on
                self._failed(way, error)
                contestant = self.open_now.pop(way)
                with suppress(Exception):
                    contestant.close()
        return seconds

    def close(self, way: Way) -> None:
        """As Arena.close."""
        contestant = self.open_now.pop(way)
        self.tell("closing", way=way)
        try:
            contestant.close()
        except Exception as error:  # noqa: BLE001 - its rounds are good; what its end raised is told
            self._failed(way, error)
        self.closed.append(contestant)
        self.tell("closed", way=way, teardown_s=contestant.teardown_s)

    def startup_s(self, way: Way) -> float:
        """As Arena.startup_s."""
        return self.open_now[way].startup_s

    def round_s(self, way: Way) -> float:
        """As Arena.round_s."""
        return self.open_now[way].latest_s

    def _failed(self, way: Way, error: Exception) -> None:
        notes = [str(each) for each in getattr(error, "__notes__", ()) if not str(each).startswith("timetrial: in the")]
        kind = "void" if isinstance(error, VoidTrialError) else "error"
        reason = error.reason if isinstance(error, VoidTrialError) else f"{type(error).__name__}: {error}"
        self.tell("failed_way", way=way, kind=kind, reason=reason, notes=notes)
