"""Tracers and profilers, held off while rounds are timed: on every thread, and put back as they were.

Coverage, debuggers and profilers make each line or call of Python slower, and code with many lines slower than code
with few. Python has three places for them: ``sys.settrace``, ``sys.setprofile`` and, since 3.12, ``sys.monitoring``.
What sits elsewhere, or can't be put back, goes on; ``Pause.left`` names it, and what is timed then means nothing.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, Final

from timetrial.measure.monitoring import hold_off_monitors

LEFT_ALONE: Final[set[object]] = set()
"""Tracers that go on: in a pass that is there to note what runs, and times nothing."""

_in_force: Final[list[Pause]] = []
"""The pauses of this process that have not ended."""

_let_through: Final[list[object]] = []
"""The runs of this process that are made to be traced, and have not ended."""


class Pause:
    """Until ``resume()``, nothing traces or profiles this process, but for what ``left`` names.

    ``held``: the names of what is held off, such as "coverage". ``left``: what could not be, one phrase each, such as
    "the profiler of memray".
    """

    def __init__(self) -> None:
        held: list[str] = []
        left = [*_out_of_reach()]
        self._undo = ExitStack()
        for place in (_TRACING, _PROFILING):
            place.hold_off(self._undo, held, left)
        hold_off_monitors(self._undo, held)
        _hold_off_trampoline(self._undo, held)
        self.held = tuple(dict.fromkeys(held))
        self.left = tuple(dict.fromkeys(left))
        _in_force.append(self)

    def resume(self) -> None:
        """Puts everything back; a second call does nothing."""
        if self in _in_force:
            _in_force.remove(self)
        self._undo.close()

    def look_again(self) -> None:
        """At the end of what is timed: adds to ``left`` what began to trace or profile this process in between."""
        with paused() as since:
            self.left = tuple(
                dict.fromkeys([*self.left, *since.left, *(f"{each}, begun meanwhile" for each in since.held)])
            )


def pause() -> Pause:
    """Holds off what traces or profiles this process; best before the threads of a round are started.

    Python 3.11 can't reach into threads that run already: those that are traced are named in ``left``. Later versions
    can; a thread that gave itself a tracer of its own doesn't get it back. Pauses may be nested: the inner one finds
    nothing to do.
    """
    return Pause()


@contextmanager
def paused() -> Iterator[Pause]:
    """``pause()`` for the length of a block."""
    made = pause()
    try:
        yield made
    finally:
        made.resume()


@contextmanager
def let_through() -> Iterator[None]:
    """Around what times nothing and may be run for its coverage: worker processes that open in it stay traced."""
    _let_through.append(None)
    try:
        yield
    finally:
        _let_through.pop()


def is_let_through() -> bool:
    """Whether what runs now may be traced, here and in its worker processes."""
    return bool(_let_through)


def hold_off_here() -> None:
    """In a thread that begins in a pause, first of all: a debugger gives it a tracer past threading.settrace."""
    if _in_force:
        for place in (_TRACING, _PROFILING):
            place.hold_off_here()


class _Place:
    """One of the two functions that Python calls for each event of a thread: "trace" or "profile"."""

    def __init__(self, kind: str, what: str) -> None:
        self._what = what
        self._get: Callable[[], Any] = getattr(sys, f"get{kind}")
        self._set: Callable[[Any], None] = getattr(sys, f"set{kind}")
        self._get_for_new_threads: Callable[[], Any] = getattr(threading, f"get{kind}")
        self._set_for_new_threads: Callable[[Any], None] = getattr(threading, f"set{kind}")
        # Python 3.12; it sets the one for new threads too
        self._set_everywhere: Callable[[Any], None] | None = getattr(threading, f"set{kind}_all_threads", None)

    def hold_off(self, undo: ExitStack, held: list[str], left: list[str]) -> None:
        """Takes away the functions of this thread, of those that run, and of those to come."""
        own, for_new = self._get(), self._get_for_new_threads()
        if LEFT_ALONE and not LEFT_ALONE.isdisjoint((own, for_new)):
            return
        names = [_program_of(each) for each in (for_new, own) if each is not None]
        others = self._traced_threads(for_new)
        if _is_cprofile(own):
            undo.callback(own.enable)
            own.disable()
            own = None
        if (own is not None and not callable(own)) or not _ON_THEIR_OWN.isdisjoint(names):
            left.append(f"the {self._what} of {names[0]}")
            return
        if own is None and for_new is None and not others:
            held += names
            return
        undo.callback(self._set, own)
        if self._set_everywhere is not None:
            undo.callback(self._set_everywhere if others else self._set_for_new_threads, for_new)
            self._set_everywhere(None)
        else:
            undo.callback(self._set_for_new_threads, for_new)
            self._set_for_new_threads(None)
            left += [f"the {self._what} in the thread {each!r}, which ran already" for each in others]
        self._set(None)
        held += names

    def hold_off_here(self) -> None:
        """Takes away this thread's function, if it is one that can be."""
        own = self._get()
        if callable(own) and own not in LEFT_ALONE and _program_of(own) not in _ON_THEIR_OWN:
            self._set(None)

    def _traced_threads(self, for_new: object) -> list[str]:
        """The names of the other threads that have such a function, as far as can be told.

        A tracer is seen in the frames that it follows; a profiler is taken to be in all if new threads would get it.
        """
        here = threading.get_ident()
        frames = sys._current_frames()  # noqa: SLF001 - documented, and there is no other way to them
        others = [each for each in threading.enumerate() if each.ident != here and each.ident in frames]
        if self is _PROFILING:
            return [each.name for each in others] if for_new is not None else []
        return [each.name for each in others if each.ident is not None and _is_followed(frames[each.ident])]


# They have C functions in these places, which Python can't see, and memray's also note every allocation.
_ON_THEIR_OWN: Final = frozenset({"memray", "yappi"})

_TRACING: Final = _Place("trace", "tracer")
_PROFILING: Final = _Place("profile", "profiler")


def _is_followed(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_trace is not None:
            return True
        frame = frame.f_back
    return False


def _is_cprofile(function: object) -> bool:
    """Whether this is cProfile's, before Python 3.12: it is no function, and can be switched off and on."""
    written_in_c: Any = sys.modules.get("_lsprof")
    return written_in_c is not None and isinstance(function, written_in_c.Profiler)


def _hold_off_trampoline(undo: ExitStack, held: list[str]) -> None:
    """What ``-X perf`` and CodSpeed switch on, so that perf sees Python's functions (Python 3.12, Linux)."""
    system: Any = sys
    if hasattr(system, "is_stack_trampoline_active") and system.is_stack_trampoline_active():
        undo.callback(system.activate_stack_trampoline, "perf")
        system.deactivate_stack_trampoline()
        held.append("perf")


def _out_of_reach() -> Iterator[str]:
    """What slows Python down from a place that no pause gets at."""
    if _notes_allocations():
        yield "tracemalloc, which notes every allocation (-X tracemalloc, PYTHONTRACEMALLOC)"
    yappi: Any = sys.modules.get("yappi")
    if yappi is not None and yappi.is_running():  # it may also watch without a function for new threads
        yield "the profiler of yappi"
    if "vgpreload" in os.environ.get("LD_PRELOAD", ""):
        yield "valgrind, which runs this process"


def _notes_allocations() -> bool:
    try:
        import tracemalloc
    except ImportError:  # in a second interpreter of the process; the first one is asked as well
        return False
    return tracemalloc.is_tracing()


def _program_of(function: Any) -> str:
    """The top-level package that a tracing function belongs to, such as "coverage"."""
    module = getattr(function, "__module__", None) or type(function).__module__
    top = str(module).partition(".")[0]
    return {"_lsprof": "cProfile", "builtins": repr(function)[:60]}.get(top, top.lstrip("_"))
