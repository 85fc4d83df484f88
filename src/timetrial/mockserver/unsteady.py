"""A port that refuses or resets connections by a plan: what is asked of it, checked. The server's side is server/."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from timetrial.errors import MockServerError

How = Literal["refuse", "reset"]
_LONGEST_MS = 3_600_000.0


@dataclass(frozen=True)
class Unsteady:
    """When a port lets nobody in, as ``MockServer.unsteady()`` is told.

    ``how``: refuse connections, or reset those that are accepted. ``share``: of the windows or connections, 0 to 1.
    ``nth``: which connection, from 1, and ``first``: how many from the first on; 0 for neither. ``seed``: of what is
    drawn for ``share``. ``for_ms``: how long ``nth`` is refused. ``window_ms``: how long a window is.
    Raises MockServerError for figures that make no plan.
    """

    how: How = "refuse"
    share: float = 0.0
    nth: int = 0
    first: int = 0
    seed: int = 0
    for_ms: float = 0.0
    window_ms: float = 100.0

    def __post_init__(self) -> None:
        _check(self.how in ("refuse", "reset"), f"how={self.how!r}; it is 'refuse' or 'reset'")
        _check(0 <= self.share <= 1, f"share={self.share!r}; it is a number from 0 to 1")
        _check(min(self.nth, self.first) >= 0, "nth and first count from 1")
        chosen = sum((bool(self.share), bool(self.nth), bool(self.first)))
        _check(chosen == 1, "give one of share=, nth= and first=")
        if self.how == "reset":
            _check(not self.for_ms, "for_ms= is for refusing; a reset takes no time")
            return
        _check(
            not self.first,
            "first= cannot be refused: the kernel refuses in the server's stead, so nobody can count; "
            "use how='reset', or nth=1 with for_ms=",
        )
        _check(1 <= self.window_ms <= _LONGEST_MS, f"window_ms={self.window_ms!r}; it is 1 to {_LONGEST_MS:g}")
        limits = 1 if self.nth else 0, _LONGEST_MS if self.nth else 0
        _check(limits[0] <= self.for_ms <= limits[1], "nth= is refused for_ms= milliseconds long, 1 to an hour")

    def for_wire(self) -> dict[str, object]:
        """As JSON can carry it to the server's process."""
        return asdict(self)


def _check(holds: bool, problem: str) -> None:
    if not holds:
        raise MockServerError(f"unsteady(): {problem}")
