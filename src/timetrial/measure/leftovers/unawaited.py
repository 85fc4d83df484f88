"""Coroutines that were made and never awaited: dropped, which Python warns of, or kept, which nobody tells."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from types import CoroutineType
from typing import Any, Final

NEVER_AWAITED: Final = r"coroutine .* was never awaited"
"""Python's warning of a coroutine that was dropped."""


def dropped_sentence(message: Warning | str, file: str, line: int) -> str | None:
    """What is said of a coroutine that was dropped; None where the warning is about something else."""
    text = str(message)
    return f"{text.splitlines()[0]} ({file}:{line})" if re.match(NEVER_AWAITED, text) else None


def kept_sentence(coroutine: Any) -> str:
    """What is said of a coroutine that somebody keeps."""
    return f"coroutine {place_of(coroutine)} was never awaited"


def counted(sentences: Counter[str]) -> list[str]:
    """Each sentence once, with how often it was said where that is more than once."""
    return [f"{each} ({times:,} times)" if times > 1 else each for each, times in sentences.items()]


def is_unstarted(thing: object) -> bool:
    """Whether it is a coroutine that nobody has begun to await."""
    # By type() and not isinstance(), which asks proxies for their __class__ and so runs foreign code.
    return type(thing) is CoroutineType and inspect.getcoroutinestate(thing) == inspect.CORO_CREATED


def place_of(coroutine: Any) -> str:
    """A coroutine's name, and where it is defined."""
    code = getattr(coroutine, "cr_code", None)
    if code is None:
        return repr(coroutine)
    return f"{coroutine.__qualname__!r} ({code.co_filename}:{code.co_firstlineno})"
