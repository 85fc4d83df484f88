"""How facts about the machine are asked for: what can't be known is None, and asking never fails."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

ROOT: Final = Path("/")
"""Where /proc and /sys are; tests pass a folder of made-up ones."""

_SYSCTL: Final = "/usr/sbin/sysctl"
_LONGEST_ANSWER_S: Final = 5.0


def known(ask: Callable[[], T]) -> T | None:
    """What ``ask`` returns, or None where the platform has no answer."""
    try:
        return ask()
    except Exception:  # noqa: BLE001 -- a fact that can't be had must not cost the run that wanted to record it
        return None


def text_of(path: Path) -> str | None:
    """A small file's text, stripped; None where there is none, it can't be read, or it is empty."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None


def number_in(path: Path) -> int | None:
    """The whole number that a small file holds, or None."""
    text = text_of(path)
    return int(text) if text is not None and text.removeprefix("-").isdigit() else None


def sysctl(name: str) -> str | None:
    """What macOS answers to ``sysctl -n name``; None elsewhere."""
    if sys.platform != "darwin":
        return None
    command = [_SYSCTL, "-n", name]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_ANSWER_S, check=False)
    return answer.stdout.strip() or None
