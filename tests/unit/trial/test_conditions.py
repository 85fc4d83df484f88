"""The conditions of a trial: each unfairness planted, and found with its figures."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from tests.unit.fakes import FakeInLoopModel, FakeModel, plan_for
from timetrial import Workload
from timetrial.environment.cgroups import Throttling
from timetrial.environment.clock import smallest_step_ns
from timetrial.environment.limits import OpenFiles
from timetrial.measure.disturbance import Disturbance, DisturbanceMeter
from timetrial.trial.conditions import Conditions, fallbacks, files_used_up, left_over, throttled, too_short
from timetrial.trial.executions import Executions
from timetrial.trial.plan import RoundsPolicy
from timetrial.trial.run import run_trial, run_trial_in_loop
from timetrial.trial.void import Kind, Void

TWO_ROUNDS = RoundsPolicy(min_rounds=2, max_time_s=0)
FILES = OpenFiles(found=1024, allowed=1000)


def voids_of(fake: FakeModel, **plan: Any) -> list[Void]:
    """Why a trial under the fake model is void."""
    return list(run_trial(plan_for(fake, policy=TWO_ROUNDS, **plan)).voids)


def test_a_fair_trial_is_not_void() -> None:
    """Nothing cries wolf."""
    measurement = run_trial(plan_for(FakeModel(details={"event_loop": "asyncio.x.Loop"}), policy=TWO_ROUNDS))
    assert measurement.voids == ()
    nothing_stopped = {"periods": 0, "seconds": 0.0}
    no_threads = {"most_in_a_process": 0, "cpu_share": 0.0}
    seen = {"native_threads": no_threads, "throttling": nothing_stopped, "disturbance": None, "limits": None}
    assert measurement.fairness == seen


def test_rounds_too_short_for_a_coarse_clock_are_void() -> None:
    """As on systems whose clock steps by 15.6 ms."""
    ticks = (15_600_000 * (reading // 100) for reading in itertools.count())
    step_ns = smallest_step_ns(lambda: next(ticks))
    assert step_ns == 15_600_000
    coarse, once = Conditions(clock_step_ns=step_ns), Executions(1)
    (void,) = voids_of(FakeModel(takes_ns=[1_000_000_000]), conditions=coarse, executions=once)
    assert void.kind == Kind.CLOCK
    assert "took 1,000,000,000 ns, and the clock's smallest step is 15,600,000 ns" in void.reason
    assert voids_of(FakeModel(takes_ns=[1_600_000_000]), conditions=coarse, executions=once) == []


def test_short_rounds_are_made_longer_and_not_void() -> None:
    """Each runs the items as often as the clock needs, and its figure is that of one execution."""
    plan = plan_for(FakeModel(takes_ns=[1_000_000]), policy=TWO_ROUNDS, conditions=Conditions(clock_step_ns=100_000))
    measurement = run_trial(plan)
    assert measurement.voids == ()
    assert measurement.details["executions_per_round"] == 40
    assert measurement.durations_s == (0.001, 0.001)


def test_all_models_that_are_compared_run_their_items_as_often() -> None:
    """As the first of them found that its own rounds need it, be the others faster or slower."""
    shared = Executions()
    for takes_ns in (1_000_000, 50_000, 80_000_000):
        plan = plan_for(
            FakeModel(takes_ns=[takes_ns]),
            policy=TWO_ROUNDS,
            conditions=Conditions(clock_step_ns=10_000),
            executions=shared,
        )
        assert run_trial(plan).details["executions_per_round"] == 4


def test_rounds_that_are_long_enough_run_their_items_once() -> None:
    """One look tells, and nothing is repeated."""
    fake = FakeModel(takes_ns=[1_000_000])
    measurement = run_trial(plan_for(fake, policy=TWO_ROUNDS, conditions=Conditions(clock_step_ns=40)))
    assert "executions_per_round" not in measurement.details


def test_a_clock_that_nobody_looked_at_voids_nothing() -> None:
    """Nor does one that never moved, or a trial without rounds."""
    assert too_short([1e-9], None) is None
    assert too_short([], 10) is None


class Stat:
    """A made-up /proc in which others use the machine: so much of each second is stolen, or used by them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now_s = 0.0
        root.joinpath("proc").mkdir()
        self.write(0, 0)

    def write(self, foreign_ticks: int, stolen_ticks: int) -> None:
        """What the one core has counted by now."""
        idle = round(100 * self.now_s) - foreign_ticks - stolen_ticks
        line = f"cpu0 {foreign_ticks} 0 0 {idle} 0 0 0 {stolen_ticks} 0 0\n"
        self.root.joinpath("proc/stat").write_text("cpu  0 0 0 0 0 0 0 0 0 0\n" + line)

    def meter(self) -> DisturbanceMeter:
        """Reads the made-up figures; we ourselves use nothing."""
        return DisturbanceMeter(lambda: 0.0, cores=[0], root=self.root, clock=lambda: self.now_s)


@pytest.mark.parametrize(
    ("foreign_ticks", "stolen_ticks", "told"),
    [(40, 0, "other processes used 20.0% of the 1 usable cores"), (0, 40, "the host took 20.0% of core 0's time")],
)
@pytest.mark.parametrize("in_a_loop", [False, True])
def test_a_disturbed_machine_voids_the_trial(
    tmp_path: Path, foreign_ticks: int, stolen_ticks: int, told: str, in_a_loop: bool
) -> None:
    """It is looked at before the first timed round and after the last one."""
    stat = Stat(tmp_path)

    def two_seconds(items: Sequence[int]) -> list[int]:
        stat.now_s += 1
        late = stat.now_s == 3
        stat.write(foreign_ticks * late, stolen_ticks * late)
        return [each * each for each in items]

    conditions = Conditions(meter=stat.meter)
    fake = (FakeInLoopModel if in_a_loop else FakeModel)(work=two_seconds, takes_ns=[1_000_000_000])
    plan = plan_for(fake, policy=TWO_ROUNDS, conditions=conditions)
    measurement = asyncio.run(run_trial_in_loop(plan)) if in_a_loop else run_trial(plan)
    (void,) = measurement.voids
    assert void.kind == Kind.DISTURBED
    assert told in void.reason
    assert measurement.fairness["disturbance"]["elapsed_s"] == 2.0
    brief = replace(fake, takes_ns=[100_000_000])
    stat.now_s = 0.0
    assert voids_of(brief, conditions=conditions) == []  # most of what was seen lay between its rounds


def test_a_disturbance_in_turns_is_noted_and_voids_nothing(tmp_path: Path) -> None:
    """It met all models alike, and their rounds are compared in pairs."""
    stat = Stat(tmp_path)

    def a_second(items: Sequence[int]) -> list[int]:
        stat.now_s += 1
        stat.write(round(50 * stat.now_s), 0)
        return [each * each for each in items]

    conditions = Conditions(meter=stat.meter, turns=True)
    measurement = run_trial(
        plan_for(FakeModel(work=a_second, takes_ns=[1_000_000_000]), policy=TWO_ROUNDS, conditions=conditions)
    )
    assert measurement.voids == ()
    assert measurement.fairness["disturbance"]["foreign_cpu_share"] == pytest.approx(0.5)


def test_nothing_is_looked_at_between_two_readings_of_the_clock() -> None:
    """The meter's two looks stand before and after all rounds, and cost no start-up or tear-down either."""
    fake = FakeModel()

    class Journalling(DisturbanceMeter):
        def start(self) -> None:
            fake.journal.append("look")
            fake.clock.now_ns += 10**9
            super().start()

        def stop(self) -> Any:
            fake.journal.append("look")
            fake.clock.now_ns += 10**9
            return super().stop()

    conditions = Conditions(clock_step_ns=1, meter=Journalling, open_files=OpenFiles(1, None))
    plan = plan_for(fake, policy=TWO_ROUNDS, conditions=conditions, executions=Executions(1))
    measurement = run_trial(plan)
    timed = ["clock", "round", "clock"]
    assert fake.journal == [
        *("clock", "opened", "first item", "clock", "round", "look"), *timed, *timed,
        *("look", "clock", "closed", "clock"),
    ]  # fmt: skip
    assert measurement.durations_s == (0.001, 0.001)
    assert measurement.teardown_s == 0.0


def test_an_untimed_trial_looks_at_nothing() -> None:
    """With --benchmark-disable there is nothing to be fair about."""

    def never() -> DisturbanceMeter:
        class Never(DisturbanceMeter):
            def start(self) -> None:
                pytest.fail("looked")

        return Never()

    assert voids_of(FakeModel(), timed=False, conditions=Conditions(meter=never)) == []


@pytest.mark.parametrize(
    ("details", "told"),
    [
        (
            {"event_loop": "asyncio.unix_events.Loop"},
            "the event loop is asyncio.unix_events.Loop, and uvloop was",
        ),
        ({"event_loop": "uvloop.Loop and asyncio.unix_events.Loop"}, "asyncio.unix_events.Loop, and uvloop was asked"),
        ({"event_loop": "uvloop.Loop", "start_method": "fork"}, "started by fork, and spawn was asked for"),
    ],
    ids=["the loop", "one worker's loop", "the start method"],
)
def test_a_loop_or_start_method_that_silently_fell_back_is_void(details: dict[str, object], told: str) -> None:
    """Also where only one of several workers did."""
    (void,) = voids_of(FakeModel(details=details), event_loop="uvloop", start_method="spawn")
    assert void.kind == Kind.FALLBACK
    assert told in void.reason


def test_what_was_asked_for_is_no_fallback() -> None:
    """Nor is what an executor doesn't tell."""
    assert list(fallbacks("uvloop", "spawn", {"event_loop": "uvloop.Loop", "start_method": "spawn"}, None)) == []
    assert list(fallbacks("uvloop", "spawn", {}, None)) == []
    assert list(fallbacks(None, None, {"event_loop": "uvloop.Loop", "start_method": "fork"}, None)) == []


def test_an_implementation_may_bring_its_own_loop_unless_another_one_is_asked_for() -> None:
    """Asyncio is only the default."""
    own = Workload("own", task=abs, implementations={"threads": lambda _: None})
    fake = FakeModel(details={"event_loop": "uvloop.Loop"})
    assert voids_of(fake, workload=own) == []
    (void,) = voids_of(FakeModel(details={"event_loop": "asyncio"}), workload=own, event_loop="uvloop")
    assert void.kind == Kind.FALLBACK


def test_an_async_test_brings_its_own_loop() -> None:
    """Unless another one was asked for, which it did not get."""

    def voids(event_loop: str) -> Sequence[Void]:
        fake = FakeInLoopModel(details={"event_loop": "uvloop.Loop" if event_loop == "asyncio" else "asyncio.x.Loop"})
        plan = plan_for(fake, policy=TWO_ROUNDS, event_loop=event_loop)
        return asyncio.run(run_trial_in_loop(plan)).voids

    assert voids("asyncio") == ()
    assert [each.kind for each in voids("uvloop")] == [Kind.FALLBACK]


def _aiohttp(compiled: bool) -> ModuleType:
    module = ModuleType("aiohttp.http_parser")
    in_python, in_c = type("InPython", (), {}), type("InC", (), {})
    vars(module).update(HttpResponseParser=in_c if compiled else in_python, HttpResponseParserPy=in_python)
    return module


@pytest.mark.parametrize("compiled", [True, False])
def test_a_client_without_its_compiled_part_is_not_the_client_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    """A variant that is named after a client asks for that client."""
    monkeypatch.setitem(sys.modules, "aiohttp.http_parser", _aiohttp(compiled))
    found = list(fallbacks("asyncio", None, {}, "aiohttp"))
    assert [each.kind for each in found] == ([] if compiled else [Kind.FALLBACK])
    assert list(fallbacks("asyncio", None, {}, "httpx")) == []


def test_a_urllib3_that_is_another_library_is_a_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Niquests puts its own in urllib3's place."""
    monkeypatch.setattr(metadata, "version", lambda name: f"version of {name}")
    (void,) = fallbacks(None, None, {}, "requests")
    assert void.reason == "the client requests is on urllib3-future, which niquests has put in urllib3's place"


@pytest.mark.parametrize(("used", "is_void"), [(949, False), (950, True), (1000, True), (None, False)])
def test_files_that_are_nearly_used_up_void_the_trial(used: int | None, is_void: bool) -> None:
    """Who meets the limit may have waited instead of failing."""
    void = files_used_up(FILES, used)
    assert (void is not None) is is_void
    if void is not None:
        assert void.kind == Kind.LIMIT
        assert void.reason == f"{used} of the 1000 files and sockets that may be open were open"


def test_without_a_limit_no_number_of_files_is_too_many() -> None:
    """Unlimited, or Windows."""
    assert files_used_up(OpenFiles(found=None, allowed=None), 10**6) is None
    assert files_used_up(None, 10**6) is None


def test_the_limit_and_what_was_used_of_it_are_in_the_figures() -> None:
    """What was raised is recorded."""
    measurement = run_trial(plan_for(FakeModel(), policy=TWO_ROUNDS, conditions=Conditions(open_files=FILES)))
    limits = measurement.fairness["limits"]
    assert (limits["found"], limits["allowed"]) == (1024, 1000)
    assert limits["open_files_used"] is None or limits["open_files_used"] > 2


@pytest.mark.parametrize(
    ("leftovers", "reason"),
    [
        ([], None),
        (["thread 'leak' is still running"], "after the accounting round, thread 'leak' is still running"),
        (["a", "b", "c"], "after the accounting round, a, and 2 more"),
    ],
)
def test_what_is_left_over_voids_the_trial(leftovers: list[str], reason: str | None) -> None:
    """The first is told, the others counted."""
    void = left_over(leftovers)
    assert (void.reason if void else None) == reason


def test_a_wrong_result_in_one_item_of_a_thousand_is_found() -> None:
    """And the message says which."""
    wrong: Callable[[Sequence[int]], list[int]] = lambda items: [each * each + (each == 777) for each in items]  # noqa: E731 - it is what the fake is given
    from timetrial.errors import VoidTrialError

    with pytest.raises(VoidTrialError, match="the result of item 777, 777, differs from the serial reference"):
        voids_of(FakeModel(work=wrong), items=range(1000))


@pytest.mark.parametrize(
    ("periods", "seconds", "is_void"), [(0, 0.0, False), (1, 0.005, False), (1, 0.01, True), (90, 0.8, True)]
)
def test_rounds_that_a_quota_stopped_for_a_hundredth_of_their_time_are_void(
    periods: int, seconds: float, is_void: bool
) -> None:
    """Also where models take turns: it stops some rounds, not all alike."""
    found = throttled(Throttling(periods, seconds), 1.0)
    assert (found is not None) is is_void
    assert found is None or (found.kind is Kind.THROTTLED and f"in {periods} period(s)" in found.reason)


class Crowd(DisturbanceMeter):
    """A machine that others use for as many looks as it is told."""

    looks: ClassVar[list[float]] = []

    def start(self) -> None:
        """Nothing to read."""

    def stop(self) -> Disturbance:
        """The next share, the last one for good."""
        share = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return Disturbance(1.0, 2, 0.0, foreign_cpu_share=share)


@pytest.mark.parametrize(
    ("looks", "rounds", "kinds"),
    [([0.0], 2, []), ([0.9, 0.0], 4, []), ([0.9, 0.9], 4, [Kind.DISTURBED])],
    ids=["quiet", "disturbed once", "disturbed again"],
)
def test_a_disturbed_trial_is_tried_again_before_it_is_given_up(
    looks: list[float], rounds: int, kinds: list[Kind]
) -> None:
    """Once; the rounds that were disturbed are forgotten."""
    Crowd.looks = list(looks)
    fake = FakeModel(takes_ns=[1_000_000_000])
    policy = RoundsPolicy(min_rounds=2, max_time_s=1)
    measurement = run_trial(plan_for(fake, policy=policy, conditions=Conditions(meter=Crowd)))
    assert fake.journal.count("round") == 1 + rounds
    assert len(measurement.durations_s) == 2
    assert [void.kind for void in measurement.voids] == kinds
