"""The machine's own ceiling: as many independent interpreters as it has cores, beside worker processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Final, cast

import pytest

from benchmarks.test_sum_of_squares import sum_of_squares
from fixtures.executors import Rounds
from timetrial import Workload
from timetrial.models.base import Executor
from timetrial.system.affinity import count_usable_cpus

if TYPE_CHECKING:
    from timetrial import Trial

# Reads numbers and answers with their sums: a program that knows nothing of any pool.
_PROGRAM: Final = """
import sys

def main():
    for line in sys.stdin:
        total = 0
        for i in range(int(line)):
            total += i * i
        print(total, flush=True)

main()
"""
NUMBERS_EACH: Final = 2


def summing(numbers: Sequence[int]) -> int:
    """One item: some numbers after the other, as a program of its own does them."""
    return sum(map(sum_of_squares, numbers))


@contextmanager
def independent_interpreters(concurrency: int) -> Generator[Executor]:
    """So many interpreters, started before the clock: each does its item, and nobody hands anything about."""
    with ExitStack() as stack:
        programs = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-I", "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for _ in range(concurrency)
        ]

        def run(items: Sequence[Sequence[int]]) -> list[int]:
            busy = list(zip(programs, items, strict=False))  # the first round, which proves the way, has one item
            for program, numbers in busy:
                asked = cast("IO[str]", program.stdin)
                asked.write("".join(f"{number}\n" for number in numbers))
                asked.flush()
            return [sum(int(cast("IO[str]", program.stdout).readline()) for _ in numbers) for program, numbers in busy]

        yield Rounds(run, {"workers": concurrency}, [program.pid for program in programs])


CORES: Final = Workload(
    "cores",
    task=summing,
    variants={"independent": Workload("independent", implementations={"processes": independent_interpreters})},
)


@pytest.mark.workload(CORES, models=["serial", "threads", "processes", "processes[independent]"])
@pytest.mark.trial_points("n", quick=[50_000], default=[300_000], article=[3_000_000], gate=[20_000])
def test_cores(trial: Trial, n: int) -> None:
    """Worker processes come near what independent interpreters can do, which need not be the number of cores."""
    cores = count_usable_cpus()
    trial([(n,) * NUMBERS_EACH] * cores, concurrency=cores)
