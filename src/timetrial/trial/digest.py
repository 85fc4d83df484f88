"""Digests of results: equal values have equal digests, in every process, on every run and under every model."""

from __future__ import annotations

import copyreg
import dataclasses
import hashlib
import pickle
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

from timetrial.errors import WorkloadError, shorten

_DIGEST_BYTES = 16
_PROTOCOL = 4  # the newest pickle protocol in which every object still reduces to plain values


def digest(value: object) -> bytes:
    """16 bytes that depend on the value alone: not on identity, hash seed, or having travelled between processes.

    Raises WorkloadError for a value that cannot be taken apart (a socket, a lock, something that contains itself).
    """
    hasher = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    try:
        _feed(hasher.update, value)
    except RecursionError:
        raise WorkloadError(f"a result contains itself, or nests too deeply, to be compared: {_hint(value)}") from None
    except (TypeError, ValueError, AttributeError, pickle.PicklingError) as error:
        raise WorkloadError(f"a result can't be compared ({error}): {_hint(value)}") from error
    return hasher.digest()


def digest_of_items(items: Iterable[Any]) -> bytes | None:
    """Of what a worker process would get of them; None where they can't be pickled, and so can't be told apart."""
    try:
        return digest(pickle.dumps(list(items)))
    except (pickle.PicklingError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def combine(digests: Iterable[bytes]) -> str:
    """One hexadecimal digest for a whole list of results, in their order."""
    hasher = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for each in digests:
        hasher.update(each)
    return hasher.hexdigest()


def _hint(value: object) -> str:
    return f"{shorten(value)}; give the workload comparable=, a function from the result to a plain value"


def _feed(update: Callable[[bytes | bytearray], None], value: Any) -> None:
    if isinstance(value, bytes | bytearray | memoryview):
        update(b"b%d:" % memoryview(value).nbytes)
        update(bytes(value) if isinstance(value, memoryview) else value)
    elif type(value) is int:
        _feed_text(update, "int", hex(value))  # repr refuses more than 4300 digits
    elif value is None or type(value) in (bool, float, complex, str):
        _feed_text(update, type(value).__name__, repr(value))
    elif type(value) in (list, tuple):
        update(b"%s%d:" % (type(value).__name__.encode(), len(value)))
        for each in value:
            _feed(update, each)
    elif isinstance(value, Mapping):
        _feed_unordered(update, type(value), value.items())
    elif isinstance(value, Set):
        _feed_unordered(update, type(value), value)
    elif isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        _feed_text(update, "name", f"{value.__module__}.{value.__qualname__}")
    else:
        _feed_object(update, value)


def _feed_text(update: Callable[[bytes | bytearray], None], tag: str, text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    update(b"%s%d:%s" % (tag.encode(), len(raw), raw))


def _feed_unordered(update: Callable[[bytes | bytearray], None], kind: type, members: Iterable[object]) -> None:
    digests = sorted(digest(each) for each in members)
    _feed_text(update, "kind", kind.__qualname__)
    update(b"%d:" % len(digests))
    update(b"".join(digests))


def _feed_object(update: Callable[[bytes | bytearray], None], value: Any) -> None:
    """Takes an object apart: a dataclass by its compared fields, others as pickle would but blind to identity."""
    if dataclasses.is_dataclass(value):
        parts: Any = [getattr(value, each.name) for each in dataclasses.fields(value) if each.compare]
    else:
        reduce = copyreg.dispatch_table.get(type(value))
        reduced = reduce(value) if reduce else value.__reduce_ex__(_PROTOCOL)
        parts = reduced if isinstance(reduced, str) else [_drained(each) for each in reduced]
    _feed_text(update, "object", f"{type(value).__module__}.{type(value).__qualname__}")
    _feed(update, parts)


def _drained(part: Any) -> Any:
    """The iterators that pickle gets for a list's or dict's members, as lists."""
    return list(part) if hasattr(part, "__next__") else part
