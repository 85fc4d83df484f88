"""Results that are no results yet: work that was described, begun or handed on, and that nobody has waited for."""

from __future__ import annotations

import inspect
import io
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from dataclasses import is_dataclass
from functools import partial
from itertools import count, cycle, islice, repeat
from typing import Any, Final

_LAZY: Final = (map, zip, filter, enumerate, type(iter(int, 1)))
_OVER_WHAT_IS_THERE: Final = frozenset({"builtins", "_collections", "array"})
"""The modules of iterators such as a list's: what they go through is computed already."""

_ENDLESS: Final = (count, cycle, repeat)
"""What hands out numbers or names as long as it is asked, and sits in many an object for that."""

_READABLE: Final = ("read", "readline", "fetchone")
"""Methods of files and of cursors, which go through their lines too, and whose opening or query is work."""

_PLAIN: Final = frozenset({int, float, str, bytes, bool, type(None)})
_COLLECTIONS: Final[tuple[type[Iterable[Any]], ...]] = (
    list,
    tuple,
    set,
    frozenset,
    deque,
    type({}.values()),
    type({}.items()),
)
_LOOKED_AT: Final = 100
"""Of all that a result holds, the outermost first; a mistake shows in the first of them."""


def uncomputed(result: object) -> str | None:
    """What a result is in place of one, and how to get it, such as "a generator, …: return list(…)"; None for a value.

    Looks into collections, dictionaries and dataclasses too. Cheap, and meant for a first run: it is not to be timed.
    """
    if isinstance(result, partial):  # inside of a result it may be a callback
        return "a partial, which nobody called, so nothing was computed: return what it returns"
    return next((reason for part in _parts(result) if (reason := _reason(part)) is not None), None)


def let_go(result: object) -> None:
    """Closes coroutines that nobody will await, so that Python doesn't complain of them at some later moment."""
    for part in _parts(result):
        if inspect.iscoroutine(part):
            part.close()


def _parts(result: object) -> Iterator[object]:
    """The result and what it holds, at any depth, as far as it is looked at; numbers and texts are left out."""
    waiting = deque([result])
    for _ in range(_LOOKED_AT):
        if not waiting:
            return
        part = waiting.popleft()
        yield part
        waiting.extend(each for each in islice(_inside(part), _LOOKED_AT) if type(each) not in _PLAIN)


def _inside(part: object) -> Iterable[object]:
    if isinstance(part, _COLLECTIONS):
        return part
    if isinstance(part, dict):
        return part.values()
    if _is_a(part, "numpy", "ndarray"):
        return getattr(part, "flat", ()) if getattr(getattr(part, "dtype", None), "hasobject", False) else ()
    if is_dataclass(part) and not isinstance(part, type):
        return getattr(part, "__dict__", {}).values()
    return ()


def _reason(result: object) -> str | None:
    if _is_a(result, "unittest.mock", "NonCallableMock"):  # it has every method
        return None
    if inspect.isgenerator(result):
        return "a generator, and nothing was computed: return list(…)"
    if inspect.isasyncgen(result):
        return "an async generator, which nobody runs, so nothing was computed: await all of it, and return a list"
    if isinstance(result, _LAZY) or _is_lazy_iterator(result):
        return f"a lazy {_name(result)}, and nothing was computed: return list(…)"
    if isinstance(result, AsyncIterator) and not _is_readable(result):
        return f"an {_name(result)}, which nobody runs, so nothing was computed: await all of it, and return a list"
    return _never_begun(result) or _unfinished(result)


def _is_lazy_iterator(result: object) -> bool:
    """Whether it computes what it hands out, as a class of one's own does, or the reader of a CSV file."""
    if not isinstance(result, Iterator) or isinstance(result, _ENDLESS):
        return False
    return type(result).__module__ not in _OVER_WHAT_IS_THERE and not _is_readable(result)


def _is_readable(result: object) -> bool:
    return isinstance(result, io.IOBase) or any(hasattr(type(result), name) for name in _READABLE)


def _never_begun(result: Any) -> str | None:
    """What @contextmanager makes of a function: it begins in a with block."""
    if _is_a(result, "contextlib", "_GeneratorContextManager"):
        begun = inspect.getgeneratorstate(result.gen) != inspect.GEN_CREATED
    elif _is_a(result, "contextlib", "_AsyncGeneratorContextManager"):
        begun = result.gen.ag_frame is None
    else:
        return None
    return None if begun else "a context manager, which nobody entered, so nothing was computed: use it in a with block"


def _unfinished(result: Any) -> str | None:
    """What goes on elsewhere, or never began."""
    if _is_a(result, "asyncio", "Future") or _is_a(result, "concurrent.futures", "Future"):
        if result.cancelled():  # as a loop does with what is left when it closes
            return f"a {_name(result)} that was cancelled: return its result"
        return None if result.done() else f"a {_name(result)} that is not done: return its result"
    if isinstance(result, Awaitable):
        return f"a {_name(result)}, which nobody awaits, so nothing was computed: return what it awaits"
    if _is_a(result, "multiprocessing.pool", "ApplyResult"):
        return None if result.ready() else f"an {_name(result)} that is not ready: return its get()"
    if _is_a(result, "multiprocessing.pool", "IMapIterator"):
        return f"an {_name(result)}, which nobody has read: return list(…)"
    if _is_a(result, "subprocess", "Popen"):
        return None if result.poll() is not None else "a process that still runs: wait() for it"
    if _is_a(result, "asyncio.subprocess", "Process"):
        return None if result.returncode is not None else "a process that still runs: await its wait()"
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
