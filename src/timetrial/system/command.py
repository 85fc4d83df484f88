"""Other programs, run to their end: their output is kept, and none of them outlives an interruption."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timetrial.system.process_group import end_group
from timetrial.system.warden import gone, start

_ENDING_S: Final = 2.0


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
) -> Ended:
    """Runs a program that asks nobody anything; ``variables`` are added to the environment unless they are all of it.

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
        encoding="utf-8",
        errors="replace",
    )
    try:
        output, complaint = process.communicate(timeout=patience_s)
    except BaseException:
        end_group(process, _ENDING_S)  # asked first, so that git takes its lock files away
        raise
    gone(process)
    return Ended(process.returncode, output, complaint)
