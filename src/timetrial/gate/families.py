"""What variants of one test say together: "test_parse got 9 % slower", though none of them proves it alone.

Every test with several variants is watched from the first launch on, by one value a launch (``stats/clusters``). All
such families share half of the policy's alpha, the benchmarks the other half. Those that lean one way after the screen
get fresh launches of all their variants, and the sequential test of ``stats/sequential`` looks after each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from timetrial.errors import GateError
from timetrial.gate.agreement import with_machines
from timetrial.gate.effects import effect_of
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord
from timetrial.gate.variants import by_family
from timetrial.stats.clusters import cluster_values
from timetrial.stats.sequential import Answer, Rule, confirm
from timetrial.stats.signed_rank import as_effect, as_ratio, shift_interval, trimmed_mean

FEWEST_VARIANTS: Final = 4
ALPHA_SHARE: Final = 0.5
_PROVED: Final = {Answer.SLOWER: Verdict.REGRESSED, Answer.FASTER: Verdict.IMPROVED}


def families_of(records: Sequence[BenchmarkRecord]) -> dict[str, list[BenchmarkRecord]]:
    """Tests of which at least four variants were measured, by the test's node id.

    Only in gates that number their launches, since what was measured together has to be known: older ones had none.
    """
    numbered = {each.name: each for each in records if any(launch.number is not None for launch in each.launches)}
    families = by_family(numbered)
    return {
        test: [numbered[name] for name in names] for test, names in families.items() if len(names) >= FEWEST_VARIANTS
    }


def alpha_of_benchmarks(records: Sequence[BenchmarkRecord], policy: GatePolicy) -> float:
    """What is left of alpha for single benchmarks; all of it where there is no family."""
    return policy.alpha * (1 - ALPHA_SHARE if families_of(records) else 1.0)


def open_families(records: Sequence[BenchmarkRecord], policy: GatePolicy) -> dict[str, list[str]]:
    """The variants of each test that leans past ``policy.flag`` and is not settled yet: fresh launches would help.

    To be asked once the screen is complete, and again after each launch of the second look.
    """
    families = families_of(records)
    rule = _rule(policy, len(families))
    values = {test: _values(members) for test, members in families.items()}
    return {
        test: [each.name for each in families[test] if each.trouble is None]
        for test, effects in values.items()
        if effects
        and abs(trimmed_mean(effects)) > as_effect(policy.flag)
        and confirm(effects, rule).answer is Answer.GO_ON
    }


def judge_families(records: Sequence[BenchmarkRecord], policy: GatePolicy) -> list[Finding]:
    """The tests whose variants have together got slower or faster, past the margin; others have nothing to be said."""
    families = families_of(records)
    rule = _rule(policy, len(families))
    found = (_judge(test, members, rule) for test, members in families.items())
    heard = (
        with_machines(each, _by_machine(families[each.benchmark]), policy, len(families)) for each in found if each
    )
    return [each for each in heard if each.verdict is not Verdict.INCONCLUSIVE]


def _judge(test: str, members: Sequence[BenchmarkRecord], rule: Rule) -> Finding | None:
    effects = _values(members)
    decision = confirm(effects, rule)
    verdict = _PROVED.get(decision.answer)
    if verdict is None:
        return None
    interval = shift_interval(effects[: decision.launches])
    finite = math.isfinite(interval.low)
    return Finding(
        test,
        verdict,
        effect=as_ratio(interval.estimate),
        low=as_ratio(interval.low) if finite else None,
        high=as_ratio(interval.high) if finite else None,
        confidence=interval.confidence,
        launches=decision.launches,
        variants=len(members),
    )


def _rule(policy: GatePolicy, families: int) -> Rule:
    alpha = policy.alpha * ALPHA_SHARE / max(1, families)
    most = policy.screen_launches + policy.confirm_launches
    return Rule(as_effect(policy.margin), as_effect(policy.detect), alpha, most)


def _values(members: Sequence[BenchmarkRecord]) -> list[float]:
    """One value for each launch in which nearly all of them were measured."""
    return cluster_values([_by_launch(each) for each in members if each.trouble is None])


def _by_machine(members: Sequence[BenchmarkRecord]) -> dict[str, list[float]]:
    """The same, apart for each machine that had launches of it."""
    machines = sorted({launch.machine for each in members for launch in each.launches if launch.machine is not None})
    return {machine: found for machine in machines if (found := _values([_only_on(machine, each) for each in members]))}


def _only_on(machine: str, record: BenchmarkRecord) -> BenchmarkRecord:
    return replace(record, launches=[launch for launch in record.launches if launch.machine == machine])


def _by_launch(record: BenchmarkRecord) -> dict[int, float]:
    try:
        return {each.number: effect_of(each) for each in record.launches if each.number is not None}
    except GateError:
        return {}  # a round took no time: its own finding says so
