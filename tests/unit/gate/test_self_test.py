"""A self-test counts what gates with a known truth came to, and says what this machine needs."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from timetrial.gate import self_test
from timetrial.gate.plan import GatePlan
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SideName
from timetrial.gate.self_test import (
    SHARES,
    Shares,
    alike,
    launch_scatter,
    launches_to_catch,
    most_looked_at_again,
    run_self_test,
    self_test_files,
    tally,
)
from timetrial.gate.sides.make import Side
from timetrial.gate.store import GateFile
from timetrial.gate.verdicts import rule_for
from timetrial.report.gate.self_test import self_test_lines, wilson
from timetrial.stats.sequential import Answer, confirm

NAMES = [f"test_a.py::test_{letter}" for letter in "abcdefgh"]
POLICY = GatePolicy()
PLAN = GatePlan(
    Side(SideName.BASE, Path("python"), Path(), None), Side(SideName.CANDIDATE, Path("python"), Path(), None), POLICY
)


def _made_up(plan: GatePlan, chance: random.Random) -> list[BenchmarkRecord]:
    """What a gate on a calm machine would measure: launches that scatter by half a percent around the truth."""
    phases = [Phase.SCREEN] * POLICY.screen_launches + [Phase.CONFIRM] * 40
    return [
        BenchmarkRecord(name, [_launch(phase, plan.extra_share(name), chance) for phase in phases]) for name in NAMES
    ]


def _launch(phase: Phase, share: float, chance: random.Random) -> LaunchPair:
    candidate_s = 0.010 * (1 + share) * math.exp(chance.gauss(0, 0.005))
    return LaunchPair(phase, (0.010,) * 4, (candidate_s,) * 4, (True, False) * 2)


@pytest.fixture
def tested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a self-test of six gates, three with slowdowns."""
    chance = random.Random(7)
    seeds = iter(range(100))
    monkeypatch.setattr(self_test, "run_gate", lambda plan: _made_up(plan, chance))
    monkeypatch.setattr("secrets.randbits", lambda _bits: next(seeds))
    for _ in range(3):
        run_self_test(PLAN, tmp_path, budget_s=0.0, say=lambda _text: None)
    return tmp_path


def test_gates_of_both_kinds_take_turns_and_the_next_test_goes_on_from_there(tested: Path) -> None:
    """At least two, however short the budget; those of other tests don't count."""
    assert sorted(gate.about["injected"] for gate in self_test_files(tested)) == [False] * 3 + [True] * 3
    run_self_test(replace(PLAN, selection=["-k", "other"]), tested, budget_s=0.0, say=lambda _text: None)
    others = [gate for gate in self_test_files(tested) if gate.about["selection"]]
    assert sorted(gate.about["injected"] for gate in others) == [False, True]


def test_the_truth_is_counted_by_what_was_injected(tested: Path) -> None:
    """On a calm machine, all slowdowns are caught and nothing else is accused."""
    counted = {each.share: each for each in tally(self_test_files(tested))}
    assert counted[0.0].regressed == counted[0.0].improved == 0
    assert counted[0.0].gates == 6
    assert all(counted[share].regressed == counted[share].total > 0 for share in SHARES)
    assert sum(each.total for each in counted.values()) == 6 * len(NAMES)


def test_unfinished_gates_and_other_gates_are_not_counted(tested: Path) -> None:
    """A self-test that was cut off leaves a file that says so."""
    GateFile(tested, POLICY, {"kind": "self-test", "seed": 1, "injected": False}).write([])
    GateFile(tested, POLICY, {"kind": "gate"}).write([], complete=True)
    assert len(self_test_files(tested)) == 6


def test_slowdowns_follow_from_the_seed_and_the_name_alone() -> None:
    """So that a file can be judged without having stored them; some benchmarks are always left alone."""
    shares = [Shares(3)(name) for name in NAMES * 20]
    assert shares == [Shares(3)(name) for name in NAMES * 20]
    drawn = [Shares(seed)(name) for seed in range(50) for name in NAMES]
    assert set(drawn) == {0.0, *SHARES}
    assert 0.3 < drawn.count(0.0) / len(drawn) < 0.5


def test_the_scatter_of_launches_comes_from_identical_sides_only(tested: Path) -> None:
    """As a robust standard deviation."""
    scatters = launch_scatter(self_test_files(tested))
    assert scatters.keys() == set(NAMES)
    assert all(0.001 < each < 0.012 for each in scatters.values())


def test_a_noisier_machine_needs_more_launches() -> None:
    """With the square of its scatter; fewer for a larger slowdown, and more where less may go wrong."""
    noisy = launches_to_catch(0.08, 0.05, POLICY)
    assert launches_to_catch(0.16, 0.05, POLICY) == pytest.approx(4 * noisy, rel=0.05)
    assert launches_to_catch(0.08, 0.10, POLICY) < noisy
    assert launches_to_catch(0.08, 0.05, replace(POLICY, alpha=0.001)) > noisy


@pytest.mark.parametrize(("k", "fewest"), [(1, 12), (6, 14), (8, 14)])
def test_a_calm_machine_needs_the_fewest_that_can_prove_anything(k: int, fewest: int) -> None:
    """However little its launches scatter; they are more where several share alpha."""
    assert launches_to_catch(0.001, 0.05, POLICY, k) == fewest
    assert launches_to_catch(0.001, 0.05, replace(POLICY, confirm_launches=6)) > 6


@pytest.mark.parametrize("k", [1, 6])
@pytest.mark.parametrize("scatter", [0.01, 0.02, 0.03, 0.045])
def test_with_so_many_launches_the_rule_itself_catches_nearly_all(scatter: float, k: int) -> None:
    """On made-up launches, about 95 % as promised; and it doesn't ask for many more than that takes."""
    chance, rule, launches = random.Random(5), rule_for(POLICY, k), launches_to_catch(scatter, 0.05, POLICY, k)
    made_up = ([chance.gauss(math.log1p(0.05), scatter) for _ in range(launches)] for _ in range(200))
    decisions = [confirm(each, rule) for each in made_up]
    caught = sorted(each.launches for each in decisions if each.answer is Answer.SLOWER)
    assert len(caught) >= 0.9 * 200
    assert caught[int(0.9 * 200) - 1] >= 0.8 * launches


def test_alpha_is_shared_by_as_many_as_were_looked_at_again_at_most(tested: Path) -> None:
    """One at least, since it is one that is to be proved."""
    gates = [replace(each, records=_screens(each.records)) for each in self_test_files(tested)]
    shares = [Shares(gate.about["seed"]) for gate in gates if gate.about["injected"]]
    assert most_looked_at_again(gates) == max(sum(share(name) > 0 for name in NAMES) for share in shares)
    assert most_looked_at_again([gate for gate in gates if not gate.about["injected"]]) == 1


def _screens(records: Sequence[BenchmarkRecord]) -> list[BenchmarkRecord]:
    return [BenchmarkRecord(each.name, each.of(Phase.SCREEN)) for each in records]


def test_the_report_says_on_how_much_it_rests(tested: Path) -> None:
    """Counts beside each share, and what the machine needs."""
    lines = self_test_lines(self_test_files(tested))
    assert lines[0].startswith("6 gates: 3 of identical sides, 3 with slowdowns")
    assert any(line.startswith("nothing") and " 0 (0%)" in line for line in lines)
    assert any(line.startswith("+20%") and "(100%)" in line for line in lines)
    assert "launches of identical code scatter by" in lines[-2]
    assert self_test_lines([]) == []


def test_the_report_ends_with_what_to_set(tested: Path) -> None:
    """The budget is for the screen and all that were looked at again; more launches where the policy has too few."""
    gates = [replace(each, seconds=8.0 * len(each.records[0].launches)) for each in self_test_files(tested)]
    again = most_looked_at_again(gates)
    budget_s = math.ceil((8 * 7 + again * 14) / 10) * 10  # a second for each benchmark and launch
    assert self_test_lines(gates)[-1] == (
        f"this machine needs about 56 s to look at all 8 benchmarks, and 14 launches to prove a slowdown of 5% in "
        f"that one, about {again * 14} s with {again} looked at again (the most in these gates): set budget_s to about "
        f"{budget_s} s in [tool.timetrial.gate], or --budget {budget_s}s (budget_s is 600)"
    )
    short = [replace(each, policy=replace(each.policy, confirm_launches=7)) for each in gates]
    assert "set confirm_launches to 10 and budget_s to about 140 s in" in self_test_lines(short)[-1]


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [(0, 20, 0.0, 0.161), (20, 20, 0.839, 1.0), (5, 50, 0.0435, 0.2136), (0, 0, 0, 1)],
)
def test_small_counts_have_wide_intervals(successes: int, total: int, low: float, high: float) -> None:
    """Wilson's, as tables have it."""
    assert wilson(successes, total) == pytest.approx((low, high), abs=0.0006)


def test_gates_of_other_tests_or_under_another_policy_do_not_count(tested: Path) -> None:
    """Their rates are about something else."""
    gates = self_test_files(tested)
    assert alike(gates, POLICY, ()) == gates
    assert alike(gates, POLICY, ["-k", "fetch"]) == []
    assert alike(gates, replace(POLICY, margin=0.02), ()) == []
