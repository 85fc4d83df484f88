"""Why a way is the fastest: from where an item's time goes to a sentence about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from timetrial.results.ways import Way

_UNSURE: Final = 0.10
_MOST: Final = 0.5
_SOME: Final = 0.1
_SHORT_S: Final = 2e-5


@dataclass(frozen=True)
class Shares:
    """Parts of an item's time, which add up to 1.

    The kinds of computing are None where they can't be told apart; ``uncertain`` is by how much chance may have moved
    one to the other.
    """

    waiting: float
    with_gil: float | None
    without_gil: float | None
    uncertain: float = 0.0
    gil: bool = True

    @property
    def told_apart(self) -> bool:
        """Whether the two kinds of computing are known well enough to be told."""
        return self.with_gil is not None and self.without_gil is not None and self.uncertain <= _UNSURE

    @property
    def computing(self) -> float:
        """Both kinds of it."""
        return 1 - self.waiting


def because(advised: Way, shares: Shares, s_per_item: float) -> str:
    """One sentence, without its full stop."""
    name, _, variant = advised.model.partition("[")
    if advised.is_serial:
        return _why_serial(shares, s_per_item)
    if name == "greenlets":
        return (
            f"it waits {percent(shares.waiting)} of the time, and greenlets are the lightest way to wait in many places"
        )
    if name == "coroutines" and variant != "to_thread]":
        return f"it waits {percent(shares.waiting)} of the time, and one event loop can wait for many things at once"
    if "processes" in name:
        return _why_processes(shares, name)
    if "interpreters" in name and shares.gil and shares.computing > _SOME:
        return "it computes with the GIL held, and each interpreter has one of its own"
    return _why_threads(shares)


def _why_serial(shares: Shares, s_per_item: float) -> str:
    if s_per_item < _SHORT_S:
        return "an item is over sooner than it could be handed to anybody else"
    if shares.waiting < _SOME and shares.gil and shares.told_apart and (shares.with_gil or 0) > _MOST:
        return (
            "it computes with the GIL held, so that threads only take turns, and what processes gain is lost in "
            "sending items to them and results back"
        )
    return "what the others gain by doing several things at once is lost in handing them over"


def _why_processes(shares: Shares, name: str) -> str:
    held = "" if not shares.told_apart else f" {percent(shares.with_gil or 0)} of the time"
    if name == "processes+coroutines" and shares.waiting > _SOME:
        return (
            f"it waits {percent(shares.waiting)} of the time, which a loop overlaps, and computes in the rest, which "
            f"takes more than one process"
        )
    if shares.gil and shares.computing > _SOME:
        return f"it computes{held} with the GIL held, which one thread of a process can do at a time"
    return "processes overlap both its waiting and its computing"


def _why_threads(shares: Shares) -> str:
    if not shares.gil and shares.computing > _SOME:
        return "this Python has no GIL, so threads compute at the same time"
    if shares.waiting >= _MOST:
        return f"it waits {percent(shares.waiting)} of the time, so threads overlap it"
    if shares.told_apart and (shares.without_gil or 0) >= _MOST:
        return f"it computes {percent(shares.without_gil or 0)} of the time without the GIL, so threads compute at once"
    return "threads overlap what it waits for and what it computes without the GIL"


def percent(share: float) -> str:
    """``93 %``; what is nearly all or nothing keeps a digit."""
    return f"{100 * share:.0f} %"
