"""A program that is killed while a workload is open takes all processes along that the workload started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import psutil
import pytest

from tests.waiting import still_run, wait_for

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and process groups"),
]

ROOT: Final = Path(__file__).parents[3]
SCRIPT: Final = """
import sys
from importlib import import_module
from timetrial import models

if __name__ == "__main__":
    module, workload, model = sys.argv[1:]
    name, variant = models.split(model)
    way = getattr(import_module(f"benchmarks.{module}"), workload).variant(variant)
    with models.get(name).open(way, 2):
        print("open", flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("module", "workload", "model"),
    [
        ("test_messages", "MESSAGES", "processes[Queue]"),
        ("test_shared_state", "COUNTER", "processes[Value]"),
        ("test_shared_state", "DICTIONARY", "processes[Manager]"),
        ("test_startup", "STARTUP", "threads"),
        ("test_chunking", "CHUNKING", "processes[batch-10]"),
    ],
)
def test_a_program_that_is_killed_takes_its_processes_along(module: str, workload: str, model: str) -> None:
    """Pools, consumers, managers and small programs alike: each of them sees that its parent is gone."""
    command = [sys.executable, "-c", SCRIPT, module, workload, model]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "open\n"
        started = psutil.Process(program.pid).children(recursive=True)
        assert started
        program.kill()
    wait_for(lambda: not still_run(each.pid for each in started), 20)
