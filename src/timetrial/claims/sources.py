"""Where published figures come from, those that more than one claim names."""

from __future__ import annotations

from typing import Final

ARTICLE: Final = "a widely read tutorial on Python's processes, threads and coroutines, May 2025"
OURS: Final = "timetrial's own measurements, two-core virtual machine, November 2026"
