"""What code mentions by name: ``limits.LIMIT`` from a global on, ``.size`` of something else, ``?word`` in a text."""

from __future__ import annotations

import dis
import re
from collections.abc import Iterator
from types import CodeType
from typing import Final

_WORD: Final = re.compile(r"[^\W\d]\w*")
_IN_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_GLOBALS: Final = ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "STORE_NAME", "DELETE_GLOBAL")
_ATTRIBUTES: Final = ("LOAD_ATTR", "LOAD_METHOD")
_NOTHING: Final = ("CACHE", "EXTENDED_ARG")
_LONGEST: Final = 200


def mentions_in(code: CodeType) -> set[str]:
    """Of a function, with those that are nested in it."""
    found = set(_mentions(code))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= mentions_in(constant)
    return found


def _mentions(code: CodeType) -> Iterator[str]:
    chain = ""
    for instruction in dis.get_instructions(code):
        name, value = instruction.opname, instruction.argval
        if name in _ATTRIBUTES and chain:
            chain += f".{value}"
            continue
        if name in _NOTHING:
            continue
        if chain:
            yield chain
        chain = str(value) if name in _GLOBALS else ""
        if name in _GLOBALS or not isinstance(value, str | tuple | frozenset):
            continue
        if instruction.opcode in dis.hasname:
            yield from (f".{each}" for each in str(value).split("."))
        elif instruction.opcode in dis.hasconst:
            yield from (f"?{word}" for word in _words_of(value))
    if chain:
        yield chain


def _words_of(constant: object) -> Iterator[str]:
    if isinstance(constant, str):
        yield from words_in(constant)
    elif isinstance(constant, tuple | frozenset):
        for each in constant:
            yield from _words_of(each)


def words_in(text: str) -> list[str]:
    """What getattr, attrgetter or a format string could take for names; the words of a sentence are none."""
    if len(text) > _LONGEST:
        return []
    if any(each.isspace() for each in text):
        text = " ".join(_IN_BRACES.findall(text))
    return _WORD.findall(text)
