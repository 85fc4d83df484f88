"""What watching costs the timed rounds: rounds of a trial with every check, bare ones beside them, in one run.

They take turns in stretches, since what a check does it does to the round that follows: the first of each stretch is
left out. Both use the trial's own executor: two of them, each with threads of its own, differ by up to a tenth.
The accounting round belongs to it: it is run for the watched trial again and again, between the pairs. Short rounds
over HTTP are there to show the least that asking the server does to the round after it: 1 % of them is 60 microseconds.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, replace
from typing import Any

import pytest

from benchmarks.harness import by_hand
from fixtures import clients
from timetrial import MockServer, Workload
from timetrial.mockserver import View
from timetrial.stats.paired_ratio import paired_ratio
from timetrial.trial.accounting_round import account
from timetrial.trial.conditions import Conditions, RunConditions
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import expected_of
from timetrial.trial.run import OpenTrial
from timetrial.trial.settings import RunSettings

ACCOUNTS = 4
STRETCH = 3  # with longer ones the machine's moods differ by more, and there are fewer of them
ITEM_S = 0.0005
MOST = 1.01


def fetch(url: str, connection: clients.KeepAliveConnection) -> int:
    """A page's length, by the standard library."""
    return len(connection.get(url))


SPIN = Workload("spin", task=by_hand.spin, async_task=by_hand.async_spin)
DOZE = Workload("doze", task=by_hand.doze, async_task=by_hand.async_doze)
PAGES = Workload("pages", task=fetch, resource=clients.open_http_client)


@pytest.mark.parametrize(
    ("model", "workload", "items", "pairs", "turns"),
    [
        ("serial", SPIN, 20, 100, False),
        ("coroutines", DOZE, 20, 100, False),
        ("processes", SPIN, 40, 500, False),
        ("threads", PAGES, 400, 500, False),
        ("threads", PAGES, 400, 500, True),
        ("threads", PAGES, 40, 3000, False),
    ],
    ids=["serial-cpu", "coroutines-sleep", "processes-cpu", "threads-http", "threads-http-turns", "threads-http-short"],
)
def test_watching(benchmark: Any, model: str, workload: Workload, items: int, pairs: int, *, turns: bool) -> None:
    """The watched rounds are what the table shows; extra_info holds the ratio to the bare ones'.

    With ``turns``, the server is asked before each round too, as where models take turns. Fails where the interval
    leaves no doubt that they took more than 1 % longer.
    """
    with (
        _run_conditions() as conditions,
        _server(workload is PAGES) as server,
        _part(server) as asked,
        _part(server) as unasked,
    ):
        settings = RunSettings(conditions=replace(conditions, turns=turns))
        plan = replace(_plan(workload, model, items, asked), settings=settings)
        bare_items = _plan(workload, model, items, unasked).items
        with OpenTrial(plan) as watched:
            bare = watched._executor  # noqa: SLF001 (the very same one, and nobody else has a use for it)
            bare.run(bare_items)
            seen = []
            for number in range(pairs):
                if number % (pairs // ACCOUNTS) == 0:
                    account(replace(plan, server=unasked, items=bare_items))  # whose requests no round counts
                seen.append(_pair(lambda: _watched_round(watched), lambda: _by_hand(bare.run, bare_items)))
            benchmark.pedantic(watched.time_a_round, rounds=1)
    ratio = paired_ratio([one for one, _ in seen], [other for _, other in seen])
    assert ratio is not None
    benchmark.group = "harness, watched rounds against bare ones"
    benchmark.extra_info["watching"] = {"model": model, "workload": workload.name, "ratio_to_bare": asdict(ratio)}
    more, low, high = (100 * (each - 1) for each in (ratio.ratio, ratio.low, ratio.high))
    shown = f"{model}{', turns' if turns else ''}"
    print(f"\n{shown:>14} {workload.name:5} x {items:3}: {more:+.2f} % ({low:+.2f} to {high:+.2f} %)")
    assert ratio.low < MOST, "watching costs the rounds more than 1 %"


@contextmanager
def _run_conditions() -> Generator[Conditions]:
    """As a run has them, and as it leaves them."""
    run = RunConditions()
    run.enter()
    try:
        yield run.conditions()
    finally:
        run.leave()


def _server(serves: bool) -> AbstractContextManager[MockServer | None]:
    """One for both: two servers would differ by more than the watching costs."""
    return MockServer.start() if serves else nullcontext()


def _part(server: MockServer | None) -> AbstractContextManager[View | None]:
    """The bare rounds have a part of the server to themselves, which nobody asks for its counts."""
    return server.scope() if server is not None else nullcontext()


def _plan(workload: Workload, model: str, count: int, server: View | None) -> TrialPlan:
    """A trial with all there is to be watched."""
    items: list[Any] = [ITEM_S] * count
    if server is not None:
        items = [server.page(size_bytes=1024, key=key) for key in range(count)]
    expected = expected_of(workload, items, items if server is None else [1024] * len(items))
    concurrency = {"serial": 1, "coroutines": 2, "processes": 2, "threads": 4}[model]
    return TrialPlan(workload, model, items, concurrency, expected, server=server)


def _watched_round(trial: OpenTrial) -> float:
    """With the question whether another one is due, which every round of a trial is preceded by."""
    trial.wants_another_round()
    return trial.time_a_round()


def _pair(watched: Callable[[], float], bare: Callable[[], float]) -> tuple[float, float]:
    """How long a round of each took, in seconds, in the middle of a stretch; the stretches' order is drawn by lot."""
    if random.random() < 0.5:
        return _stretch(watched), _stretch(bare)
    other_s = _stretch(bare)
    return _stretch(watched), other_s


def _stretch(run: Callable[[], float]) -> float:
    return statistics.median([run() for _ in range(STRETCH)][1:])


def _by_hand(run: Callable[[Any], Any], items: Any) -> float:
    began_s = time.perf_counter()
    run(items)
    return time.perf_counter() - began_s
