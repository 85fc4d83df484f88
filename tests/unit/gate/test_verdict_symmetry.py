"""Verdicts don't depend on which side is called the base, nor on how fast the machine was."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SideName, Trouble
from timetrial.gate.verdicts import judge

POLICY: Final = GatePolicy(confirm_launches=24, may_be_missing=("named*",))
MIRRORED: Final = {Verdict.REGRESSED: Verdict.IMPROVED, Verdict.IMPROVED: Verdict.REGRESSED}
OTHER: Final = {SideName.BASE: SideName.CANDIDATE, SideName.CANDIDATE: SideName.BASE, None: None}


@st.composite
def records(draw: st.DrawFn) -> BenchmarkRecord:
    """A benchmark with any effect and scatter, in any number of launches, on a machine of changing moods."""
    effect = draw(st.sampled_from([0.0, 0.03, 0.1]) | st.floats(-0.3, 0.3))
    scatter = draw(st.sampled_from([0.0, 0.005, 0.02, 0.08]))
    rounds = draw(st.integers(1, 4))
    phases = [Phase.SCREEN] * draw(st.integers(0, 8)) + [Phase.CONFIRM] * draw(st.integers(0, 24))
    chance = random.Random(draw(st.integers(0, 2**32)))
    kinds, sides = st.sampled_from(["missing", "skipped", "void", "failed"]), st.sampled_from([*SideName, None])
    return BenchmarkRecord(
        draw(st.sampled_from(["a", "named"])),
        [_launch(phase, effect, scatter, rounds, chance) for phase in phases],
        draw(st.none() | st.none() | st.none() | st.builds(Trouble, kinds, sides, st.just("why"))),
    )


def _launch(phase: Phase, effect: float, scatter: float, rounds: int, chance: random.Random) -> LaunchPair:
    # Where nothing scatters, rounds are alike to the last bit: then ties stay ties, whatever they are multiplied by.
    base_s = [0.01 * chance.uniform(1, 2 if scatter else 1) for _ in range(rounds)]
    luck = chance.gauss(effect, scatter)
    candidate_s = [each * math.exp(chance.gauss(luck, scatter / 2)) for each in base_s]
    firsts = [chance.random() < 0.5 for _ in base_s]
    return LaunchPair(phase, tuple(base_s), tuple(candidate_s), tuple(firsts), executions_per_round=3)


# Up to six of them share alpha; each gets a name of its own.
SUITES: Final = st.lists(records(), max_size=6).map(
    lambda made: [replace(each, name=f"{each.name} {number}") for number, each in enumerate(made)]
)


def judged(suite: Sequence[BenchmarkRecord]) -> list[Finding]:
    """The findings, with the verdicts told to hypothesis, which shows how often each came up."""
    findings = judge(suite, POLICY)
    for each in findings:
        event(each.verdict)
    return findings


def swapped(record: BenchmarkRecord) -> BenchmarkRecord:
    """The same launches, with the base called the candidate and the other way round."""
    launches = [
        replace(
            each,
            base_s=each.candidate_s,
            candidate_s=each.base_s,
            candidate_first=tuple(not first for first in each.candidate_first),
        )
        for each in record.launches
    ]
    trouble = record.trouble and replace(record.trouble, side=OTHER[record.trouble.side])
    return replace(record, launches=launches, trouble=trouble)


def times(record: BenchmarkRecord, factor: float) -> BenchmarkRecord:
    """The same launches on a machine that takes so many times as long."""
    launches = [
        replace(
            each,
            base_s=tuple(factor * s for s in each.base_s),
            candidate_s=tuple(factor * s for s in each.candidate_s),
        )
        for each in record.launches
    ]
    return replace(record, launches=launches)


@given(SUITES)
def test_swapping_the_sides_swaps_regressed_and_improved_and_nothing_else(suite: list[BenchmarkRecord]) -> None:
    """With the effect's inverse, its interval turned round, and as many launches."""
    mirrored = judge([swapped(each) for each in suite], POLICY)
    for one, other in zip(judged(suite), mirrored, strict=True):
        assert other.verdict is MIRRORED.get(one.verdict, one.verdict)
        assert other.launches == one.launches
        turned = (inverse(other.effect), inverse(other.high), inverse(other.low))
        assert turned == pytest.approx((one.effect, one.low, one.high), abs=1e-9)
        assert other.base_s_per_execution == one.candidate_s_per_execution
        assert other.candidate_s_per_execution == one.base_s_per_execution


def inverse(ratio: float | None) -> float | None:
    """Of candidate / base less 1, that of base / candidate."""
    return None if ratio is None else 1 / (1 + ratio) - 1


@given(SUITES, st.floats(1e-3, 1e3))
def test_a_machine_that_is_slower_throughout_changes_no_verdict(suite: list[BenchmarkRecord], factor: float) -> None:
    """Ratios decide, and the seconds are only shown."""
    slower = judge([times(each, factor) for each in suite], POLICY)
    for one, other in zip(judged(suite), slower, strict=True):
        assert other.verdict is one.verdict
        assert other.launches == one.launches
        assert (other.effect, other.low, other.high) == pytest.approx((one.effect, one.low, one.high), abs=1e-9)
        if one.base_s_per_execution is not None:
            assert other.base_s_per_execution == pytest.approx(factor * one.base_s_per_execution)
