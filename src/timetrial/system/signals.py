"""Signals: their names, and how what is to be cleaned up is cleaned up when one of them ends the program."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

# Ctrl-C raises KeyboardInterrupt by itself; these would end Python on the spot. Each platform has some of them.
_ENDING: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
_BY_SIGNAL: Final = 128  # a shell's way to say which signal ended a program


def name_of(number: int) -> str:
    """A signal's name, such as ``SIGKILL``, or ``signal 42`` for one that has none; a positive number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@contextmanager
def endings_unwind() -> Iterator[None]:
    """Within, a signal that would end Python raises SystemExit, so that what is open gets closed.

    A signal that is ignored (as under ``nohup``) or handled by somebody else stays as it is. Only the main thread can
    do this; elsewhere nothing changes.
    """
    taken = [each for each in _ENDING if _is_main_thread() and signal.getsignal(each) is signal.SIG_DFL]
    for each in taken:
        signal.signal(each, _unwind)
    try:
        yield
    finally:
        for each in taken:
            signal.signal(each, signal.SIG_DFL)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within, Ctrl-C and the like are ignored: for the second or so that cleaning up takes."""
    numbers = (signal.SIGINT, *_ENDING) if _is_main_thread() else ()
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def deferred() -> Iterator[None]:
    """Within, Ctrl-C and the like wait for the block's end: what it starts is known by then, and can be ended."""
    numbers = [each for each in (signal.SIGINT, *_ENDING) if _is_main_thread() and callable(signal.getsignal(each))]
    caught: list[int] = []
    before = {each: signal.signal(each, lambda number, _frame: caught.append(number)) for each in numbers}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    for number in caught:
        signal.raise_signal(number)


def _unwind(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(_BY_SIGNAL + number)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
