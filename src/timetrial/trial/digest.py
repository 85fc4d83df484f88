"""Digests of results: equal values have equal digests, in every process, on every run and under every model."""

from __future__ import annotations

import copyreg
import dataclasses
import hashlib
import io
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from types import FunctionType
from typing import Any, Final

from timetrial.errors import WorkloadError, shorten
from timetrial.models.uncomputed import uncomputed

_DIGEST_BYTES = 16
_PROTOCOL = 4  # the newest pickle protocol in which every object still reduces to plain values
_JOURNEYS: Final = 2  # as an item to a worker process, and back in its result


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


def forms(value: Any, comparable: Callable[[Any], object] | None = None) -> Iterator[bytes]:
    """The digest of a value, then those of what a process gets that it is sent to, and of what that one sends on.

    Some values have another state after that: numpy's masked arrays know their fill value then, a class may fill or
    drop a cache in ``__setstate__``. Plain data has one form, as has what can't be pickled. ``comparable`` is applied
    to each form. Raises WorkloadError for a value that cannot be taken apart.
    """
    yield _digest_of(value, comparable)
    for _ in range(_JOURNEYS):
        try:
            travelled = _sent(value)
            if travelled is None:
                return
            form = _digest_of(travelled, comparable)
        except Exception:  # noqa: BLE001 - __reduce__, __setstate__ and comparable may raise anything
            return
        yield form
        value = travelled


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


def _digest_of(value: Any, comparable: Callable[[Any], object] | None) -> bytes:
    return digest(value if comparable is None else comparable(value))


class _Sender(pickle.Pickler):
    """Pickles, and knows whether there was anything beyond plain data, which is the same wherever it goes."""

    met_objects = False

    def reducer_override(self, obj: object) -> Any:
        del obj
        self.met_objects = True
        return NotImplemented


def _sent(value: object) -> Any:
    """A copy as another process gets it; None for plain data. Raises whatever pickling raises."""
    buffer = io.BytesIO()
    sender = _Sender(buffer, pickle.HIGHEST_PROTOCOL)
    sender.dump(value)
    return pickle.loads(buffer.getbuffer()) if sender.met_objects else None


def _hint(value: object) -> str:
    if (reason := uncomputed(value)) is not None:
        return f"it is {reason}"
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
        parts = reduced if isinstance(reduced, str) else [_drained(each) for each in _without_caches(value, reduced)]
    _feed_text(update, "object", f"{type(value).__module__}.{type(value).__qualname__}")
    _feed(update, parts)


def _without_caches(value: Any, reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    """What an object reduces to, without what it has only computed from the rest and kept (``cached_property``).

    Such a property is filled when somebody asks for it, which may be one model's way to the same result.
    """
    caches = {name for name in getattr(value, "__dict__", ()) if _is_cache(type(value), name)}
    if not caches or len(reduced) < 3:
        return reduced
    state = reduced[2]
    attributes = state[0] if isinstance(state, tuple) and state else state
    if not isinstance(attributes, dict):
        return reduced
    kept = {name: part for name, part in attributes.items() if name not in caches}
    return (*reduced[:2], (kept, *state[1:]) if isinstance(state, tuple) else kept, *reduced[3:])


def _is_cache(kind: type, name: str) -> bool:
    """Whether an attribute stands before a descriptor of its class that only reads, as a cached property does."""
    descriptor = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)
    if descriptor is None or isinstance(descriptor, FunctionType | classmethod | staticmethod):
        return False
    return hasattr(type(descriptor), "__get__") and not hasattr(type(descriptor), "__set__")


def _drained(part: Any) -> Any:
    """The iterators that pickle gets for a list's or dict's members, as lists."""
    return list(part) if hasattr(part, "__next__") else part
