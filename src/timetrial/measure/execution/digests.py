"""Code and plain values as short texts: two are equal where the code, or the value, is the same."""

from __future__ import annotations

import email
import hashlib
from types import CodeType
from typing import Any, Final

_BYTES: Final = 12
_DEEPEST: Final = 6
_NO_MATTER: Final = ("version", "description")


def digest(*parts: object) -> str:
    """Of texts, bytes, or what has a repr that says all of it."""
    made = hashlib.blake2b(digest_size=_BYTES)
    for part in parts:
        content = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        made.update(len(content).to_bytes(8, "big"))
        made.update(content)
    return made.hexdigest()


def digest_of_code(code: CodeType) -> str:
    """Of its bytecode and constants, those of nested functions too. Neither lines, nor the file, nor comments count."""
    return digest(_canonical(code))


def digest_of_metadata(content: bytes) -> str:
    """Of what a distribution says of itself, but for its version and description.

    A version that is drawn from git is another one in each commit, as a readme may be: nothing runs otherwise for that.
    """
    told = email.message_from_bytes(content)
    return digest(sorted((name, str(value)) for name, value in told.items() if name.lower() not in _NO_MATTER))


def _canonical(value: Any) -> str:
    if isinstance(value, CodeType):
        return _canonical_code(value)
    if isinstance(value, tuple):
        return f"({','.join(map(_canonical, value))})"
    if isinstance(value, frozenset):
        return f"{{{','.join(sorted(map(_canonical, value)))}}}"
    if isinstance(value, slice):
        return f"slice{_canonical((value.start, value.stop, value.step))}"
    return f"{type(value).__name__}:{value!r}"  # None, …, numbers and texts: repr tells 0.0 from -0.0


def _canonical_code(code: CodeType) -> str:
    shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    table = getattr(code, "co_exceptiontable", b"")
    return f"<{code.co_qualname}{shape}{names}{code.co_code.hex()}|{table.hex()}{_canonical(code.co_consts)}>"


def simple(value: object, depth: int = 0) -> str | None:
    """A plain value in words that are the same where the value is; None for anything that isn't plain all through."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | type(Ellipsis)):
        return f"{type(value).__name__}:{value!r}" if type(value).__module__ == "builtins" else None
    if depth > _DEEPEST or type(value) not in (tuple, list, dict, set, frozenset):
        return None
    if isinstance(value, dict):
        items = [(simple(key, depth + 1), simple(each, depth + 1)) for key, each in value.items()]
        return None if any(None in item for item in items) else f"dict:{items}"
    parts = [simple(each, depth + 1) for each in value]  # type: ignore[attr-defined]
    if None in parts:
        return None
    ordered = sorted(map(str, parts)) if isinstance(value, set | frozenset) else parts
    return f"{type(value).__name__}:{ordered}"
