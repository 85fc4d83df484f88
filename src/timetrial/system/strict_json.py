"""JSON that every reader takes: whatever a value is, it is written in a form that strict parsers accept."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from numbers import Integral, Rational, Real
from typing import Any, Final

from timetrial.errors import shorten


def dumps(content: Any) -> str:
    """Strict JSON, one line: what has no JSON form becomes text, and NaN or infinity null."""
    try:
        text = json.dumps(content, default=_plain, allow_nan=False)
    except (ValueError, TypeError):
        text = _SURROGATE  # whatever it is, it takes the thorough way
    if _SURROGATE not in text:
        return text
    return json.dumps(_strict(content), default=_strict_plain, allow_nan=False)


# How json writes half a character, which strict readers refuse to read. Whole ones beyond U+FFFF begin so as well.
_SURROGATE: Final = r"\ud"


def _plain(value: object) -> object:
    """A number of another kind, such as numpy's, as Python's own; anything else as text."""
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Decimal) or (isinstance(value, Real) and not isinstance(value, Rational)):
        number = float(value)
        return number if math.isfinite(number) else None
    return _text_of(value)


def _text_of(value: object) -> str:
    """repr(), whatever that does."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 (anybody's repr; it must not lose a run's results)
        return shorten(value)


def _strict_plain(value: object) -> Any:
    return _strict(_plain(value))


def _strict(value: Any) -> Any:
    """The same with text for keys that JSON does not have, and null for NaN and infinity.

    Half a character, as Python's file names may have, becomes its escape; a whole number that is too long for Python
    to write out or read back is written in hexadecimal digits, as text.
    """
    if isinstance(value, dict):
        return {_key(key): _strict(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(each) for each in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, int):
        return _writable(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _writable(value: int) -> int | str:
    try:
        int.__repr__(value)
    except ValueError:
        return hex(value)
    return value


def _key(key: object) -> object:
    if isinstance(key, Integral) and not isinstance(key, int):
        key = int(key)
    return _strict(key) if key is None or isinstance(key, str | int) else _strict(_text_of(key))
