"""Whether the load generator of test_serve.py is a bottleneck: what two get out of the fastest services beside one.

The two share the connections, so that a service has the same load either way, and rounds are taken in turn. The
services neither wait nor compute here, which is the most that a generator is ever asked for. They have one process;
one that has as many as there are cores leaves the generator none for itself, and the machine is what limits both.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any

import psutil
import pytest

from benchmarks.test_serve import serve_by_coroutines, serve_by_thread_a_connection
from fixtures import load_generator
from fixtures.children import Child
from fixtures.service import Call
from timetrial.stats.paired_ratio import paired_ratio

CONNECTIONS, CALLS, PAIRS = 64, 10_000, 72
MOST_GAIN = 1.05
PATHS = [Call(key).path for key in range(CALLS)]


@pytest.mark.parametrize(
    ("model", "serve"), [("threads", serve_by_thread_a_connection), ("coroutines", serve_by_coroutines)]
)
def test_load_generator(benchmark: Any, model: str, serve: Callable[..., None]) -> None:
    """Fails unless the interval leaves no doubt that a second generator brings less than 5 %.

    Needs two cores to itself: one for the service and one for the generators.
    """
    with Child(model, serve) as service, generators(service, 1) as one, generators(service, 2) as two:
        for each in (one, two):
            requests_per_s(each)
        pairs = []
        for _ in range(PAIRS):
            found = {len(each): requests_per_s(each) for each in random.sample([one, two], 2)}
            pairs.append((found[1], found[2]))
        share = busy_share(psutil.Process(service.pid), one)
        benchmark.pedantic(requests_per_s, args=(one,), rounds=1)
    gain = paired_ratio([1 / with_one for with_one, _ in pairs], [1 / with_two for _, with_two in pairs])
    assert gain is not None
    benchmark.group = "harness, the load generator of test_serve"
    benchmark.extra_info["load_generator"] = {"model": model, "gain_by_a_second": asdict(gain), "service_busy": share}
    rate = statistics.median(with_one for with_one, _ in pairs)
    more, low, high = (100 * (each - 1) for each in (gain.ratio, gain.low, gain.high))
    print(f"\n{model:>12}: {rate:,.0f} requests/s, the service at {share:.0%} of a core; a second generator brings")
    print(f"{'':14}{more:+.1f} % ({low:+.1f} to {high:+.1f} %)")
    assert gain.high < MOST_GAIN, f"a second generator may bring {high:.1f} % more requests from {model}"


@contextmanager
def generators(service: Child, count: int) -> Generator[Sequence[Child]]:
    """So many, each with its part of the connections."""
    with ExitStack() as stack:
        arguments = [service.details["port"]], CONNECTIONS // count
        yield [stack.enter_context(Child("the load generator", load_generator.serve, *arguments)) for _ in range(count)]


def requests_per_s(driving: Sequence[Child]) -> float:
    """What all of them get together, each counting in its own time.

    That flatters two: at the ends of a round, one may have the service to itself.
    """
    for number, each in enumerate(driving):
        each.send(PATHS[number :: len(driving)])
    rounds: list[load_generator.Round] = [each.receive() for each in driving]
    assert all(response.status == 200 for each in rounds for response in each.responses)
    return sum(len(each.responses) / each.wall_s for each in rounds)


def busy_share(service: psutil.Process, driving: Sequence[Child]) -> float:
    """The service's CPU time in one round, by the round's wall time."""
    before = service.cpu_times()
    wall_s = CALLS / requests_per_s(driving)
    after = service.cpu_times()
    return (after.user + after.system - before.user - before.system) / wall_s
