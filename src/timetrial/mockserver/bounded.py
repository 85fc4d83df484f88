"""A memory with a bound in bytes: what was kept first is forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class Bounded(Generic[KeyT, ValueT]):
    """Values by key, as many as go into ``most_bytes`` together.

    ``values`` may be read as the dictionary that it is, by whoever has no time for a call. What is larger than the
    bound by itself is not kept. ``forgotten`` is called with each value that has to go, or is replaced.
    """

    def __init__(self, most_bytes: int, forgotten: Callable[[ValueT], None] | None = None) -> None:
        self.most_bytes = most_bytes
        self.values: dict[KeyT, ValueT] = {}
        self.size_bytes = 0
        self._sizes: OrderedDict[KeyT, int] = OrderedDict()  # oldest first, which a dict finds slowly after deletions
        self._forgotten = forgotten

    def get(self, key: KeyT) -> ValueT | None:
        """The value, or None where there is none any more."""
        return self.values.get(key)

    def keep(self, key: KeyT, value: ValueT, size_bytes: int) -> None:
        """Remembers the value, which takes so many bytes; the oldest ones make room for it."""
        self.drop(key)
        if size_bytes > self.most_bytes:
            return
        while self.size_bytes + size_bytes > self.most_bytes:
            self.drop(next(iter(self._sizes)))
        self.values[key] = value
        self._sizes[key] = size_bytes
        self.size_bytes += size_bytes

    def drop(self, key: KeyT) -> None:
        """Forgets this one, if it is there."""
        if key in self._sizes:
            value = self.values.pop(key)
            self.size_bytes -= self._sizes.pop(key)
            if self._forgotten is not None:
                self._forgotten(value)

    def clear(self) -> None:
        """Forgets all."""
        while self.values:
            self.drop(next(iter(self._sizes)))
