"""The memory of one more idle worker under each model, and of a small program under this Python."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import IO, Any, Final, cast

from timetrial.measure.processes.table import open_table
from timetrial.models.costs import costs_apart

UNITS: Final = {"threads": "idle thread", "processes": "idle worker process", "coroutines": "idle task"}

# Objects of the usual kinds, and the modules that most programs load.
_PROGRAM: Final = """
import asyncio, json, re, logging, threading, urllib.request
kept = [{"name": str(n), "numbers": [n, n + 1], "pair": (n, float(n))} for n in range(50_000)]
print("ready", flush=True)
input()
"""


def test_model_memory(benchmark: Any) -> None:
    """A process holds an interpreter of its own, a thread a stack, a task a coroutine's frame."""
    costs = {model: benchmark_once(benchmark, costs_apart, model) for model in UNITS}
    kb = {
        model: next(slope.bytes_per_unit for slope in costs[model].memory if slope.unit == unit) / 1000
        for model, unit in UNITS.items()
    }
    benchmark.extra_info["figures"] = {f"{model}_kb": value for model, value in kb.items()}


def benchmark_once(benchmark: Any, call: Callable[..., Any], *args: object) -> Any:
    """pytest-benchmark takes one call a test; the others only belong to it."""
    if benchmark.stats is None:
        return benchmark.pedantic(call, args=args, rounds=1)
    return call(*args)


def test_program_memory(benchmark: Any) -> None:
    """What it holds once it has made its objects, read from outside."""
    held_bytes = benchmark.pedantic(_held_by_program, rounds=1)
    benchmark.extra_info["figures"] = {"program_mb": held_bytes / 1e6}


def _held_by_program() -> int:
    with subprocess.Popen(
        [sys.executable, "-I", "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert cast("IO[str]", program.stdout).readline() == "ready\n"
        held_bytes = open_table().memory(program.pid).size_bytes
        cast("IO[str]", program.stdin).write("\n")
    return held_bytes
