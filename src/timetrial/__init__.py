"""Run one workload under every concurrency model, prove equal work, time it fairly."""

from __future__ import annotations

from timetrial.errors import TimetrialError
from timetrial.workload import Workload

__all__ = ["TimetrialError", "Workload"]
