"""The event loop that coroutines run on: exactly the one that was asked for, never another in its place."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from importlib import import_module
from typing import cast

from timetrial.errors import ModelUnavailableError
from timetrial.languages import Text

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

NAMES = ("asyncio", "uvloop", "winloop")
"""The event loops that can be asked for."""

_ELSEWHERE = (
    {"uvloop": Text("uvloop doesn't run on Windows; winloop does", "uvloop 不能在 Windows 上运行；可用 winloop")}
    if sys.platform == "win32"
    else {
        "winloop": Text(
            "winloop runs on Windows alone; uvloop is its like here", "winloop 只在 Windows 上运行；此处可用 uvloop"
        )
    }
)


def unavailable(event_loop: str) -> str | None:
    """Why this event loop can't run here, with the fix, or None."""
    if event_loop not in NAMES:
        known = ", ".join(NAMES)
        return Text(
            f"there is no event loop {event_loop!r}; there are: {known}",
            f"没有名为 {event_loop} 的事件循环；可用的有：{known}",
        )
    if event_loop == "asyncio" or event_loop in _ELSEWHERE:
        return _ELSEWHERE.get(event_loop)
    try:
        import_module(event_loop)
    except ImportError as error:
        return Text(
            f"the event loop {event_loop} can't be imported ({error}); install timetrial[uvloop], or ask for asyncio",
            f"无法导入事件循环 {event_loop}（“{error}”）；请安装 timetrial[uvloop]，或改用 asyncio",
        )
    return None


def factory(event_loop: str) -> LoopFactory:
    """What makes a new event loop of that name; raises ModelUnavailableError where it can't be had.

    asyncio's own class is named outright: the installed policy may stand for another one.
    """
    reason = unavailable(event_loop)
    if reason is not None:
        raise ModelUnavailableError(reason)
    if event_loop != "asyncio":
        return cast("LoopFactory", import_module(event_loop).new_event_loop)
    if sys.platform == "win32":
        return asyncio.ProactorEventLoop
    return asyncio.SelectorEventLoop


def name_of(loop: asyncio.AbstractEventLoop) -> str:
    """The loop's class as a reader knows it: ``asyncio.unix_events._UnixSelectorEventLoop``, ``uvloop.Loop``."""
    return f"{type(loop).__module__}.{type(loop).__qualname__}"
