"""What was noted of a process, and of those that it starts: each thing once, by kind and key.

The process that noting began in keeps it in memory. Its workers write each thing to a file at once, a line each, so
that nothing is lost of one that is killed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

VARIABLE: Final = "TIMETRIAL_NOTES"
"""Tells processes that a noted one starts where their notes go, as JSON."""

Kind = Literal["code", "generated", "module", "input", "unseen", "started", "joined"]

_LONGEST_LINE: Final = 60_000


class Notes:
    """Of the process that makes it."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._sink: str | None = None
        self._found: dict[tuple[Kind, str], object] = {}

    def begin(self, sink: str | None) -> None:
        """Forgets what was noted: from now on in this process, whose workers write to the file ``sink``."""
        self._pid, self._sink, self._found = os.getpid(), sink, {}

    def write_to(self, sink: str) -> None:
        """For a worker that was started anew: all goes to this file."""
        self._pid, self._sink = -1, sink

    def add(self, kind: Kind, key: str, value: object = None) -> None:
        """Keeps it, if it is new."""
        if (kind, key) in self._found:
            return
        self._found[kind, key] = value
        if os.getpid() != self._pid and self._sink is not None:
            _append(self._sink, json.dumps([kind, key, value]))

    def of(self, kind: Kind) -> Mapping[str, object]:
        """All of one kind so far, in this process; threads of it may add to them meanwhile."""
        return {key: value for (each, key), value in list(self._found.items()) if each == kind}

    def gather(self) -> None:
        """Takes in what the workers have written."""
        if self._sink is None or not Path(self._sink).exists():
            return
        for kind, key, value in _lines(Path(self._sink)):
            self._found.setdefault((kind, key), value)


def _append(sink: str, line: str) -> None:
    """In one write, so that lines of several processes don't mix."""
    if len(line) > _LONGEST_LINE:
        line = json.dumps(["unseen", "more than can be noted", None])
    try:
        descriptor = os.open(sink, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        return  # its folder is gone: nobody reads it any more
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def _lines(sink: Path) -> Iterator[tuple[Kind, str, object]]:
    for line in sink.read_text(encoding="utf-8").splitlines():
        try:
            kind, key, value = json.loads(line)
        except ValueError:
            yield "unseen", "a note that is not whole", None
        else:
            yield kind, key, value
