"""What a list of items is known by: before a trial, after it, and apart from the address of the trial's server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from timetrial.trial.digest import digest_of_items


@dataclass(frozen=True)
class ItemsKey:
    """Tells one list of items from another by what a worker process would get of them.

    ``before`` is a digest of the items as they were given, None where they can't be pickled and so can't be told
    apart. ``server_url`` is the address of the server that the trial asks, empty without one. Made before anything is
    done to the items; a list is pickled once for each of the three questions, when it is first asked.
    """

    items: Sequence[Any] = field(repr=False, compare=False)
    server_url: str = field(compare=False)
    before: bytes | None

    @cached_property
    def without_url(self) -> bytes | None:
        """As ``before``, apart from the server's address, which may be another one for each model of a test."""
        if not self.server_url or self.before is None:
            return self.before
        return digest_of_items(_without(self.server_url, list(self.items)))

    def changed(self) -> bool:
        """Whether the items are no longer what they were; False where that can't be told."""
        return self.before is not None and digest_of_items(self.items) != self.before


def key_of(items: Sequence[Any], server: object = None) -> ItemsKey:
    """The key of these items; ``server`` is what the trial asks, known by its ``url`` if it has one."""
    return ItemsKey(items, str(getattr(server, "url", "")), digest_of_items(items))


def _without(url: str, thing: Any) -> Any:
    if isinstance(thing, str):
        return thing.replace(url, "")
    return [_without(url, member) for member in thing] if isinstance(thing, list | tuple) else thing
