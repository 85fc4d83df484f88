"""Every claim that timetrial brings along, in the order in which a reader meets them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Final

from timetrial.claims.claim import Claim
from timetrial.errors import ClaimError

THEMES: Final = (
    "computing",
    "waiting",
    "clients",
    "servers",
    "event_loop",
    "messages",
    "memory",
    "processes",
    "free_threading",
    "code",
)


def all_claims() -> list[Claim]:
    """Those of each theme, in the order in which its module defines them."""
    return [
        each
        for theme in THEMES
        for each in vars(import_module(f"timetrial.claims.{theme}")).values()
        if isinstance(each, Claim)
    ]


def named(ids: Iterable[str], claims: Iterable[Claim]) -> list[Claim]:
    """The claims of these ids; raises ClaimError that names the nearest for one that there isn't."""
    from difflib import get_close_matches

    by_id = {each.id: each for each in claims}
    for each in ids:
        if each not in by_id:
            near = get_close_matches(each, by_id, 3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(by_id)}"
            raise ClaimError(f"there is no claim {each!r}: {hint}")
    return [by_id[each] for each in dict.fromkeys(ids)]
