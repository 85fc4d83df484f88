"""Other programs, run to their end: their output is kept, and none of them outlives an interruption."""

from __future__ import annotations

import math
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timetrial.system.process_group import end_group, leave_output
from timetrial.system.warden import gone, start

_ENDING_S: Final = 2.0
_BETWEEN_LOOKS_S: Final = 0.5


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit status, and all that it wrote."""

    status: int
    """As subprocess tells it: negative for a signal."""
    output: str
    """Of its standard output, as text."""
    complaint: str
    """Of its standard error, as text."""


def run_to_end(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    variables: Mapping[str, str] | None = None,
    patience_s: float | None = None,
    names_files: bool = False,
) -> Ended:
    """Runs a program that asks nobody anything; ``variables`` are all of its environment, or None for this one's.

    What it writes is text in UTF-8, and what is none is replaced. With ``names_files`` every byte is kept, in the form
    that Python has for names of files (``os.fsdecode``), line ends too.

    Raises OSError where it can't be started and subprocess.TimeoutExpired after ``patience_s``. It has a session of
    its own, so that it can be ended with everything that it started, whatever ends this call.
    """
    process = start(
        [str(each) for each in command],
        cwd=cwd,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        output, complaint = _written_until_it_ends(process, patience_s)
    except BaseException:
        end_group(process, _ENDING_S)  # asked first, so that git takes its lock files away
        raise
    gone(process)
    decode = os.fsdecode if names_files else _as_text
    return Ended(process.returncode, decode(output), decode(complaint))


def _written_until_it_ends(process: subprocess.Popen[bytes], patience_s: float | None) -> tuple[bytes, bytes]:
    """All of its output; what it leaves running may have that open, and is not waited for."""
    began_s = time.monotonic()
    while True:
        ended = process.poll() is not None
        left_s = math.inf if patience_s is None else max(0.0, patience_s - (time.monotonic() - began_s))
        try:
            return process.communicate(timeout=min(left_s, _BETWEEN_LOOKS_S))
        except subprocess.TimeoutExpired as at_its_time:
            if ended:
                leave_output(process)
                return at_its_time.output or b"", at_its_time.stderr or b""
            if patience_s is not None and left_s <= _BETWEEN_LOOKS_S:
                raise subprocess.TimeoutExpired(process.args, patience_s) from None


def _as_text(written: bytes) -> str:
    return written.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
