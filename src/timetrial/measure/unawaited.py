"""Coroutines that were made and never awaited: dropped, which Python warns of, or kept, which nobody tells."""

from __future__ import annotations

import gc
import inspect
import re
import warnings
from collections import Counter
from types import CoroutineType
from typing import Any, Final, TextIO

_MESSAGE: Final = r"coroutine .* was never awaited"


class Dropped:
    """Counts Python's own warnings of dropped coroutines from ``listen`` to ``stop``; others go where they went.

    It leaves the filter behind that lets them through: in a process that goes on, put it into catch_warnings.
    """

    def __init__(self) -> None:
        self._places: Counter[str] = Counter()

    def listen(self) -> None:
        """From here on."""
        warnings.filterwarnings("always", message=_MESSAGE, category=RuntimeWarning)
        self._show = warnings.showwarning
        warnings.showwarning = self._hear

    def stop(self) -> list[str]:
        """A sentence for each place whose coroutines were dropped, with how many they were."""
        gc.collect()
        warnings.showwarning = self._show
        return counted(self._places)

    def _hear(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if re.match(_MESSAGE, str(message)):
            self._places[f"{str(message).splitlines()[0]} ({filename}:{lineno})"] += 1
        else:
            self._show(message, category, filename, lineno, file, line)


def counted(sentences: Counter[str]) -> list[str]:
    """Each sentence once, with how often it was said where that is more than once."""
    return [f"{each} ({times:,} times)" if times > 1 else each for each, times in sentences.items()]


def is_unstarted(thing: object) -> bool:
    """Whether it is a coroutine that nobody has begun to await."""
    # By type() and not isinstance(), which asks proxies for their __class__ and so runs foreign code.
    return type(thing) is CoroutineType and inspect.getcoroutinestate(thing) == inspect.CORO_CREATED


def never_awaited_sentence(coroutine: Any) -> str:
    """What is said of one that is kept."""
    return f"coroutine {place_of(coroutine)} was never awaited"


def place_of(coroutine: Any) -> str:
    """A coroutine's name, and where it is defined."""
    code = getattr(coroutine, "cr_code", None)
    if code is None:
        return repr(coroutine)
    return f"{coroutine.__qualname__!r} ({code.co_filename}:{code.co_firstlineno})"
