"""What the servers are loaded with: wrk, and processes of our own on the load's core."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Load:
    """What one slice of load did: requests that were answered in full, in how long, and what went wrong."""

    requests: int
    elapsed_s: float
    errors: int

    @property
    def requests_per_s(self) -> float:
        """The throughput."""
        return self.requests / self.elapsed_s


def wrk_program() -> str | None:
    """Where wrk is; None if it is not installed."""
    return shutil.which("wrk")


def wrk(url: str, connections: int, seconds: int) -> Load:
    """One thread of wrk."""
    command = [wrk_program() or "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    done = re.search(r"(\d+) requests in ([\d.]+)(m?s|m),", text)
    if done is None:
        raise RuntimeError(f"wrk said something else than expected:\n{text}")
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    statuses = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = sum(map(int, sockets.groups())) if sockets else 0
    elapsed_s = float(done[2]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[done[3]]
    return Load(int(done[1]), elapsed_s, errors + (int(statuses[1]) if statuses else 0))


def helper(module: str, *arguments: object) -> Any:
    """What ``benchmarks.mockserver.MODULE`` prints, as JSON, when it is run in a process of its own."""
    command = [sys.executable, "-m", f"benchmarks.mockserver.{module}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout)
