"""How a URL of the mock server behaves: one set of names for Python's keyword arguments, TOML and query strings."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, SupportsIndex, TypedDict
from urllib.parse import quote

from timetrial.errors import MockServerError
from timetrial.mockserver.delays import Delay, parse_delay

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


# A larger body would hold up all other requests while it is compressed.
MOST_GZIPPED_BYTES = 16 * 2**20


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
        pairs = ((name, getattr(self, name)) for name in _NAMES)
        changed = ((name, value) for name, value in pairs if value != getattr(PLAIN, name))
        return "&".join(f"{name}={quote(_text(value), safe=':,.')}" for name, value in changed)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(low: float, high: float, kind: Callable[[Any], float]) -> Callable[[object], float]:
    def parse(value: object) -> float:
        try:
            number = kind(value)
        except (ValueError, OverflowError):
            number = low - 1
        if isinstance(value, bool) or not low <= number <= high or (isinstance(value, float) and number != value):
            raise ValueError(f"{'an integer' if kind is int else 'a number'} from {low:g} to {high:g}")
        return number

    return parse


def _flag(value: object) -> bool:
    if value in (True, "1", "true"):
        return True
    if value in (False, "0", "false"):
        return False
    raise ValueError("1 or 0")


def _fault(value: object) -> str:
    if value not in FAULTS:
        raise ValueError(f"one of {', '.join(FAULTS)}")
    return str(value)


def _per(value: object) -> str:
    name = str(value).lower()
    if not re.fullmatch(r"[a-z0-9_-]{1,64}", name):
        raise ValueError("address, connection, or the name of a header")
    return name


_PARSERS: dict[str, Callable[[object], object]] = {
    "delay_ms": parse_delay,
    "seed": _number(-(2**63), 2**63, int),
    "rate_bytes_per_s": _number(1, 2**40, int),
    "slots": _number(1, 100_000, int),
    "service_ms": parse_delay,
    "queue": str,
    "status": _number(200, 599, int),
    "retry_after_s": _number(0, 86_400, int),
    "fault": _fault,
    "cut_after_bytes": _number(0, 2**42, int),
    "interval_ms": _number(0, 60_000, float),
    "share": _number(0, 1, float),
    "nth": _number(1, 2**40, int),
    "first": _number(1, 2**40, int),
    "per": _per,
    "gzip": _flag,
    "chunked": _flag,
}
_NAMES = tuple(field.name for field in fields(Behaviour))
PLAIN = Behaviour()


def behaviour(options: Mapping[str, object], where: str) -> Behaviour:
    """The Behaviour for these options; raises MockServerError that names the option, its place and what it takes."""
    return Behaviour(**{name: _parsed(name, value, where) for name, value in options.items()})  # type: ignore[arg-type] # each parser returns its field's type


def whole(value: object, low: int, high: int, takes: str) -> int:
    """The integer, numpy's included, as an int; raises MockServerError unless it lies between ``low`` and ``high``."""
    try:
        number = None if isinstance(value, bool) or not isinstance(value, SupportsIndex) else operator.index(value)
    except TypeError:  # an array, which is an integer only where it has a single one
        number = None
    if number is None or not low <= number <= high:
        raise MockServerError(f"{takes}, not {value!r}")
    return number


def check_gzip(how: Behaviour, size_bytes: int, where: str) -> None:
    """Raises MockServerError for a body that is too large to be compressed."""
    if how.gzip and size_bytes > MOST_GZIPPED_BYTES:
        raise MockServerError(f"{where}: gzip is for bodies of up to {MOST_GZIPPED_BYTES} bytes, not {size_bytes}")


def _parsed(name: str, value: object, where: str) -> object:
    if name not in _PARSERS:
        raise MockServerError(f"{where}: there is no option {name!r}; the options are {', '.join(_NAMES)}")
    try:
        return _PARSERS[name](value)
    except (ValueError, TypeError) as problem:
        raise MockServerError(f"{where}: {name}={value!r} cannot be used; it takes {problem}") from None
