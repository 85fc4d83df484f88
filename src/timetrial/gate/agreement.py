"""Launches of several machines: whether they tell one story of a benchmark, and what becomes of its verdict if not.

An effect is a ratio within one machine, so those of several are pooled as if they were one's. That holds as long as the
change means the same on all of them; a machine is a block, and blocks are tested (``stats/blocks``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from timetrial.errors import GateError
from timetrial.gate.effects import effect_of
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord
from timetrial.stats.blocks import blocks_p
from timetrial.stats.signed_rank import as_effect, as_ratio, trimmed_mean

ALPHA: Final = 0.01
"""Shared by all benchmarks of a gate that several machines measured."""


def on_several_machines(records: Sequence[BenchmarkRecord]) -> int:
    """How many benchmarks more than one machine has measured."""
    return sum(len({launch.machine for launch in record.launches}) > 1 for record in records)


def by_machine(record: BenchmarkRecord) -> dict[str, list[float]]:
    """The effects of all launches of a benchmark, whatever they were made for; none where one can't be had."""
    found: dict[str, list[float]] = {}
    try:
        for launch in record.launches:
            if launch.machine is not None:
                found.setdefault(launch.machine, []).append(effect_of(launch))
    except GateError:
        return {}  # a round took no time: its own finding says so
    return found


def with_machines(finding: Finding, blocks: Mapping[str, Sequence[float]], policy: GatePolicy, tested: int) -> Finding:
    """The finding as it stands once its machines are heard: one of ``tested``, with the effects seen on each machine.

    Machines disagree where their effects lie further apart than ``policy.margin``, and chance alone would seldom have
    it so. The verdict then stands if it holds on each of them by its own effect, and is left open otherwise. One that
    is unchanged has to hold on each in any case: a few launches a machine are too few for chance to be ruled out.
    """
    if finding.effect is None or len(blocks) < 2:
        return finding
    effects = {machine: trimmed_mean(each) for machine, each in blocks.items()}
    if max(effects.values()) - min(effects.values()) <= as_effect(policy.margin):
        return finding
    alpha, holds = ALPHA / tested, _holds_on_each(finding.verdict, effects, policy)
    p = blocks_p(list(blocks.values()), alpha)
    if p > alpha and (holds or finding.verdict is not Verdict.UNCHANGED):
        return finding
    if finding.verdict is Verdict.INCONCLUSIVE or holds:
        return replace(finding, reason="; ".join(filter(None, (finding.reason, _told(effects, blocks, p, alpha)))))
    advice = "gate each kind of machine by itself, or without the worker of the one that is off"
    said = f"{_told(effects, blocks, p, alpha)}, and together they would be {finding.verdict}: {advice}"
    return replace(finding, verdict=Verdict.INCONCLUSIVE, reason=said, more_launches=None)


def _holds_on_each(verdict: Verdict, effects: Mapping[str, float], policy: GatePolicy) -> bool:
    margin, detect = as_effect(policy.margin), as_effect(policy.detect)
    low, high = {
        Verdict.REGRESSED: (margin, math.inf),
        Verdict.IMPROVED: (-math.inf, -margin),
        Verdict.UNCHANGED: (-detect, detect),
    }.get(verdict, (-math.inf, math.inf))
    return all(low <= effect <= high for effect in effects.values())


def _told(effects: Mapping[str, float], blocks: Mapping[str, Sequence[float]], p: float, alpha: float) -> str:
    told = ", ".join(
        f"{machine} {as_ratio(effect):+.1%} in {len(blocks[machine])} launches" for machine, effect in effects.items()
    )
    return f"machines {'disagree' if p <= alpha else 'may disagree'}: {told} (p = {p:.2g})"
