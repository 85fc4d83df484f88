"""The proof that a round did the work: every item of the first one, and as many of a later one as its time allows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from timetrial.errors import VoidTrialError, shorten
from timetrial.languages import Text
from timetrial.trial.digest import digest
from timetrial.trial.void import Kind, Void

_FIRST_S: Final = 0.1
"""After the first lap, which is always looked at whole, the first round's others are looked at for so long."""

_LATER_S: Final = 0.01
_FEWEST: Final = 8


@dataclass
class Proof:
    """What each item's result must be, by its digest; a round takes the same items in one or more laps."""

    digests: Sequence[bytes]
    items: Sequence[Any]
    comparable: Callable[[Any], object] | None
    clock_s: Callable[[], float] = time.perf_counter
    _order: random.Random = field(default_factory=lambda: random.Random(0))

    def whole(self, results: Sequence[Any], laps: int, who: str) -> None:
        """Of the first round: raises VoidTrialError that names the first item whose result differs."""
        lap = len(self.digests)
        self._count(results, laps, who)
        until_s = self.clock_s() + _FIRST_S
        for index in range(lap * laps):
            if index >= lap and self.clock_s() > until_s:
                return
            self._look(results, index, who)

    def sample(self, results: Sequence[Any], laps: int, who: str) -> None:
        """Of a later round: as many results, drawn at random, as can be looked at in a hundredth of a second."""
        self._count(results, laps, who)
        until_s = self.clock_s() + _LATER_S
        for number in range(len(results)):
            if number >= _FEWEST and self.clock_s() > until_s:
                return
            self._look(results, self._order.randrange(len(results)), who)

    def _count(self, results: Sequence[Any], laps: int, who: str) -> None:
        expected = laps * len(self.digests)
        if len(results) != expected:
            found = len(results)
            said = Text(f"{found} results for {expected} items", f"{expected} 项只应有同样多的结果，却得到 {found} 个")
            raise Void(Kind.RESULTS, said).error(who)

    def _look(self, results: Sequence[Any], index: int, who: str) -> None:
        which = index % len(self.digests)
        if digest_of(results[index], self.comparable) != self.digests[which]:
            raise differs(which, self.items[which], results[index], who)


def digest_of(result: Any, comparable: Callable[[Any], object] | None) -> bytes:
    """What is held against the serial result's; raises WorkloadError for what can't be compared."""
    return digest(result if comparable is None else comparable(result))


def differs(index: int, item: object, result: object, who: str) -> VoidTrialError:
    """The error for an item whose result is another one than serial's."""
    reason = Text(
        f"the result of item {index}, {shorten(item)}, differs from the serial one: got {shorten(result)}",
        f"第 {index} 项 {shorten(item)} 的结果与串行结果不同：得到 {shorten(result)}",
    )
    return Void(Kind.RESULTS, reason).error(who)
