"""``timetrial run`` as a person types it: in an empty folder, on a script of a few lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Ran:
    """What a person sees, and the file that was asked for."""

    status: int
    output: str
    complaint: str
    record: dict[str, Any]

    @property
    def answer(self) -> dict[str, Any]:
        """The answer, of which there is one."""
        assert self.record["answer"] is not None, self.output + self.complaint
        found: dict[str, Any] = self.record["answer"]
        return found


Run = Callable[..., Ran]


def patience() -> float:
    """How many times as long everything takes on a machine that is as busy as this one; at most eight."""
    try:
        return max(1.0, min(8.0, os.getloadavg()[0] / (os.cpu_count() or 1)))
    except (OSError, AttributeError):  # Windows tells no load
        return 1.0


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Writes ``jobs.py`` with these lines, and runs ``timetrial run jobs.py:f`` with these words behind it."""

    def run(code: str, *words: str, name: str = "f", budget_s: float = 6, given: str = "") -> Ran:
        budget = f"{round(budget_s * patience())}s"
        tmp_path.joinpath("jobs.py").write_text(code)
        file = tmp_path / "answer.json"
        file.unlink(missing_ok=True)
        items = () if "--items" in words else ("--items", "200")
        command = [sys.executable, "-P", "-m", "timetrial.cli", "run", f"jobs.py:{name}", *items, "--budget", budget]
        ended = subprocess.run(
            [*command, "--json", str(file), *words],
            cwd=tmp_path,
            input=given,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        record = json.loads(file.read_text()) if file.exists() else {}
        return Ran(ended.returncode, ended.stdout, ended.stderr, record)

    return run
