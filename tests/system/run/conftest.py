"""``timetrial run`` as a person types it: in an empty folder, on a script of a few lines.

The command runs in the process of the tests; what runs the function is a process of its own, as always.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from timetrial.cli import main


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
_WRONG_USAGE = 2


def patience() -> float:
    """How many times as long everything takes on a machine that is as busy as this one; at most four."""
    try:
        return max(1.0, min(4.0, os.getloadavg()[0] / (os.cpu_count() or 1)))
    except (OSError, AttributeError):  # Windows tells no load
        return 1.0


def run_in(folder: Path, code: str, *words: str, name: str = "f", budget_s: float = 1.5) -> Ran:
    """Writes ``jobs.py`` with these lines, and runs ``timetrial run jobs.py:f`` with these words behind it."""
    folder.joinpath("jobs.py").write_text(code)
    file = folder / "answer.json"
    file.unlink(missing_ok=True)
    items = () if "--items" in words else ("--items", "200")
    budget = f"{budget_s * patience():.1f}s"
    output, complaint = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(output), contextlib.redirect_stderr(complaint):
        try:
            status = main(["run", f"jobs.py:{name}", *items, "--budget", budget, "--json", str(file), *words])
        except SystemExit as ended:
            if ended.code != _WRONG_USAGE:  # the command line's parser says so; anything else is meant for the tests
                raise
            status = _WRONG_USAGE
    assert "Traceback" not in complaint.getvalue(), complaint.getvalue()
    record = json.loads(file.read_text()) if file.exists() else {}
    if record.get("interrupted"):  # which the command makes the best of
        raise KeyboardInterrupt
    return Ran(status, output.getvalue(), complaint.getvalue(), record)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The same in the test's own folder."""

    def run(code: str, *words: str, **options: Any) -> Ran:
        return run_in(tmp_path, code, *words, **options)

    return run
