"""Which functions of the project are started, each noted once: by sys.monitoring, before Python 3.12 by settrace."""

from __future__ import annotations

import inspect
import itertools
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, Final

from timetrial.measure import monitoring, tracing
from timetrial.measure.execution.digests import digest_of_code
from timetrial.measure.execution.mentions import mentions_in
from timetrial.measure.execution.notes import Notes
from timetrial.measure.execution.whose import Kind, Whose

TOOL: Final = "timetrial-notes"
_IDS: Final = (3, 4, 2, 1, 0)
# What starts a process whose Python begins anew, in multiprocessing: such a one has to join.
_STARTERS: Final = {"spawnv_passfds": "util.py", "fork_exec": "fork_exec.py", "__init__": "popen_spawn_win32.py"}
# What multiprocessing gives to a Python that it starts, as its command, by the names in it: its constants are numbers
# of pipes and this side's paths, and tell nothing.
_COMMANDS: Final = {
    ("multiprocessing.spawn", "spawn_main"),
    ("multiprocessing.forkserver", "main"),
    ("multiprocessing.resource_tracker", "main"),
}
_SEPARATOR: Final = "|"


class CodeWatch:
    """From ``start()`` on, in this process and in those that it forks."""

    def __init__(self, notes: Notes, whose: Whose) -> None:
        self._notes = notes
        self._whose = whose
        self._started = itertools.count()

    def start(self) -> None:
        """Raises RuntimeError where every place for a tool is taken."""
        tools: Any = getattr(sys, "monitoring", None)
        if tools is None:
            tracing.LEFT_ALONE.add(self._trace)
            threading.settrace(self._trace)
            sys.settrace(self._trace)
            return
        free = [each for each in _IDS if tools.get_tool(each) is None]
        if not free:
            raise RuntimeError("other tools have taken every place in sys.monitoring")
        monitoring.LEFT_ALONE.add(TOOL)
        tools.use_tool_id(free[0], TOOL)
        tools.register_callback(free[0], tools.events.PY_START, self._monitor)
        tools.set_events(free[0], tools.events.PY_START)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Within, this thread is as fast as ever, where tracing makes it slow; for work of those who note."""
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            yield
        finally:
            sys.settrace(tracer)

    def _monitor(self, code: CodeType, _offset: int) -> Any:
        if self._is_starter(code):
            self._note_start()
            return None
        self._note(code)
        return sys.monitoring.DISABLE  # type: ignore[attr-defined,unused-ignore]  # Python 3.12

    def _trace(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            code = frame.f_code
            if self._is_starter(code):
                self._note_start()
            else:
                self._note(code)

    def _is_starter(self, code: CodeType) -> bool:
        file = _STARTERS.get(code.co_name)
        return file is not None and code.co_filename.endswith(file)

    def _note_start(self) -> None:
        self._notes.add("started", f"{os.getpid()} {next(self._started)}")

    def _note(self, code: CodeType) -> None:
        file = code.co_filename
        if self._whose.kind(file) is not Kind.OWN:
            return
        if file.startswith("<"):
            if code.co_names not in _COMMANDS:
                self._notes.add("generated", digest_of_code(code), sorted(mentions_in(code)))
        elif code.co_name == "<module>":
            self._notes.add("module", file, digest_of_code(code))
        elif code.co_flags & inspect.CO_OPTIMIZED:  # a class's body belongs to what defines the class
            self._notes.add("code", key_of(file, code.co_qualname, code.co_firstlineno), digest_of_code(code))


def key_of(file: str, qualname: str, line: int) -> str:
    """A function of this side, by where it is written."""
    return _SEPARATOR.join((file, qualname, str(line)))


def parts_of(key: str) -> tuple[str, str, int]:
    """The file, the qualified name and the first line."""
    rest, _, line = key.rpartition(_SEPARATOR)
    file, _, qualname = rest.rpartition(_SEPARATOR)
    return file, qualname, int(line)
