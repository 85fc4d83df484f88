"""Results that are no results yet: work that was described, begun or handed on, and that nobody has waited for."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Iterable
from itertools import islice
from typing import Any, Final

_LAZY: Final = (map, zip, filter, enumerate, type(iter(int, 1)))
_LOOKED_AT: Final = 100
"""Of a list of results; a mistake shows in the first of them."""


def uncomputed(result: object) -> str | None:
    """What a result is in place of one, and how to get it, such as "a generator, …: return list(…)"; None for a value.

    Looks into a list, tuple, set or dictionary too. Cheap, and meant for a first run: it is not to be timed.
    """
    return next((reason for part in _parts(result) if (reason := _reason(part)) is not None), None)


def let_go(result: object) -> None:
    """Closes coroutines that nobody will await, so that Python doesn't complain of them at some later moment."""
    for part in _parts(result):
        if inspect.iscoroutine(part):
            part.close()


def _parts(result: object) -> Iterable[object]:
    yield result
    if isinstance(result, list | tuple | set | frozenset):
        yield from islice(result, _LOOKED_AT)
    elif isinstance(result, dict):
        yield from islice(result.values(), _LOOKED_AT)


def _reason(result: object) -> str | None:
    if inspect.isgenerator(result):
        return "a generator, and nothing was computed: return list(…)"
    if isinstance(result, _LAZY) or type(result).__module__ == "itertools":
        return f"a lazy {type(result).__name__}, and nothing was computed: return list(…)"
    if inspect.isasyncgen(result):
        return "an async generator, which nobody runs, so nothing was computed: await all of it, and return a list"
    return _unfinished(result)


def _unfinished(result: Any) -> str | None:
    """What goes on elsewhere, or never began."""
    if _is_a(result, "asyncio", "Future") or _is_a(result, "concurrent.futures", "Future"):
        return None if result.done() else f"a {_name(result)} that is not done: return its result"
    if isinstance(result, Awaitable):
        return f"a {_name(result)}, which nobody awaits, so nothing was computed: return what it awaits"
    if _is_a(result, "multiprocessing.pool", "ApplyResult"):
        return None if result.ready() else f"an {_name(result)} that is not ready: return its get()"
    if _is_a(result, "multiprocessing.pool", "IMapIterator"):
        return f"an {_name(result)}, which nobody has read: return list(…)"
    if _is_a(result, "subprocess", "Popen"):
        return None if result.poll() is not None else "a process that still runs: wait() for it"
    if _is_a(result, "threading", "Thread") or _is_a(result, "multiprocessing.process", "BaseProcess"):
        return f"a {_name(result)} that still runs: join() it" if result.is_alive() else None
    return None


def _is_a(result: object, module: str, name: str) -> bool:
    """Whether it is of this class; if the module was never imported it can't be, and is not imported for that."""
    loaded = sys.modules.get(module)
    found = getattr(loaded, name, None)
    return isinstance(found, type) and isinstance(result, found)


def _name(result: object) -> str:
    return type(result).__name__
