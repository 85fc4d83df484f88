"""Threads as the system has them, where gevent or eventlet have put their own in the standard library's place.

Their threads take turns in one thread of the system. Waiting for a pipe in one of them stops all others.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any


def patched_by() -> str | None:
    """Who has put threads of its own in place of the standard library's: ``gevent``, ``eventlet``, or None: nobody."""
    gevent: Any = sys.modules.get("gevent.monkey")
    if gevent is not None and gevent.is_module_patched("threading"):
        return "gevent"
    eventlet: Any = sys.modules.get("eventlet.patcher")
    if eventlet is not None and eventlet.is_monkey_patched("thread"):
        return "eventlet"
    return None


def start_thread(serve: Callable[..., object], *args: Any, name: str) -> None:
    """Starts a thread of the system that keeps no process from ending."""
    if patched_by() is None:
        threading.Thread(target=serve, args=args, name=name, daemon=True).start()
    else:
        _original("_thread", "start_new_thread")(serve, args)


def queue() -> SimpleQueue[Any]:
    """A queue that works between threads of the system."""
    made: SimpleQueue[Any] = _original("queue", "SimpleQueue")()
    return made


def _original(module: str, name: str) -> Any:
    if patched_by() == "gevent":
        return sys.modules["gevent.monkey"].get_original(module, name)
    if patched_by() == "eventlet":
        return getattr(sys.modules["eventlet.patcher"].original(module), name)
    return getattr(sys.modules[module], name)
