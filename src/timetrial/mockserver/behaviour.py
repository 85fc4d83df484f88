"""How a URL of the mock server behaves: the options' names, what each of them means, and how a query tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypedDict
from urllib.parse import quote

from timetrial.mockserver.delays import Delay, number_text

# What a fault does to the one request that it is for; timetrial.mockserver.faults holds the code of each.
FAULTS = (
    "reset_before_headers",
    "reset_in_headers",
    "reset_after_headers",
    "reset_in_body",
    "short_body",
    "long_body",
    "drip",
    "hang",
    "hang_in_body",
    "bad_chunks",
    "bad_encoding",
    "garbage",
    "endless_body",
    "redirect_loop",
    "close_after",
    "close_on_reuse",
)


class SeedlessOptions(TypedDict, total=False):
    """The keyword arguments that site() shares with page() and the others; its seed is an argument of its own."""

    delay_ms: float | str | Sequence[float]
    rate_bytes_per_s: int
    slots: int
    service_ms: float | str | Sequence[float]
    queue: str
    status: int
    retry_after_s: int
    fault: str
    cut_after_bytes: int
    interval_ms: float
    share: float
    nth: int
    first: int
    per: str
    gzip: bool
    chunked: bool


class BehaviourOptions(SeedlessOptions, total=False):
    """The keyword arguments that page(), stream() and the others share; see Behaviour."""

    seed: int


@dataclass(frozen=True)
class Behaviour:
    """What is done to the requests for a URL, apart from what is served there.

    ``delay_ms`` waits before answering: milliseconds, a distribution (``"lognormal:20,0.5"``) or a list.
    ``rate_bytes_per_s`` limits the body's bandwidth. ``slots`` lets that many requests at once be served, each
    for ``service_ms``, and the others wait; URLs with the same ``queue`` name share one.

    ``status`` answers with that status, and with ``retry_after_s`` as Retry-After. ``fault`` is one of FAULTS;
    ``cut_after_bytes`` ends the body there although more was declared. These hit every request, unless
    ``share`` (0 to 1), ``nth`` (only that one, from 1) or ``first`` (a client's first so many tries) limits
    them. A client is known ``per`` address, per connection, or per the value of a header that it is named after.
    What is drawn depends on ``seed``, the URL's path and the request's number there; ``nth``, ``first`` and
    ``share`` count for each URL by itself.

    ``gzip`` compresses bodies of up to 16 MiB for clients that accept it; ``chunked`` sends chunks instead of a
    declared length.
    """

    delay_ms: Delay | None = None
    seed: int = 0
    rate_bytes_per_s: int = 0
    slots: int = 0
    service_ms: Delay | None = None
    queue: str = ""
    status: int = 0
    retry_after_s: int = -1
    fault: str = ""
    cut_after_bytes: int = -1
    interval_ms: float = 10.0
    share: float = 1.0
    nth: int = 0
    first: int = 0
    per: str = "address"
    gzip: bool = False
    chunked: bool = False

    def query(self) -> str:
        """The options that differ from the defaults, as a query string without the question mark."""
        pairs = ((name, getattr(self, name)) for name in NAMES)
        changed = ((name, value) for name, value in pairs if value != getattr(PLAIN, name))
        return "&".join(f"{name}={quote(_text(value), safe=':,.')}" for name, value in changed)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return number_text(value) if isinstance(value, float) else str(value)


NAMES = tuple(field.name for field in fields(Behaviour))
PLAIN = Behaviour()
