"""What code depends on besides itself: files and variables that it reads, with their content; and what can't be seen.

An audit hook can't be taken back, so this is for processes in which nothing is timed.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

from timetrial.measure.execution.digests import digest, digest_of_metadata
from timetrial.measure.execution.notes import Notes
from timetrial.measure.execution.variables import note_variables
from timetrial.measure.execution.whose import OWN_METADATA, Kind, Whose

_UNSEEN: Final = {
    "subprocess.Popen": "a process was started",
    "os.system": "a command was run",
    "os.exec": "another program took its place",
    "os.posix_spawn": "a process was started",
    "os.spawn": "a process was started",
    "os.startfile": "a program was started",
    "os.startfile/2": "a program was started",
    "pty.spawn": "a process was started",
    "cpython.PyInterpreterState_New": "an interpreter was started",
    "winreg.OpenKey": "the registry was read",
}
_CONNECTING: Final = ("socket.connect", "socket.sendto", "socket.sendmsg")
_RESOLVING: Final = ("socket.getaddrinfo", "socket.gethostbyname")
_HERE: Final = ("127.", "::1", "localhost", "::ffff:127.")
_WRITES: Final = ("w", "x")
_HARMLESS: Final = ("/dev/null", "/dev/urandom", "/dev/random", "/dev/zero", "NUL", "nul")
_CODE: Final = (".py", ".pyc", ".so", ".pyd")
_IMPORT_FILE: Final = "<frozen importlib._bootstrap_external>"
_PUT_BACK: Final = (
    os.path.join("pytest_benchmark", "fixture.py"),  # noqa: PTH118 - after what is noted
    os.path.join("measure", "execution", "code_watch.py"),  # noqa: PTH118 - which is the project's where that is timetrial
)
_LARGEST_BYTES: Final = 1 << 30


class Inputs:
    """From ``start()`` on, until the process ends."""

    def __init__(self, notes: Notes, whose: Whose) -> None:
        self._notes = notes
        self._whose = whose
        self._made: set[str] = set()
        self._busy = threading.local()
        self._handlers: dict[str, Callable[[str, tuple[Any, ...]], None]] = {
            "open": self._opened,
            "os.listdir": self._listed,
            "os.scandir": self._listed,
            "os.rename": self._moved,
            "os.link": self._moved,
            "os.symlink": self._moved,
            "os.mkdir": self._folder_made,
            "sqlite3.connect": self._database,
            "ctypes.dlopen": self._library,
            "sys.settrace": self._tracer,
            "_thread.start_new_thread": self._thread,
            **dict.fromkeys(_UNSEEN, self._unseen),
            **dict.fromkeys(_CONNECTING, self._connected),
            **dict.fromkeys(_RESOLVING, self._resolved),
        }

    def start(self) -> None:
        """Begins to note."""
        sys.addaudithook(self._hear)
        note_variables(self._notes, self._whose, self._is_theirs)
        for name in ("stat", "lstat", "access"):
            self._note_looks(name)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        handler = self._handlers.get(event)
        if handler is None or getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            handler(event, arguments)
        except Exception as error:  # noqa: BLE001 - an error here would be the program's
            self._notes.add("unseen", f"{event} could not be noted ({type(error).__name__})")
        finally:
            self._busy.now = False

    def _is_theirs(self, depth: int = 2) -> bool:
        """Whether it is the doing of the project or of a library, and not of what runs and measures."""
        return self._whose.doing_of(sys._getframe(depth)) in (Kind.OWN, Kind.LIBRARY)  # noqa: SLF001 - as inspect does

    def _input(self, what: str, name: str, value: str) -> None:
        self._notes.add("input", f"{what} {name}", value)

    def _opened(self, _event: str, arguments: tuple[Any, ...]) -> None:
        path, mode, flags = (*arguments, None, None)[:3]
        if isinstance(path, int) or path is None or _is_import(sys._getframe(2), os.fspath(path)):  # noqa: SLF001
            return
        name = _full(path)
        if _is_written(mode, flags) and (_is_emptied(mode, flags) or not os.path.lexists(name)):
            if not Path(name).is_dir():  # where a nameless file is made
                self._made.add(name)
        elif not self._is_made(name) and self._is_theirs(3):
            self._content(name)

    def _is_made(self, name: str) -> bool:
        """Whether it comes from this session, as all in a folder does that was made in it."""
        return name in self._made or any(name.startswith(made + os.sep) for made in self._made)

    def _content(self, name: str) -> None:
        label = self._whose.label(name)
        if not os.path.lexists(name):
            self._input("file", label, "absent")
        elif Path(name).is_dir():
            self._input("file", label, "folder")
        elif not Path(name).is_file():
            if name not in _HARMLESS:
                self._notes.add("unseen", f"{label} was read, which is no plain file")
        elif os.path.getsize(name) > _LARGEST_BYTES:  # noqa: PTH202 - a text is at hand
            self._notes.add("unseen", f"{label} was read, which is too large to be compared")
        else:
            own = label == f"{OWN_METADATA}/METADATA"
            self._input("file", label, digest_of_metadata(Path(name).read_bytes()) if own else _digest_of_file(name))

    def _listed(self, _event: str, arguments: tuple[Any, ...]) -> None:
        path = arguments[0] if arguments and arguments[0] is not None else "."
        if isinstance(path, int) or _is_import(sys._getframe(2), ".py") or not self._is_theirs(3):  # noqa: SLF001
            return
        name = _full(path)
        if not self._is_made(name) and Path(name).is_dir():
            names = (os.path.join(name, each) for each in os.listdir(name) if each != "__pycache__")  # noqa: PTH118, PTH208
            self._input("folder", self._whose.label(name), digest(sorted(map(self._whose.label, names))))

    def _moved(self, _event: str, arguments: tuple[Any, ...]) -> None:
        source, target = (_full(each) for each in arguments[:2])
        if self._is_made(source):
            self._made.add(target)
        elif self._is_theirs(3):
            self._content(source)

    def _folder_made(self, _event: str, arguments: tuple[Any, ...]) -> None:
        name = _full(arguments[0])
        if not os.path.lexists(name):
            self._made.add(name)

    def _database(self, _event: str, arguments: tuple[Any, ...]) -> None:
        name = os.fspath(arguments[0]) if not isinstance(arguments[0], int) else ""
        if name in (":memory:", b":memory:", "", b""):
            return
        if os.path.lexists(name) and not self._is_made(_full(name)):
            self._content(_full(name))
        self._made.add(_full(name))

    def _library(self, _event: str, arguments: tuple[Any, ...]) -> None:
        if arguments and arguments[0] and self._is_theirs(3):
            self._notes.add("unseen", f"a library was loaded by ctypes ({self._whose.normal(str(arguments[0]))})")

    def _tracer(self, _event: str, _arguments: tuple[Any, ...]) -> None:
        by = sys._getframe(2).f_code.co_filename  # noqa: SLF001
        if not hasattr(sys, "monitoring") and not by.endswith(_PUT_BACK) and self._is_theirs(3):
            self._notes.add("unseen", "it sets a tracer of its own")

    def _thread(self, _event: str, arguments: tuple[Any, ...]) -> None:
        """Before Python 3.12, only threads of ``threading`` are traced."""
        function = arguments[0] if arguments else None
        if not hasattr(sys, "monitoring") and getattr(function, "__name__", "") != "_bootstrap" and self._is_theirs(3):
            self._notes.add("unseen", "a thread was started by _thread")

    def _unseen(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._is_theirs(3):
            word = f" ({self._whose.normal(str(arguments[0]))[:80]})" if arguments else ""
            self._notes.add("unseen", f"{_UNSEEN[event]}{word}")

    def _connected(self, _event: str, arguments: tuple[Any, ...]) -> None:
        address = arguments[1] if len(arguments) > 1 else None
        if isinstance(address, tuple) and not str(address[0]).startswith(_HERE) and self._is_theirs(3):
            self._notes.add("unseen", f"it talked to {address[0]}")

    def _resolved(self, _event: str, arguments: tuple[Any, ...]) -> None:
        host = arguments[0] if arguments else None
        if host and not str(host).startswith(_HERE) and self._is_theirs(3):
            self._notes.add("unseen", f"it asked for the address of {host}")

    def _note_looks(self, name: str) -> None:
        """Whether a file is there is asked without opening it, and no event tells of that."""
        ask = getattr(os, name)

        @functools.wraps(ask)
        def noting(path: Any, *arguments: Any, **named: Any) -> Any:
            if not isinstance(path, int) and not named.get("dir_fd") and not getattr(self._busy, "now", False):
                self._look(path, sys._getframe(1))  # noqa: SLF001
            return ask(path, *arguments, **named)

        for capable in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if ask in capable:
                capable.add(noting)
        setattr(os, name, noting)

    def _look(self, path: Any, frame: FrameType) -> None:
        if _is_import(frame, ".py") or self._whose.doing_of(frame) not in (Kind.OWN, Kind.LIBRARY):
            return
        self._busy.now = True
        try:
            name = _full(path)
            if not self._is_made(name):
                self._input("look", self._whose.label(name), _shape(name))
        finally:
            self._busy.now = False


def _shape(name: str) -> str:
    """What a look at a file tells that can be the same on both sides: whether it is there, and how large."""
    if os.path.isdir(name):  # noqa: PTH112 - a text is at hand
        return "folder"
    return str(os.path.getsize(name)) if os.path.exists(name) else "absent"  # noqa: PTH110, PTH202


def _full(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links stay


def _is_written(mode: object, flags: object) -> bool:
    by_flags = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return by_flags or (isinstance(mode, str) and any(each in mode for each in "wxa+"))


def _is_emptied(mode: object, flags: object) -> bool:
    by_flags = isinstance(flags, int) and bool(flags & (os.O_TRUNC | os.O_EXCL))
    return by_flags or (isinstance(mode, str) and mode.startswith(_WRITES))


def _is_import(frame: FrameType | None, path: str | bytes) -> bool:
    """Whether an import reads it as code; what is read as data through a loader is none."""
    if frame is None or not os.fsdecode(path).endswith(_CODE):
        return False
    if frame.f_code.co_filename != _IMPORT_FILE:
        return False
    below = frame.f_back
    return below is not None and below.f_code.co_filename.startswith("<frozen importlib")


def _digest_of_file(name: str) -> str:
    return digest(*_pieces(name))


def _pieces(name: str) -> Iterator[bytes]:
    with open(name, "rb") as file:  # noqa: PTH123 - a text is at hand
        while piece := file.read(1 << 20):
            yield piece
