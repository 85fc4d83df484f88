"""Why a way is the fastest: from where an item's time goes to a sentence about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from timetrial.languages import Text
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


def because(advised: Way, shares: Shares, s_per_item: float) -> Text:
    """One sentence, without its full stop."""
    name, _, variant = advised.model.partition("[")
    if advised.is_serial:
        return _why_serial(shares, s_per_item)
    if name == "greenlets":
        return _waits(
            shares,
            ", and greenlets are the lightest way to wait in many places",
            "而 greenlet 是最轻便的等待方式",
        )
    if name == "coroutines" and variant != "to_thread]":
        return _waits(shares, ", and one event loop can wait for many things at once", "一个事件循环可以同时等待许多项")
    if "processes" in name:
        return _why_processes(shares, name)
    if "interpreters" in name and shares.gil and shares.computing > _SOME:
        return Text(
            "it computes with the GIL held, and each interpreter has one of its own",
            "它在持有 GIL 的情况下计算，而每个子解释器都有自己的 GIL",
        )
    return _why_threads(shares)


def _waits(shares: Shares, so: str, so_zh: str) -> Text:
    waiting = percent(shares.waiting)
    return Text(f"it waits {waiting} of the time{so}", f"它有 {waiting.zh} 的时间在等待，{so_zh}")


def _why_serial(shares: Shares, s_per_item: float) -> Text:
    if s_per_item < _SHORT_S:
        return Text(
            "an item is over sooner than it could be handed to anybody else", "单项耗时极短，还没交给别处，自己就已做完"
        )
    if shares.waiting < _SOME and shares.gil and shares.told_apart and (shares.with_gil or 0) > _MOST:
        return Text(
            "it computes with the GIL held, so that threads only take turns, and what processes gain is lost in "
            "sending items to them and results back",
            "它在持有 GIL 的情况下计算，多线程只能轮流执行；多进程省下的时间，又耗在来回传送各项与结果上",
        )
    return Text(
        "what the others gain by doing several things at once is lost in handing them over",
        "其他模型并行省下的时间，又耗在任务的交接上",
    )


def _why_processes(shares: Shares, name: str) -> Text:
    if name == "processes+coroutines" and shares.waiting > _SOME:
        return _waits(
            shares,
            ", which a loop overlaps, and computes in the rest, which takes more than one process",
            "可由事件循环重叠；其余时间在计算，需要不止一个进程",
        )
    if shares.gil and shares.computing > _SOME:
        held = percent(shares.with_gil or 0) if shares.told_apart else None
        return Text(
            f"it computes{f' {held} of the time' if held else ''} with the GIL held, which one thread of a process can "
            f"do at a time",
            f"它{f'有 {held.zh} 的时间' if held else ''}在持有 GIL 的情况下计算，同一进程内每次只有一个线程能这样做",
        )
    return Text("processes overlap both its waiting and its computing", "多进程能同时重叠它的等待与计算")


def _why_threads(shares: Shares) -> Text:
    if not shares.gil and shares.computing > _SOME:
        return Text(
            "this Python has no GIL, so threads compute at the same time", "这个 Python 没有 GIL，多线程可以同时计算"
        )
    if shares.waiting >= _MOST:
        return _waits(shares, ", so threads overlap it", "多线程可以重叠这些等待")
    if shares.told_apart and (shares.without_gil or 0) >= _MOST:
        free = percent(shares.without_gil or 0)
        return Text(
            f"it computes {free} of the time without the GIL, so threads compute at once",
            f"它有 {free.zh} 的时间在不持有 GIL 的情况下计算，多线程可以同时计算",
        )
    return Text(
        "threads overlap what it waits for and what it computes without the GIL",
        "多线程能重叠它的等待，以及不持有 GIL 的计算",
    )


def percent(share: float) -> Text:
    """``93 %``, in Chinese ``93%``."""
    return Text(f"{100 * share:.0f} %", f"{100 * share:.0f}%")
