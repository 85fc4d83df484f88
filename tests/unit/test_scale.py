"""The simulation of large Dask clusters, against what arithmetic says of simple ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("simpy", reason="simpy is not installed: it comes with the extra bench")

from benchmarks.scale.simulation import Costs, Setting, heartbeats_per_s, simulate

NOTHING = Costs()


def test_without_overheads_workers_share_the_tasks_evenly() -> None:
    """Ten workers do a hundred tasks of a second in ten, and nothing else is busy."""
    found = simulate(NOTHING, Setting(workers=10, tasks=100, task_s=1.0))
    assert found.duration_s == pytest.approx(10.0)
    assert found.bottleneck == "workers"
    assert found.share("workers") == pytest.approx(1.0)


def test_a_scheduler_gives_out_no_more_tasks_than_it_has_time_for() -> None:
    """At a millisecond each, a thousand a second, however many workers there are."""
    costs = replace(NOTHING, scheduler_s_per_task=0.001)
    rates = [1_000 / simulate(costs, Setting(workers, 1_000, 0.1)).duration_s for workers in (10, 100, 1_000)]
    assert rates[0] == pytest.approx(100, rel=0.05)
    assert rates[1] == pytest.approx(900, rel=0.15)
    assert rates[2] == pytest.approx(1_000, rel=0.05)
    assert simulate(costs, Setting(1_000, 1_000, 0.1)).bottleneck == "scheduler"


def test_a_link_and_a_server_are_shared_by_all_workers() -> None:
    """A megabyte over a gigabit takes 8 ms; two requests of a server that answers 100 a second take 20."""
    setting = Setting(workers=100, tasks=500, task_s=0.01)
    network = simulate(NOTHING, replace(setting, bytes_per_task=1_000_000))
    assert network.bottleneck == "network"
    assert network.duration_s == pytest.approx(4.0, rel=0.05)
    server = simulate(NOTHING, replace(setting, requests_per_task=2, server_requests_per_s=100))
    assert server.bottleneck == "server"
    assert server.duration_s == pytest.approx(10.0, rel=0.05)


def test_cores_that_all_processes_share_are_the_limit_on_one_machine() -> None:
    """What 64 workers compute, two cores compute."""
    found = simulate(replace(NOTHING, worker_s_per_task=0.01), Setting(64, 640, 0.001, cores=2))
    assert found.bottleneck == "cores"
    assert found.duration_s == pytest.approx(640 * 0.01 / 2, rel=0.05)
    with_idle = simulate(
        replace(NOTHING, worker_s_per_task=0.01, worker_s_per_s=0.01), Setting(64, 640, 0.001, cores=2)
    )
    assert with_idle.duration_s == pytest.approx(found.duration_s / (1 - 64 * 0.01 / 2), rel=0.05)


def test_heartbeats_are_never_more_than_two_hundred_a_second() -> None:
    """Workers of a larger cluster report more seldom; all the same they take the scheduler's time."""
    assert heartbeats_per_s(5) == 10
    assert 100 < heartbeats_per_s(1_000) < heartbeats_per_s(10_000) < 200
    busy = replace(NOTHING, scheduler_s_per_task=0.001, scheduler_s_per_heartbeat=0.0025)
    assert simulate(busy, Setting(1_000, 1_000, 0.1)).duration_s == pytest.approx(1.8, rel=0.25)


def test_what_is_told_at_about_the_same_time_goes_in_one_message() -> None:
    """Tasks of 10 ms come apart, each with a message of 5 ms; of tasks of a millisecond, two share one."""
    costs = replace(NOTHING, worker_s_per_message=0.005)
    assert simulate(costs, Setting(1, 100, 0.010)).duration_s == pytest.approx(100 * 0.015, rel=0.01)
    assert simulate(replace(costs, worker_s_per_message=0.0005), Setting(1, 100, 0.001)).duration_s == pytest.approx(
        100 * (0.001 + 0.0005 / 2), rel=0.02
    )
    hearing = replace(NOTHING, client_s_per_message=0.001)
    assert simulate(hearing, Setting(100, 1_000, 0.1)).share("client") < 0.05
