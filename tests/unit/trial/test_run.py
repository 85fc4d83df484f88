"""One trial, step by step, with a model and a clock that do as they are told."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest

from tests.unit.fakes import SQUARES, FakeInLoopModel, FakeModel, FakeServer, plan_for, proof_for, square
from timetrial import Workload
from timetrial.errors import VoidTrialError, WorkloadError
from timetrial.system.clocks import clocks
from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import RoundsPolicy
from timetrial.trial.recorder import Recorder
from timetrial.trial.run import run_trial, run_trial_in_loop

TWO_ROUNDS = RoundsPolicy(min_rounds=2, max_time_s=0)


def run_in_loop(plan: Any) -> Measurement:
    """The asynchronous twin of run_trial, as a plain call."""
    return asyncio.run(run_trial_in_loop(plan))


@pytest.fixture(params=["plain", "in a loop"])
def way(request: pytest.FixtureRequest) -> Any:
    """Both ways of running a trial behave alike: the fake model and the function to run it with."""
    return (FakeModel, run_trial) if request.param == "plain" else (FakeInLoopModel, run_in_loop)


def test_a_trial_opens_proves_times_and_closes_in_this_order(way: Any) -> None:
    """Nothing but the round stands between two readings of the clock, and the proofs are outside."""
    fake_model, run = way
    fake = fake_model()
    run(plan_for(fake, policy=TWO_ROUNDS, expected=proof_for(fake)))
    timed = ["clock", "round", "clock", "proved"]
    assert fake.journal == [
        "clock",
        "opened",
        "first item",
        "clock",
        "round",
        "proved",
        *timed,
        *timed,
        "clock",
        "closed",
        "clock",
    ]


def test_warm_up_runs_before_the_first_timed_round(way: Any) -> None:
    """The first round may be slow; it is no part of the durations."""
    fake_model, run = way
    measurement = run(plan_for(fake_model(takes_ns=[5_000_000_000, 2_000_000, 3_000_000]), policy=TWO_ROUNDS))
    assert measurement.durations_s == (0.002, 0.003)


def test_start_up_and_tear_down_are_figures_of_their_own(way: Any) -> None:
    """Opening plus the first item is the start-up, however long a round takes; closing is the tear-down."""
    fake_model, run = way
    ns = 1_000_000_000
    fake = fake_model(opens_in_ns=7 * ns, first_takes_ns=ns, takes_ns=[ns], closes_in_ns=2 * ns)
    measurement = run(plan_for(fake, policy=TWO_ROUNDS))
    assert (measurement.startup_s, measurement.teardown_s) == (8.0, 2.0)
    assert measurement.durations_s == (1.0, 1.0)


def test_a_round_in_between_shows_progress_outside_the_timing(way: Any) -> None:
    """Whoever watches is told between the rounds, and what that takes is not timed."""
    fake_model, run = way
    fake = fake_model()
    seen: list[tuple[int, float]] = []

    def watch(rounds: int, last_s: float) -> None:
        fake.clock.now_ns += 10**9
        seen.append((rounds, last_s))

    assert run(plan_for(fake, policy=TWO_ROUNDS, on_round=watch)).durations_s == (0.001, 0.001)
    assert seen == [(0, 0.0), (1, 0.001), (2, 0.001)]


def test_an_untimed_trial_proves_the_work_in_one_round(way: Any) -> None:
    """With --benchmark-disable, a trial is a test: it runs once."""
    fake_model, run = way
    fake = fake_model()
    measurement = run(plan_for(fake, timed=False))
    assert fake.rounds == 1
    assert measurement.durations_s == ()
    assert list(measurement.results) == [1, 4, 9]


def test_a_wrong_result_voids_the_trial_and_names_the_first_item(way: Any) -> None:
    """The message says which item, what it gave, and that the timing means nothing."""
    fake_model, run = way
    fake = fake_model(work=lambda _items: [1, -4, -9])
    with pytest.raises(VoidTrialError, match=r"'squares' under 'threads': the result of item 1, 2, .* got -4;"):
        run(plan_for(fake))
    assert fake.journal[-1] == "closed"


def test_a_wrong_result_in_a_later_round_voids_the_trial_too(way: Any) -> None:
    """Every round is proved, not only the first."""
    fake_model, run = way
    fake: FakeModel = fake_model()
    fake.work = lambda items: [square(each) for each in items] if fake.rounds < 3 else [0, 0, 0]
    with pytest.raises(VoidTrialError, match="item 0, 1"):
        run(plan_for(fake))
    assert fake.rounds == 3


@pytest.mark.parametrize("results", [[], [1, 4], [1, 4, 9, 16]])
def test_too_few_or_too_many_results_void_the_trial(way: Any, results: list[int]) -> None:
    """A model that loses an item is not faster for it."""
    fake_model, run = way
    with pytest.raises(VoidTrialError, match=f"{len(results)} results for 3 items"):
        run(plan_for(fake_model(work=lambda _items: results)))


def test_the_workload_and_its_concurrency_reach_the_model(way: Any) -> None:
    """The model opens the very workload, with as many items in flight as the test asked for."""
    fake_model, run = way
    fake = fake_model(details={"workers": 8})
    measurement = run(plan_for(fake, policy=TWO_ROUNDS))
    assert fake.opened_with == (SQUARES, 8)
    assert (measurement.concurrency, measurement.items, measurement.details) == (8, 3, {"workers": 8})


def test_serial_has_one_item_in_flight_whatever_is_asked() -> None:
    """And its measurement says so."""
    fake = FakeModel(name="serial")
    assert run_trial(plan_for(fake, model_id="serial", policy=TWO_ROUNDS)).concurrency == 1
    assert fake.opened_with == (SQUARES, 1)


def test_a_variant_is_opened_in_place_of_the_workload() -> None:
    """threads[other] runs the other way; the results are held against the same reference."""
    other = Workload("another way", task=square)
    fake = FakeModel()
    plan = plan_for(
        fake, model_id="threads[other]", workload=Workload("squares", task=square, variants={"other": other})
    )
    assert run_trial(plan).model == "threads[other]"
    assert fake.opened_with == (other, 8)


def test_a_concurrency_of_nothing_is_refused() -> None:
    """It is a mistake, not a very slow run."""
    with pytest.raises(WorkloadError, match="at least 1, not 0"):
        run_trial(plan_for(FakeModel(), concurrency=0))


def test_a_model_without_a_loop_of_its_own_runs_as_it_is_in_an_async_test() -> None:
    """Awaiting a trial under threads runs it all the same."""
    assert run_in_loop(plan_for(FakeModel(), policy=TWO_ROUNDS)).durations_s == (0.001, 0.001)


def serving(server: FakeServer, requests: Sequence[int]) -> FakeModel:
    """A model whose rounds send so many requests each, over two connections opened in every round."""
    left = iter(requests)

    def work(items: Sequence[Any]) -> list[Any]:
        server.now.requests_completed += next(left)
        server.now.connections_opened += 2
        server.now.bytes_out += 100
        return [square(each) for each in items]

    return FakeModel(work=work)


def test_the_server_must_have_answered_one_request_for_each_item() -> None:
    """A cache or a retry behind the model's back voids the trial; the message says what to look for."""
    server = FakeServer()
    with pytest.raises(VoidTrialError, match=r"answered 2 requests in a round that takes 3.*requests_per_round="):
        run_trial(plan_for(serving(server, [3, 2]), server=server))


def test_requests_per_round_says_how_many_requests_are_right() -> None:
    """Some workloads send more than one request an item, or none."""
    server = FakeServer()
    plan = plan_for(serving(server, [7, 7, 7]), server=server, requests_per_round=7, policy=TWO_ROUNDS)
    assert run_trial(plan).server is not None


def test_the_servers_figures_are_of_the_timed_rounds_alone() -> None:
    """What the first item and the warm-up opened and sent is not counted in."""
    server = FakeServer()
    fake = serving(server, [1, 3, 3, 3])
    fake.first_work = fake.work
    plan = plan_for(fake, server=server, policy=TWO_ROUNDS)
    assert run_trial(plan).server == {"requests": 6, "connections_opened": 4, "bytes_out": 200}


def test_without_a_server_there_are_no_servers_figures() -> None:
    """None, not zeros."""
    assert run_trial(plan_for(FakeModel(), policy=TWO_ROUNDS)).server is None


@pytest.mark.parametrize(("asked", "in_rounds"), [(True, False), (False, True)])
def test_the_garbage_collector_rests_only_in_timed_rounds_and_only_when_asked(asked: bool, in_rounds: bool) -> None:
    """Off in the timed rounds alone, and on again after."""
    states: list[bool] = []

    def work(items: Sequence[Any]) -> list[Any]:
        states.append(gc.isenabled())
        return [square(each) for each in items]

    run_trial(plan_for(FakeModel(work=work), disable_gc=asked, policy=TWO_ROUNDS))
    assert states == [True, in_rounds, in_rounds]
    assert gc.isenabled()


def test_the_garbage_collector_is_on_again_after_a_round_that_raised(way: Any) -> None:
    """The error is the task's own, the model is closed, and nothing stays switched off."""
    fake_model, run = way

    def work(items: Sequence[Any]) -> list[Any]:
        if fake.rounds == 2:
            raise ZeroDivisionError
        return [square(each) for each in items]

    fake = fake_model(work=work)
    with pytest.raises(ZeroDivisionError):
        run(plan_for(fake, disable_gc=True))
    assert gc.isenabled()
    assert fake.journal[-1] == "closed"


def test_a_garbage_collector_that_the_user_switched_off_stays_off() -> None:
    """Timetrial puts back what it found."""
    gc.disable()
    try:
        run_trial(plan_for(FakeModel(), disable_gc=True, policy=TWO_ROUNDS))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_rounds_go_on_until_there_are_enough_of_them() -> None:
    """Slow rounds stop at the least number."""
    policy = RoundsPolicy(min_rounds=3, max_time_s=1)
    assert not policy.satisfied_by([5.0, 5.0])
    assert policy.satisfied_by([5.0, 5.0, 5.0])


def test_rounds_go_on_until_the_time_is_used() -> None:
    """Quick rounds stop when their sum reaches the time."""
    policy = RoundsPolicy(min_rounds=2, max_time_s=1)
    assert not policy.satisfied_by([0.25] * 3)
    assert policy.satisfied_by([0.25] * 4)


def test_rounds_that_take_no_time_at_all_end_too() -> None:
    """A clock too coarse to see a round must not make a trial endless."""
    assert RoundsPolicy(max_rounds=50).satisfied_by([0.0] * 50)


def test_the_least_number_of_rounds_outranks_the_largest() -> None:
    """Whoever asks for many gets them."""
    assert not RoundsPolicy(min_rounds=60, max_rounds=50).satisfied_by([9.0] * 59)


def test_precision_ends_the_rounds_early_when_they_agree() -> None:
    """Equal rounds are precise at once; scattered ones go on."""
    policy = RoundsPolicy(min_rounds=3, max_time_s=1000, precision=0.02)
    assert policy.satisfied_by([1.0, 1.001, 0.999])
    assert not policy.satisfied_by([1.0, 2.0, 0.5])


def test_the_precision_of_many_rounds_is_looked_at_now_and_then() -> None:
    """Each look takes all of them: after each one, ten thousand short rounds would take half a minute."""
    policy = RoundsPolicy(min_rounds=3, max_time_s=1000, precision=0.02)
    agree = [1.0] * 1_000
    assert policy.satisfied_by(agree)
    assert not policy.satisfied_by(agree[:-1])
    assert policy.satisfied_by(agree[:-20])


def test_precision_of_rounds_that_take_no_time_is_no_error() -> None:
    """Where the clock saw nothing pass there is no margin; the rounds go on."""
    assert not RoundsPolicy(min_rounds=2, precision=0.02).satisfied_by([0.0, 0.0])


def test_throughput_is_the_items_over_the_median_round() -> None:
    """Items per second, and None where the clock could not see a round pass."""
    assert run_trial(plan_for(FakeModel(takes_ns=[1, 500_000_000]), policy=TWO_ROUNDS)).throughput_per_s == 6.0
    assert run_trial(plan_for(FakeModel(takes_ns=[0]), policy=RoundsPolicy(max_rounds=5))).throughput_per_s is None


def test_proofs_that_take_far_longer_than_the_rounds_end_the_trial(way: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Very large results of very short rounds: the fewest rounds are timed, and not ten thousand."""
    fake_model, run = way
    monkeypatch.setattr(clocks, "perf_counter", count(0.0, 6.0).__next__)
    measurement = run(plan_for(fake_model(), policy=RoundsPolicy(min_rounds=3, max_time_s=1.0)))
    assert len(measurement.durations_s) == 3


ORDER = ("before_first_round", "first_round", "timed_round", "check", "closing", "closed", "measurement")


def _take(recorder: Recorder, step: str) -> None:
    results = [1, 4, 9]
    if step == "timed_round":
        with recorder.timed_round() as finish:
            finish()
    elif step in ("first_round", "check"):
        getattr(recorder, step)(*([results, {}] if step == "first_round" else [results]))
    elif step == "closing":
        recorder.closing({})
    else:
        getattr(recorder, step)()


def test_a_recorder_takes_its_steps_in_one_order() -> None:
    """Each of them once, as OpenTrial takes them."""
    recorder = Recorder(plan_for(FakeModel()))
    for step in ORDER:
        _take(recorder, step)


def test_what_an_executor_learns_of_itself_until_its_end_counts() -> None:
    """A worker of a cluster that was lost in some later round voids the trial."""
    recorder = Recorder(plan_for(FakeModel()))
    for step in ORDER[: ORDER.index("closing")]:
        _take(recorder, step)
    recorder.closing({"workers_lost": 1, "items_run_again": 7})
    recorder.closed()
    measurement = recorder.measurement()
    lost = next(void for void in measurement.voids if void.kind == "worker-lost")
    assert lost.reason == "1 worker(s) of the cluster were lost, and 7 items were run again"
    assert measurement.details["items_run_again"] == 7


@pytest.mark.parametrize("missing", [step for step in ORDER if step not in ("closing", "measurement")])
def test_a_step_out_of_order_is_refused_by_name(missing: str) -> None:
    """A figure would be wrong in silence: a start-up without its end, or a round that was never proved."""
    recorder = Recorder(plan_for(FakeModel()))
    at = ORDER.index(missing)
    for step in ORDER[:at]:
        _take(recorder, step)
    following = ORDER[at + 1] if missing != "check" else "timed_round"
    if following == "closing":
        following = "closed"
    with pytest.raises(WorkloadError, match="out of order"):
        _take(recorder, following)
