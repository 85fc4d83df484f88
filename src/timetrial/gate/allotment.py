"""How a gate spends its time: from how many benchmarks there are, and how long it may take, to rounds and launches.

Pure functions. Where there is time enough, the policy's own numbers count. Where there isn't, rounds get shorter first,
and then fewer: each launch brings luck of its own, which longer rounds don't lessen. What even then can't be seen is
said before anything is measured, by what benchmarks usually cost and scatter; what they do in this gate then decides
the rest (docs/gate.md, "The budget").
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from timetrial.gate.budget import SHORTEST_S
from timetrial.gate.policy import GatePolicy
from timetrial.stats.sequential import Rule, fewest_to_prove
from timetrial.stats.signed_rank import CONFIDENCE, as_effect, as_ratio, fewest_for
from timetrial.stats.variance_components import Components, best_pairs

_LONG_ROUND_S: Final = 0.010  # long enough for the clock and the turn-taking, short enough that a pair sees one machine
_SHORTER: Final = ((0.005, 30), (0.003, 24), (0.002, 20), (0.002, 12), (0.001, 12), (0.001, 8), (0.001, 5))
"""Seconds a round and pairs a launch, from what costs most to what costs least."""
_UNTIMED_S: Final = 0.015  # a test's own set-up, and what is said before and after its rounds
_UNTIMED_PAIRS: Final = 3  # a pair to see the processors used, and the warm-up's beyond the policy's first round
_TURN_S: Final = 0.0004  # from one side's round to the other's
_WITHIN_SHORT: Final = 0.02  # what pairs of rounds of 1 ms scatter by, beside what rounds of any length do
_COMPONENTS: Final = Components(between=0.012, within=0.05)
"""How launches, and pairs of long rounds, are expected to scatter: between an idle machine and a busy one."""
_AGAIN: Final = 0.15
_FEWEST_AGAIN: Final = 2
"""The share of benchmarks, and the fewest, that are expected to be looked at again, each in so many launches."""
_LAUNCHES_AGAIN: Final = 16
_STARTS_AGAIN: Final = 24
"""And how many launches it takes until the last of them is settled."""
_REACH: Final = {6: 1.24, 7: 0.92, 8: 0.88}
"""How far the interval of so many launches reaches, in standard deviations of a launch: docs/gate.md, "The screen"."""
_CHANCE: Final = 2.0  # the estimate lies off by less than so many standard errors, in 98 benchmarks of 100
_SCREEN_SHARE: Final = 0.85  # of a budget that is too small for both looks
_STILL_THERE: Final = 0.6  # of the benchmarks that are looked at again, in an average launch of the second look
_MOST_FITTING: Final = 30  # launches among which an error is spent where time is short
_TO_SPARE: Final = 6  # launches beyond the fewest that can prove anything
_FLAG_SHARE: Final = 0.3  # of what has to be seen: what a look again is worth it for
_SLOWEST_SHARE: Final = 0.1  # of the budget that one benchmark's launches may take, or that of two average ones


@dataclass(frozen=True)
class Pace:
    """How a benchmark is measured in one launch."""

    round_s: float = _LONG_ROUND_S
    """What a round's executions should take together, in seconds."""
    pairs: int = 30
    """At most."""
    turns_s: float = 1.0
    """How long all its pairs may take together, in seconds: where rounds are longer, pairs are fewer."""
    fewest_pairs: int = 8
    """But never fewer than these."""

    def cost_s(self, warmup_rounds: int) -> float:
        """What a benchmark of short executions takes in a launch."""
        rounds = 2 * (self.pairs + _UNTIMED_PAIRS + warmup_rounds - 1)
        return _UNTIMED_S + rounds * (self.round_s + _TURN_S)

    def scatter(self) -> float:
        """The standard deviation that a launch's effect is expected to have."""
        within = math.hypot(_COMPONENTS.within, _WITHIN_SHORT * math.sqrt(0.001 / self.round_s))
        return Components(_COMPONENTS.between, within).of_launch(self.pairs)


@dataclass(frozen=True)
class Allotment:
    """What one gate does with its time: the pace of its launches, and the policy by which it is judged.

    ``lines`` tell what has to be known of it before it begins, if anything: that the budget is too small for what the
    policy wants to see. ``slack`` is how many times slower a machine may be than expected before pairs get fewer.
    """

    pace: Pace
    policy: GatePolicy
    lines: tuple[str, ...] = ()
    slack: float = 1.0


@dataclass(frozen=True)
class _Prospect:
    """What one pace comes to for so many benchmarks."""

    pace: Pace
    needed_s: float
    """The whole gate, with a second look at those that will need one."""
    launches: int
    """Of the screen, as many as fit."""
    detect: float
    """The smallest slowdown that nearly every unchanged benchmark can be cleared of, in the launches that fit."""


def allot(policy: GatePolicy, benchmarks: int, start_s: float, left_s: float) -> Allotment:
    """The pace and the policy for a gate of so many benchmarks, whose launches take ``start_s`` before the first.

    ``left_s`` is what is left of the budget. The first pace that fits is taken, of those that cost less and less; if
    none does, the cheapest whose screen still clears what is unchanged. Where none can, the one that sees the smallest
    slowdown is taken, and the policy's ``detect`` becomes what it sees.
    """
    usual = Pace(pairs=policy.pairs_per_launch)
    shorter = [_short(round_s, pairs, policy) for round_s, pairs in _SHORTER if pairs <= policy.pairs_per_launch]
    prospects = [_prospect(pace, policy, benchmarks, start_s, left_s) for pace in (usual, *shorter)]
    enough = next((each for each in prospects if each.needed_s <= left_s), None)
    if enough is not None and (enough.pace == usual or enough.detect <= policy.detect):
        return Allotment(enough.pace, policy, slack=left_s / enough.needed_s)
    seeing = [each for each in prospects if each.detect <= policy.detect]
    best = min(seeing, key=lambda each: each.needed_s) if seeing else min(prospects, key=lambda each: each.detect)
    if best.launches >= fewest_for(CONFIDENCE):
        policy = replace(policy, screen_launches=best.launches)
    return Allotment(best.pace, policy) if seeing else _less(best, prospects, policy, benchmarks)


def _short(round_s: float, pairs: int, policy: GatePolicy) -> Pace:
    """Where time is short, no benchmark's long rounds may take several times what the others' do."""
    pace = Pace(round_s, pairs)
    return replace(pace, turns_s=max(0.25, 2 * pace.cost_s(policy.warmup_rounds)), fewest_pairs=min(5, pairs))


def _prospect(pace: Pace, policy: GatePolicy, benchmarks: int, start_s: float, left_s: float) -> _Prospect:
    cost_s = pace.cost_s(policy.warmup_rounds)
    again = min(benchmarks, max(_FEWEST_AGAIN, _AGAIN * benchmarks))
    launch_s = start_s + benchmarks * cost_s
    again_s = again * _LAUNCHES_AGAIN * cost_s + _STARTS_AGAIN * start_s
    launches = min(policy.screen_launches, int(_SCREEN_SHARE * left_s / launch_s))
    return _Prospect(pace, policy.screen_launches * launch_s + again_s, launches, _seen_in(launches, pace.scatter()))


def _seen_in(launches: int, scatter: float) -> float:
    """The slowdown that so many launches clear an unchanged benchmark of; infinite where they bound nothing."""
    if launches < fewest_for(CONFIDENCE):
        return math.inf
    reach = _REACH.get(launches, 2.5 / math.sqrt(launches))
    return as_ratio(scatter * (reach + _CHANCE / math.sqrt(launches)))


def _less(best: _Prospect, prospects: Sequence[_Prospect], policy: GatePolicy, benchmarks: int) -> Allotment:
    """What a budget that is too small allows, in words too."""
    seeing = [each for each in prospects if _seen_in(policy.screen_launches, each.pace.scatter()) <= policy.detect]
    needed_s = min((each.needed_s for each in seeing), default=prospects[0].needed_s)
    needs = f"{benchmarks} benchmarks need about {_minutes(needed_s)} to see a slowdown of {_percent(policy.detect)}"
    budget = f"with {_minutes(policy.budget_s)} (budget_s, or --budget)"
    if math.isinf(best.detect):
        line = f"{needs}; {budget}, there are too few launches of each to clear any of them"
        return Allotment(prospects[-1].pace, policy, (line,))
    seen = math.ceil(best.detect * 100) / 100
    line = f"{needs}; {budget}, the detectable slowdown is {_percent(seen)}, and that is what this gate asserts"
    return Allotment(best.pace, replace(policy, detect=seen, flag=max(policy.flag, _FLAG_SHARE * seen)), (line,))


def slowed_pace(allotted: Allotment, slowness: float) -> Pace:
    """The pace on a machine on which benchmarks take so many times longer than expected: fewer pairs, no more time."""
    pace, factor = allotted.pace, allotted.slack / max(slowness, 1e-9)
    if factor >= 1:
        return pace
    untimed = _UNTIMED_PAIRS + allotted.policy.warmup_rounds - 1
    return replace(pace, pairs=max(pace.fewest_pairs, int((pace.pairs + untimed) * factor) - untimed))


def longest_pair_s(policy: GatePolicy, benchmarks: int, pace: Pace) -> float:
    """How long one execution on both sides may take, so that a slow benchmark does not hold up the rest, if any."""
    if benchmarks == 1:
        return math.inf
    share = max(_SLOWEST_SHARE, min(1.0, 2 / benchmarks))
    in_a_launch = pace.fewest_pairs + _UNTIMED_PAIRS + policy.warmup_rounds - 1
    return share * max(policy.budget_s, SHORTEST_S) / (policy.screen_launches * in_a_launch)


def pairs_by_scatter(pace: Pace, within: Mapping[str, float]) -> dict[str, int]:
    """More pairs for the benchmarks whose pairs scatter more, in the same time together.

    In proportion to their standard deviations, as Neyman (Journal of the Royal Statistical Society 97, 1934) allots a
    sample to strata; by a factor of two at most, and never fewer than the pace allows.
    """
    middle = statistics.median(within.values()) if within else 0.0
    if not middle:
        return {}
    shares = {name: min(2.0, max(0.5, each / middle)) for name, each in within.items()}
    whole = statistics.fmean(shares.values())
    return {name: max(pace.fewest_pairs, round(pace.pairs * share / whole)) for name, share in shares.items()}


def pairs_again(pace: Pace, found: Components | None, start_s: float, policy: GatePolicy) -> int:
    """How many pairs a launch of the second look takes of a benchmark, whose share of the start is ``start_s``."""
    if found is None:
        return pace.pairs
    untimed_s = start_s + replace(pace, pairs=0).cost_s(policy.warmup_rounds)
    best = best_pairs(found, untimed_s, 2 * (pace.round_s + _TURN_S))
    return int(max(pace.fewest_pairs, min(policy.pairs_per_launch, best)))


@dataclass(frozen=True)
class SecondLook:
    """How the rest of a budget is spent on what the screen left open: ``names`` first, ``launches`` at most."""

    names: Sequence[str]
    launches: int


def second_look(
    policy: GatePolicy,
    names: Sequence[str],
    families: Sequence[Sequence[str]],
    costs_s: Mapping[str, float],
    start_s: float,
    left_s: float,
) -> SecondLook:
    """As many launches as fit, and where too few fit to prove anything, for as many benchmarks as these suffice for.

    ``names`` stand in the order of their urgency; ``families`` are variants that are of use together only, each taken
    whole where there is time for it besides. ``costs_s`` says what each takes in a launch. Launches get shorter as
    benchmarks leave, so that on average they cost little more than half.
    """
    rule = Rule(as_effect(policy.margin), as_effect(policy.detect), policy.alpha / max(1, len(names)), _MOST_FITTING)
    fewest = min(policy.confirm_launches, fewest_to_prove(rule) + _TO_SPARE)

    def fit(chosen: Sequence[str]) -> bool:
        return fewest * _launch_again_s(chosen, costs_s, start_s) <= left_s

    chosen = list(names)
    while len(chosen) > 1 and not fit(chosen):
        chosen.pop()
    for family in families:
        more = list(dict.fromkeys([*chosen, *family]))
        chosen = more if fit(more) else chosen
    fitting = int(left_s / _launch_again_s(chosen, costs_s, start_s)) if chosen else 0
    return SecondLook(chosen, max(fewest, min(policy.confirm_launches, fitting)))


def _launch_again_s(names: Sequence[str], costs_s: Mapping[str, float], start_s: float) -> float:
    return start_s + _STILL_THERE * sum(costs_s.get(name, 0.0) for name in names)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{math.ceil(seconds / 60)} minutes"


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.3g}%"
