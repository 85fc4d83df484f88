"""The event loop that coroutines run on: exactly the one that was asked for, never another in its place."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from importlib import import_module
from typing import cast

from timetrial.errors import ModelUnavailableError

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

NAMES = ("asyncio", "uvloop")
"""The event loops that can be asked for."""


def unavailable(event_loop: str) -> str | None:
    """Why this event loop can't run here, with the fix, or None."""
    if event_loop not in NAMES:
        return f"there is no event loop {event_loop!r}; there are: {', '.join(NAMES)}"
    if event_loop == "uvloop":
        try:
            import_module("uvloop")
        except ImportError as error:
            return f"the event loop uvloop can't be imported ({error}); pip install uvloop, or ask for asyncio"
    return None


def factory(event_loop: str) -> LoopFactory:
    """What makes a new event loop of that name; raises ModelUnavailableError where it can't be had.

    asyncio's own class is named outright: the installed policy may stand for another one.
    """
    reason = unavailable(event_loop)
    if reason is not None:
        raise ModelUnavailableError(reason)
    if event_loop == "uvloop":
        return cast("LoopFactory", import_module("uvloop").new_event_loop)
    if sys.platform == "win32":
        return asyncio.ProactorEventLoop
    return asyncio.SelectorEventLoop


def name_of(loop: asyncio.AbstractEventLoop) -> str:
    """The loop's class as a reader knows it: ``asyncio.unix_events._UnixSelectorEventLoop``, ``uvloop.Loop``."""
    return f"{type(loop).__module__}.{type(loop).__qualname__}"
