"""Whether idle pools beside a model change its rounds: what decides if models of a group may stay open side by side.

One executor is the subject and stays open. Its rounds are timed in stretches: with the other models of its workload
open and idle beside it, and alone, in an order drawn anew for each pair. Fails where the interval leaves no doubt that
the company costs more than 1 %.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any

import pytest

from benchmarks.harness import by_hand
from timetrial import Workload, models
from timetrial.models.base import Executor
from timetrial.stats.paired_ratio import paired_ratio

CONCURRENCY = 8
PAIRS = 24
STRETCH = 9
"""Rounds of a stretch, of which the median counts; the first two settle."""

ITEM_S = 0.0005
MOST = 1.01
SPIN = Workload("spin", task=by_hand.spin, async_task=by_hand.async_spin)
DOZE = Workload("doze", task=by_hand.doze, async_task=by_hand.async_doze)


@pytest.mark.parametrize("workload", [SPIN, DOZE], ids=["cpu", "sleep"])
@pytest.mark.parametrize("model", models.NAMES)
def test_idle_pools(benchmark: Any, model: str, workload: Workload) -> None:
    """The rounds of the table have company; extra_info holds their ratio to those without."""
    items = [ITEM_S] * 40
    with _open(workload, [model]) as (subject,):
        subject.run(items)
        pairs = [_pair(subject, model, workload, items) for _ in range(PAIRS)]
        benchmark.pedantic(subject.run, args=(items,), rounds=1)
    ratio = paired_ratio([beside for beside, _ in pairs], [alone for _, alone in pairs])
    assert ratio is not None
    benchmark.group = "harness, with idle pools beside"
    benchmark.extra_info["idle_pools"] = {"model": model, "workload": workload.name, "ratio_to_alone": asdict(ratio)}
    more, low, high = (100 * (each - 1) for each in (ratio.ratio, ratio.low, ratio.high))
    print(f"\n{model:>20} {workload.name:5}: {more:+.2f} % ({low:+.2f} to {high:+.2f} %)")
    assert ratio.low < MOST, f"idle pools beside {model} cost its rounds more than 1 %"


def _pair(subject: Executor, model: str, workload: Workload, items: list[float]) -> tuple[float, float]:
    """A stretch in company and one alone, in seconds a round."""
    alone_first = random.random() < 0.5
    alone_s = _stretch(subject, items) if alone_first else None
    with _open(workload, [name for name in models.NAMES if name != model]) as others:
        for other in others:
            other.run(items)
        beside_s = _stretch(subject, items)
    return beside_s, alone_s if alone_s is not None else _stretch(subject, items)


def _stretch(subject: Executor, items: list[float]) -> float:
    seconds = []
    for _ in range(STRETCH):
        began_ns = time.perf_counter_ns()
        subject.run(items)
        seconds.append((time.perf_counter_ns() - began_ns) / 1e9)
    return statistics.median(seconds[2:])


@contextmanager
def _open(workload: Workload, names: list[str]) -> Generator[list[Executor]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(models.get(name).open(workload, 1 if name == "serial" else CONCURRENCY))
            for name in names
        ]
