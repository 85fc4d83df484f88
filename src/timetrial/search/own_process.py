"""What a process does to itself in which somebody's function is tried out: kept apart, and gone with its parent."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import Any


def keep_apart(output: str) -> None:
    """The function's printing goes to the file ``output``, and it finds nothing to read."""
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as this process lives


def end_with_all() -> None:
    """Ends this process and all that it started: its parent is gone. It leads a group, in which its workers are."""
    if sys.platform != "win32":
        with suppress(OSError):
            os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def described(error: BaseException) -> dict[str, Any]:
    """An exception of the user's code, as theirs: without the frames of ours."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH120, PTH100 - as frames have it
    frames = [each for each in traceback.extract_tb(error.__traceback__) if not each.filename.startswith(own)]
    frames = [each for each in frames if "importlib" not in each.filename]
    notes, error.__notes__ = [str(each) for each in getattr(error, "__notes__", ())], []
    return {
        "traceback": "".join(traceback.format_list(frames)),
        "error": "".join(traceback.format_exception_only(error)).strip(),
        "notes": notes,
    }
