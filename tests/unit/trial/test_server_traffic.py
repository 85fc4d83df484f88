"""What a server's counts prove: the number of requests, how many were in flight, how busy the server was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from timetrial.mockserver.counters import Counters, Peaks
from timetrial.trial.server_traffic import SHORTEST_LOOK_S, Traffic, ports_used_up
from timetrial.trial.void import Kind

ASKING_CPU_S = 0.001


class Telling:
    """A server whose counts a test adds to; each look at them costs it a millisecond of CPU time."""

    def __init__(self, processes: int = 1) -> None:
        self.counts: dict[str, Any] = {"processes": processes}
        self._windows: list[Peaks] = []
        self._in_flight = 0

    def add(self, *, in_flight: int = 0, cpu_s_by_process: Sequence[float] = (), **counts: float) -> None:
        """Something happened, with so many requests in flight at its peak."""
        if cpu_s_by_process:
            so_far = self.counts.get("cpu_s_by_process", (0.0,) * len(cpu_s_by_process))
            self.counts["cpu_s_by_process"] = tuple(map(sum, zip(so_far, cpu_s_by_process, strict=True)))
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        self._in_flight = in_flight

    def counters(self) -> Counters:
        """As MockServer.counters."""
        self._windows.append(Peaks(requests_in_flight=self._in_flight))
        self._in_flight = 0
        each = len(self.counts.get("cpu_s_by_process", ()))
        self.add(cpu_s=ASKING_CPU_S, cpu_s_by_process=(ASKING_CPU_S / each,) * each if each else ())
        return Counters(**self.counts, windows=self._windows, window=len(self._windows))


def traffic_of(
    rounds: Sequence[Mapping[str, Any]],
    *,
    processes: int = 1,
    open_before: int = 0,
    warm_up: Mapping[str, Any] | None = None,
    **plan: int,
) -> Traffic:
    """A trial's traffic after a warm-up round and these timed ones, each with ten requests unless it says otherwise.

    The warm-up is as the first of them, unless another one is given.
    """
    server = Telling(processes)
    server.add(connections_open=open_before)
    settings: dict[str, Any] = {"expected": 10, "concurrency": 10, "items": 10, **plan}
    traffic = Traffic(server, **settings)
    for number, happened in enumerate([rounds[0] if warm_up is None else warm_up, *rounds]):
        traffic.count_from_here()
        server.add(**{"requests_completed": 10, **happened})
        traffic.round_over()
        if number == 0:
            traffic.forget_rounds()
    return traffic


@pytest.mark.parametrize("counted", [0, 9, 11, 20])
def test_a_skipped_or_repeated_request_is_wrong_work(counted: int) -> None:
    """The message says both numbers."""
    void = traffic_of([{"requests_completed": counted}]).wrong_work()
    assert void is not None
    assert void.kind == Kind.REQUESTS
    assert void.reason == f"the server answered {counted} requests in a round that takes 10"


def test_more_requests_in_flight_than_allowed_are_wrong_work() -> None:
    """A model that takes more than its share wins unfairly."""
    void = traffic_of([{"in_flight": 9}], concurrency=8).wrong_work()
    assert void is not None
    assert void.kind == Kind.CONCURRENCY
    assert "9 requests in flight at once, where 8 may be" in void.reason
    assert traffic_of([{"in_flight": 8}], concurrency=8).wrong_work() is None


def test_an_item_may_have_all_its_requests_on_their_way() -> None:
    """Ten requests for five items are two an item."""
    assert traffic_of([{"in_flight": 8}], concurrency=4, items=5).wrong_work() is None
    assert traffic_of([{"in_flight": 9}], concurrency=4, items=5).wrong_work() is not None


def test_the_peaks_of_several_server_processes_prove_nothing() -> None:
    """Their sum is of different moments."""
    assert traffic_of([{"in_flight": 9}], concurrency=8, processes=2).wrong_work() is None


def test_fewer_connections_than_items_in_flight_give_a_small_pool_away() -> None:
    """Without a delay, which would tell more, since a request in flight takes a connection."""
    void = traffic_of([{"connections_opened": 3}, {}], expected=10).too_small_a_pool(1.0)
    assert void is not None
    assert void.kind == Kind.POOL
    assert void.reason == "the client had 6 connection(s), too few for 10 items in flight"
    assert traffic_of([{"connections_opened": 5}, {}]).too_small_a_pool(1.0) is None


@pytest.mark.parametrize(
    ("opened", "peaks", "delay_s", "held_up"),
    [
        (40, (40, 40, 40), 0.1, True),
        (40, (40, 22, 34), 0.1, True),
        (40, (10, 40, 12), 0.1, False),
        (3, (3, 3, 3), 0.8, True),
        (3, (3, 3, 3), 0.6, False),
    ],
    ids=["all used", "most used in most rounds", "once all used", "few and always busy", "few and often idle"],
)
def test_on_delayed_pages_a_slow_client_s_connections_are_no_small_pool(
    opened: int, peaks: Sequence[int], delay_s: float, held_up: bool
) -> None:
    """It needs no more: of a pool that is too small most is in use in most rounds, and of a few most of the time."""
    rounds = [{"in_flight": peak, "delay_s": delay_s * peak} for peak in peaks]
    traffic = traffic_of(rounds, warm_up={"connections_opened": opened}, concurrency=64, items=64, expected=64)
    assert (traffic.too_small_a_pool(float(len(rounds))) is not None) == held_up


def test_a_client_may_use_connections_that_were_open_before_its_trial() -> None:
    """One session for a whole module is no small pool."""
    assert traffic_of([{"connections_opened": 3}], open_before=4).too_small_a_pool(1.0) is None


@pytest.mark.parametrize("plan", [{"concurrency": 1}, {"items": 1}, {"expected": 0}])
def test_one_request_at_a_time_takes_no_pool(plan: dict[str, Any]) -> None:
    """Serial has one connection, and a crawl begins with one page."""
    assert traffic_of([{}], **plan).too_small_a_pool(1.0) is None


PINNED = {"in_flight": 10, "delay_s": 1.0, "connections_opened": 5}


def test_the_same_peak_in_every_delayed_round_gives_a_small_pool_away() -> None:
    """Also where connections are opened anew all the time, so that their number proves nothing."""
    rounds = [{**PINNED, "requests_completed": 100}] * 10
    void = traffic_of(rounds, concurrency=20, items=100, expected=100).too_small_a_pool(1.0)
    assert void is not None
    assert void.reason == "in every round exactly 10 requests were in flight, too few for 20 items"


@pytest.mark.parametrize(
    "rounds",
    [
        [PINNED] * 4,
        [PINNED, {**PINNED, "in_flight": 11}] * 5,
        [{**PINNED, "delay_s": 0.0}] * 10,
        [{**PINNED, "in_flight": 3}] * 10,
        [{**PINNED, "connections_opened": 20}, *[{**PINNED, "connections_opened": 0}] * 10],
    ],
    ids=["few rounds", "other peaks", "no delay", "a slow client", "enough connections, kept"],
)
def test_a_low_peak_alone_is_no_proof(rounds: list[dict[str, float]]) -> None:
    """A slow client has few requests in flight as well."""
    rounds = [{**each, "requests_completed": 100} for each in rounds]
    assert traffic_of(rounds, concurrency=20, items=100, expected=100).too_small_a_pool(1.0) is None


def test_a_server_past_its_share_of_its_ceiling_decides_how_fast_it_goes() -> None:
    """Its CPU time by wall time and process, without what asking it costs."""
    traffic = traffic_of([{"cpu_s": 0.08}] * 10)
    assert traffic.busy_share(1.0) == pytest.approx(0.8)
    void = traffic.server_bound(1.0)
    assert void is not None
    assert void.kind == Kind.SERVER_BOUND
    assert void.reason == (
        "the server was at 80% of its measured ceiling of 125 such requests/s (at most 70% is allowed)"
    )
    assert traffic.server_bound(1.2) is None
    assert traffic_of([{"cpu_s": 0.08}] * 10, processes=2).server_bound(1.0) is None


def test_the_busiest_server_process_counts_and_not_their_mean() -> None:
    """One at its ceiling beside an idle one decides how fast things go."""
    rounds = [{"cpu_s_by_process": (0.08, 0.0), "cpu_s": 0.08}] * 10
    traffic = traffic_of(rounds, processes=2)
    assert traffic.busy_share(1.0) == pytest.approx(0.8)
    void = traffic.server_bound(1.0)
    assert void is not None
    assert "at 80% of its measured ceiling of 125 such requests/s" in void.reason
    assert traffic.figures(1.0)["cpu_s"] == pytest.approx(0.8)


def test_each_process_s_time_is_that_between_two_snapshots() -> None:
    """As every other count is."""
    before, after = (Counters(cpu_s_by_process=each, processes=2) for each in ((1.0, 2.0), (1.5, 2.25)))
    assert (after - before).cpu_s_by_process == (0.5, 0.25)
    assert (after - Counters()).cpu_s_by_process == (1.5, 2.25)


def test_over_too_short_a_time_nobody_knows_how_busy_a_server_was() -> None:
    """None, and no guess."""
    traffic = traffic_of([{"cpu_s": 1.0}])
    assert traffic.busy_share(SHORTEST_LOOK_S / 2) is None
    assert traffic.server_bound(SHORTEST_LOOK_S / 2) is None


def test_the_figures_are_of_the_timed_rounds_and_the_connections_of_all() -> None:
    """For JSON."""
    figures = traffic_of([{"connections_opened": 3, "cpu_s": 0.1, "in_flight": 7}] * 2, concurrency=8).figures(1.0)
    assert figures == {
        "requests": 20,
        "connections_opened": 6,
        "bytes_out": 0,
        "connections_ever": 9,
        "requests_in_flight_max": 7,
        "cpu_s": pytest.approx(0.2),
        "busy_share": pytest.approx(0.2),
        "ceiling_requests_per_s": pytest.approx(100.0),
    }


def test_so_many_connections_use_up_the_ports() -> None:
    """A closed one holds its port for a minute."""
    void = ports_used_up(27_000, [32_768, 60_999])
    assert void is not None
    assert void.kind == Kind.LIMIT
    assert void.reason == "27,000 connections were opened, and there are 28,232 ports for them"
    assert ports_used_up(26_000, [32_768, 60_999]) is None
    assert ports_used_up(10**9, None) is None
