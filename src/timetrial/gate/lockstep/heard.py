"""What a side may say: every field of its messages has the kind and range that the gate counts on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from timetrial.errors import GateError, shorten
from timetrial.gate.lockstep.channel import Message

_LONGEST_S: Final = 1e6
_MOST_ROUNDS: Final = 10_000
_CHANGED: Final = ": does something there change what timetrial says?"
_TROUBLES: Final = ("failed", "skipped", "void")

_Check = tuple[str, Callable[[Any], bool]]


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LONGEST_S


def _or_none(check: _Check) -> _Check:
    what, fits = check
    return f"{what} or null", lambda value: value is None or fits(value)


def _every(check: _Check) -> _Check:
    what, fits = check
    return f"list of {what}", lambda value: isinstance(value, list) and all(map(fits, value))


_TEXT: Final[_Check] = ("text", lambda value: isinstance(value, str))
_FLAG: Final[_Check] = ("true or false", lambda value: isinstance(value, bool))
_OBJECT: Final[_Check] = ("object", lambda value: isinstance(value, dict))
_SECONDS: Final[_Check] = ("number of seconds", _is_seconds)
_COUNT: Final[_Check] = ("count", lambda value: type(value) is int and value >= 0)
_ROUNDS: Final[_Check] = (
    f"count up to {_MOST_ROUNDS}",
    lambda value: type(value) is int and 0 <= value <= _MOST_ROUNDS,
)
_TROUBLE: Final[_Check] = (f"kind of trouble ({', '.join(_TROUBLES)})", lambda value: value in _TROUBLES)
_OFFER: Final[_Check] = (
    "benchmark",
    lambda value: (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and (value.get("skip", 0) is None or isinstance(value.get("skip"), str))
    ),
)

_UNCOLLECTED: Final[_Check] = (
    "file with its reason",
    lambda value: isinstance(value, dict) and all(isinstance(value.get(name), str) for name in ("file", "reason")),
)

_FACTS: Final[_Check] = (
    "object of texts",
    lambda value: isinstance(value, dict) and all(isinstance(each, str) for each in value.values()),
)

_NEEDED: Final[Mapping[str, Mapping[str, _Check]]] = {
    "hello": {"collection_errors": _COUNT, "benchmarks": _every(_OFFER)},
    "ready": {"name": _TEXT, "workers": _FLAG, "server": _FLAG},
    "round": {"s": _SECONDS, "cpu_s": _SECONDS, "workers": _FLAG},
    "obeyed": {},
    "trouble": {"name": _TEXT, "trouble": _TROUBLE, "reason": _TEXT},
    "closed": {"name": _TEXT},
    "common": {"facts": _FACTS, "unseen": _every(_TEXT)},
    "noted": {"name": _TEXT, "facts": _FACTS, "unseen": _every(_TEXT)},
}
_OPTIONAL: Final[Mapping[str, Mapping[str, _Check]]] = {
    "hello": {"remarks": _every(_TEXT), "unknown": _every(_TEXT), "uncollected": _every(_UNCOLLECTED), "order": _TEXT},
    "ready": {"least_s": _SECONDS, "least_rounds": _ROUNDS, "timer": _or_none(_TEXT), "untimed": _FLAG},
    "round": {"wall_s": _SECONDS},
    "closed": {"trouble": _TROUBLE, "reason": _TEXT, "python": _OBJECT},
}


def understood(message: Message, who: str) -> Message:
    """The same message; raises GateError, naming ``who`` said it and what is wrong, for one that can't be meant."""
    kind = message.get("kind")
    needed = _NEEDED.get(kind) if isinstance(kind, str) else None
    if needed is None:
        raise GateError(f"{who} says {shorten(message)}, which is nothing that a side says{_CHANGED}")
    for name, (what, fits) in needed.items():
        if not fits(message.get(name)):
            raise GateError(
                f"{who} says {kind} with {name} = {shorten(message.get(name))}, which is no {what}{_CHANGED}"
            )
    for name, (what, fits) in _OPTIONAL.get(str(kind), {}).items():
        if name in message and not fits(message[name]):
            raise GateError(f"{who} says {kind} with {name} = {shorten(message[name])}, which is no {what}{_CHANGED}")
    return message
