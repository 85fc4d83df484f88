"""What a gate does with its time follows from how many benchmarks there are, and is said where it isn't enough."""

from __future__ import annotations

import math

import pytest

from timetrial.gate.allotment import (
    Allotment,
    Pace,
    allot,
    longest_pair_s,
    pairs_again,
    pairs_by_scatter,
    second_look,
    slowed_pace,
)
from timetrial.gate.policy import GatePolicy
from timetrial.stats.variance_components import Components

POLICY = GatePolicy()


def allotted(benchmarks: int, budget_s: float, start_s: float = 2.0) -> Allotment:
    """For so many benchmarks and so much time."""
    return allot(GatePolicy(budget_s=budget_s), benchmarks, start_s, budget_s - start_s)


@pytest.mark.parametrize("benchmarks", [1, 8, 34])
def test_few_benchmarks_are_measured_as_the_policy_says(benchmarks: int) -> None:
    """The published figures are of such gates."""
    found = allotted(benchmarks, 600)
    assert (found.pace, found.policy, found.lines) == (Pace(pairs=30), GatePolicy(budget_s=600), ())
    assert slowed_pace(found, 1.9) == found.pace


@pytest.mark.parametrize(("benchmarks", "budget_s"), [(300, 600), (20, 90)])
def test_hundreds_get_shorter_rounds_and_the_same_slowdown_is_seen(benchmarks: int, budget_s: float) -> None:
    """Nothing else of the policy changes, and nothing has to be said."""
    found = allotted(benchmarks, budget_s)
    assert found.policy == GatePolicy(budget_s=budget_s)
    assert found.pace.round_s < 0.01
    assert not found.lines


def test_the_more_time_there_is_the_longer_are_rounds() -> None:
    """And the fewer benchmarks."""
    costs = [allotted(300, budget_s).pace.cost_s(3) for budget_s in (240, 480, 960, 1920, 3840)]
    assert costs == sorted(costs)
    assert costs[-1] == Pace(pairs=30).cost_s(3)


def test_what_a_budget_does_not_allow_is_said_before_and_asserted_after() -> None:
    """The policy that counts then sees what is said."""
    found = allotted(317, 120)
    assert POLICY.detect < found.policy.detect < 0.5
    (line,) = found.lines
    assert line.startswith("317 benchmarks need about ")
    assert "to see a slowdown of 5%; with 2 minutes (budget_s, or --budget), the detectable slowdown is " in line
    assert f"{100 * found.policy.detect:.3g}%" in line
    assert found.policy.flag < found.policy.detect
    assert found.policy.screen_launches >= 6


def test_where_nothing_can_be_asserted_that_is_said_and_the_policy_stays() -> None:
    """Six launches are the fewest that bound anything."""
    found = allotted(317, 60)
    assert found.policy == GatePolicy(budget_s=60)
    assert found.lines[0].endswith("there are too few launches of each to clear any of them")


def test_on_a_machine_that_is_busy_pairs_get_fewer_and_the_time_is_kept() -> None:
    """As soon as that shows; never fewer than the pace allows."""
    found = allotted(300, 600)
    slowed = slowed_pace(found, 2.0)
    assert slowed.pairs < found.pace.pairs
    assert 2.0 * slowed.cost_s(3) == pytest.approx(found.slack * found.pace.cost_s(3), rel=0.1)
    assert slowed_pace(found, 50.0).pairs == found.pace.fewest_pairs


def test_a_slow_benchmark_may_take_a_tenth_of_the_budget() -> None:
    """Of two, each may take all of it."""
    assert longest_pair_s(POLICY, 300, Pace()) * POLICY.screen_launches * 8 < 0.1 * POLICY.budget_s
    assert longest_pair_s(POLICY, 2, Pace()) == 10 * longest_pair_s(POLICY, 300, Pace())
    assert longest_pair_s(POLICY, 1, Pace()) == math.inf


def test_pairs_go_where_the_scatter_is_and_are_no_more_in_all() -> None:
    """By a factor of two at most."""
    pairs = pairs_by_scatter(
        Pace(0.002, 12, fewest_pairs=4), {"quiet": 0.001, "usual": 0.02, "other": 0.02, "wild": 0.4}
    )
    assert pairs["quiet"] < pairs["usual"] == pairs["other"] < pairs["wild"]
    assert sum(pairs.values()) == pytest.approx(48, abs=2)
    assert pairs_by_scatter(Pace(), {}) == {}


def test_where_launches_bring_the_scatter_fewer_pairs_are_taken_of_each() -> None:
    """And as many as the policy allows where the start has to be paid by few."""
    pace = Pace(0.002, 12, fewest_pairs=4)
    launches, pairs = Components(0.03, 0.005), Components(0.003, 0.05)
    assert pairs_again(pace, launches, 0.01, POLICY) == 4
    assert pairs_again(pace, pairs, 0.01, POLICY) > 20
    assert pairs_again(pace, pairs, 5.0, POLICY) == POLICY.pairs_per_launch
    assert pairs_again(pace, None, 0.01, POLICY) == 12


def test_a_second_look_with_time_enough_is_the_policy_s() -> None:
    """All that was left open, in as many launches as are allowed."""
    look = second_look(POLICY, ["a", "b"], [], {"a": 0.6, "b": 0.6}, 1.5, 500)
    assert (list(look.names), look.launches) == (["a", "b"], 60)


def test_a_short_second_look_spends_its_error_on_fewer_launches_and_its_time_on_the_most_urgent() -> None:
    """What is proved of one is worth more than a beginning made with fifty."""
    names = [str(number) for number in range(50)]
    look = second_look(POLICY, names, [], dict.fromkeys(names, 0.1), 3.0, 100)
    assert look.launches < 60
    assert 0 < len(look.names) < 50
    assert list(look.names) == names[: len(look.names)]


def test_variants_that_are_of_use_together_only_are_taken_whole_or_not_at_all() -> None:
    """After those that are open by themselves, as far as there is time."""
    families = [["a", "x", "y", "z"], [str(number) for number in range(200)]]
    costs = dict.fromkeys(["a", "b", *families[0], *families[1]], 0.1)
    look = second_look(POLICY, ["a", "b"], families, costs, 3.0, 200)
    assert list(look.names) == ["a", "b", "x", "y", "z"]
