"""From what a gate measured to what it concludes. Everything here can be computed anew from the stored record.

The screen looks at every benchmark with a few launches. Those that it flags (past ``policy.flag`` in either direction)
or leaves unsettled (their interval reaches past ``policy.detect``) are looked at again with fresh launches, and only
these count. All of them share ``policy.alpha``, or half of it where variants are judged together too (``families``):
each is tested at alpha / k.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Final

from timetrial.errors import GateError
from timetrial.gate.agreement import by_machine, on_several_machines, with_machines
from timetrial.gate.effects import effect_of
from timetrial.gate.families import alpha_of_benchmarks
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SideName, Trouble
from timetrial.stats.scatter import scatter
from timetrial.stats.sequential import Answer, Decision, Rule, confirm, fewest_to_prove
from timetrial.stats.signed_rank import (
    CONFIDENCE,
    as_effect,
    as_ratio,
    fewest_for,
    launches_for_width,
    shift_interval,
    trimmed_mean,
)

SAME_CODE: Final = "same code"
A_FAULT_OF_OURS: Final = (
    "although both sides run the same code by all that was noted: a false alarm, or something that timetrial didn't "
    "see; measure all with --measure-all, and please report it"
)
IF_IT_IS_MEANT: Final = "(if that is meant, name it in may_be_missing, [tool.timetrial.gate])"
_EXCUSABLE: Final = ("missing", "skipped", "void")
_VERDICTS = {
    Answer.SLOWER: Verdict.REGRESSED,
    Answer.FASTER: Verdict.IMPROVED,
    Answer.WITHIN: Verdict.UNCHANGED,
    Answer.OPEN: Verdict.INCONCLUSIVE,
    Answer.GO_ON: Verdict.INCONCLUSIVE,
}


def flagged(records: Sequence[BenchmarkRecord], policy: GatePolicy) -> list[str]:
    """The benchmarks whose effect in the screen is past ``policy.flag``: the slowest first, then the fastest."""
    return _Survey(records, policy).flagged


def unsettled(records: Sequence[BenchmarkRecord], policy: GatePolicy) -> list[str]:
    """The other benchmarks whose interval in the screen does not lie within plus or minus ``policy.detect``."""
    return _Survey(records, policy).unsettled


def open_for_confirmation(records: Sequence[BenchmarkRecord], policy: GatePolicy) -> list[str]:
    """Which benchmarks another fresh launch pair would help: the flagged first, then the unsettled; none: all done.

    To be asked once the screen is complete, and again after each launch of the confirmation.
    """
    survey = _Survey(records, policy)
    wanted = survey.flagged + survey.unsettled
    return [name for name in wanted if confirm(survey.readings[name].fresh, survey.rule).answer is Answer.GO_ON]


def effects_again(record: BenchmarkRecord) -> list[float]:
    """The effects of a benchmark's fresh launches, in their order; none where something was in the way."""
    return _Reading(record).fresh


def looked_at_again(records: Sequence[BenchmarkRecord], policy: GatePolicy) -> set[str]:
    """The benchmarks that the screen did not settle: they share ``policy.alpha``."""
    return _Survey(records, policy).again


def rule_for(policy: GatePolicy, k: int) -> Rule:
    """How each of k benchmarks that are looked at again is confirmed."""
    margin, detect = as_effect(policy.margin), as_effect(policy.detect)
    return Rule(margin, detect, policy.alpha / max(1, k), policy.confirm_launches)


def judge(records: Sequence[BenchmarkRecord], policy: GatePolicy, *, cut_off: bool = False) -> list[Finding]:
    """The verdict on each benchmark, in the records' order; ``cut_off`` where the gate was ended before its time."""
    survey = _Survey(records, policy, cut_off)
    tested = on_several_machines(records)
    found = [
        with_machines(_judge(each, survey), by_machine(each.record), policy, tested)
        for each in survey.readings.values()
    ]
    return [_of_same_code(each, record) for each, record in zip(found, records, strict=True)]


def _of_same_code(finding: Finding, record: BenchmarkRecord) -> Finding:
    """Where both sides run the same code, a difference is a fault of ours, and nothing is left open."""
    if record.same_code is None or record.trouble:
        return finding
    if finding.verdict in (Verdict.REGRESSED, Verdict.IMPROVED):
        return replace(finding, same_code=True, reason=A_FAULT_OF_OURS)
    return replace(finding, same_code=True, verdict=Verdict.UNCHANGED, reason=SAME_CODE, more_launches=None)


@dataclass(frozen=True)
class _Reading:
    """A record's effects by phase; ``unreadable`` says why there are none."""

    record: BenchmarkRecord

    @cached_property
    def screen(self) -> list[float]:
        return self._effects(Phase.SCREEN)

    @cached_property
    def fresh(self) -> list[float]:
        return self._effects(Phase.CONFIRM)

    @cached_property
    def unreadable(self) -> str | None:
        try:
            for launch in self.record.launches:
                effect_of(launch)
        except GateError as error:
            return str(error)
        return None

    def _effects(self, phase: Phase) -> list[float]:
        if self.unreadable or self.record.trouble:
            return []
        return [effect_of(each) for each in self.record.of(phase)]


@dataclass(frozen=True)
class _Survey:
    """All that was measured, and what the screen makes of it."""

    records: Sequence[BenchmarkRecord]
    policy: GatePolicy
    cut_off: bool = False

    @cached_property
    def readings(self) -> dict[str, _Reading]:
        return {record.name: _Reading(record) for record in self.records}

    @cached_property
    def flagged(self) -> list[str]:
        effects = {name: trimmed_mean(each.screen) for name, each in self.readings.items() if each.screen}
        past = as_effect(self.policy.flag)
        slower = sorted((name for name in effects if effects[name] > past), key=lambda name: -effects[name])
        faster = sorted((name for name in effects if effects[name] < -past), key=lambda name: effects[name])
        return slower + faster

    @cached_property
    def unsettled(self) -> list[str]:
        bound = as_effect(self.policy.detect)
        return [
            name
            for name, each in self.readings.items()
            if each.screen
            and each.record.same_code is None
            and name not in self.flagged
            and not shift_interval(each.screen).lies_within(bound)
        ]

    @cached_property
    def again(self) -> set[str]:
        """Those that the screen doesn't settle, and those that have fresh launches all the same."""
        return {*self.flagged, *self.unsettled, *(name for name, each in self.readings.items() if each.fresh)}

    @cached_property
    def rule(self) -> Rule:
        """How each of them is confirmed."""
        alpha = alpha_of_benchmarks(self.records, self.policy)
        return rule_for(replace(self.policy, alpha=alpha), len(self.again))


def _judge(reading: _Reading, survey: _Survey) -> Finding:
    record, policy = reading.record, survey.policy
    if record.trouble:
        return troubled(record.name, record.trouble, policy)
    nothing = Finding(record.name, Verdict.INCONCLUSIVE)
    if reading.unreadable:
        return replace(nothing, reason=reading.unreadable)
    if not record.launches:
        more = survey.policy.screen_launches
        return replace(nothing, reason=f"never launched; {_more_time(survey)}", more_launches=more)
    if record.name not in survey.again:
        return _measured(record, Phase.SCREEN, reading.screen, Verdict.UNCHANGED)
    if not reading.fresh:
        return replace(
            _measured(record, Phase.SCREEN, reading.screen, Verdict.INCONCLUSIVE),
            reason=f"the screen leaves it open, and no fresh launch followed; {_more_time(survey)}",
            more_launches=_after_the_screen(reading, survey),
        )
    return _confirmed(reading, survey)


def _confirmed(reading: _Reading, survey: _Survey) -> Finding:
    decision = confirm(reading.fresh, survey.rule)
    effects = reading.fresh[: decision.launches]
    found = _measured(reading.record, Phase.CONFIRM, effects, _VERDICTS[decision.answer])
    if found.verdict is not Verdict.INCONCLUSIVE:
        return found
    more = _still_to_come(effects, survey.rule)
    return replace(found, reason=_why_open(effects, more, decision, survey), more_launches=more)


def _after_the_screen(reading: _Reading, survey: _Survey) -> int:
    """What the rest of the screen takes, and where it is whole, what a second look does."""
    short = survey.policy.screen_launches - len(reading.screen)
    return short if short > 0 else fewest_to_prove(survey.rule)


def _still_to_come(effects: Sequence[float], rule: Rule) -> int:
    """How many launches are missing, by what these scatter."""
    if len(effects) < fewest_for(CONFIDENCE):
        return max(1, fewest_to_prove(rule) - len(effects))
    estimate = shift_interval(effects).estimate
    return max(1, _would_settle(effects, abs(estimate), rule) - len(effects))


def _measured(record: BenchmarkRecord, phase: Phase, effects: Sequence[float], verdict: Verdict) -> Finding:
    interval = shift_interval(effects)
    finite = math.isfinite(interval.low)
    launches = record.of(phase)[: len(effects)]
    return Finding(
        record.name,
        verdict,
        effect=as_ratio(interval.estimate),
        low=as_ratio(interval.low) if finite else None,
        high=as_ratio(interval.high) if finite else None,
        confidence=interval.confidence,
        launches=len(effects),
        base_s_per_execution=_s_per_execution(launches, SideName.BASE),
        candidate_s_per_execution=_s_per_execution(launches, SideName.CANDIDATE),
    )


def _s_per_execution(launches: Sequence[LaunchPair], side: SideName) -> float:
    """The median over launches of their median rounds."""
    return statistics.median(
        statistics.median(launch.base_s if side is SideName.BASE else launch.candidate_s) / launch.executions_per_round
        for launch in launches
    )


def _why_open(effects: Sequence[float], more: int, decision: Decision, survey: _Survey) -> str:
    """What keeps the launches from settling it, and what would."""
    if len(effects) < fewest_for(CONFIDENCE):
        return f"too few fresh launches: {len(effects)}; {_more_time(survey)}"
    estimate = shift_interval(effects).estimate
    seen = f"it looks {abs(as_ratio(estimate)):.1%} {'slower' if estimate > 0 else 'faster'}"
    how = "raise budget_s"
    if decision.answer is Answer.OPEN:
        how = "raise confirm_launches"
    elif survey.cut_off:
        how = "the gate was cut off: run it again"
    return (
        f"{seen} and its launches scatter by {as_ratio(scatter(effects)):.1%}; "
        f"about {more} more {'launch' if more == 1 else 'launches'} would settle it ({how})"
    )


def _would_settle(effects: Sequence[float], size: float, rule: Rule) -> int:
    """In all; either the interval fits within what has to be seen, or it clears the margin at this rule's alpha."""
    ways = []
    if within := launches_for_width(effects, rule.detect_log - size):
        ways.append(within)
    if past := launches_for_width(effects, size - rule.margin_log, 1 - 2 * rule.alpha):
        ways.append(max(past, fewest_to_prove(rule)))
    return min(ways)


def _more_time(survey: _Survey) -> str:
    if survey.cut_off:
        return "the gate was cut off before that: run it again"
    return f"the time was up (budget_s = {survey.policy.budget_s:g}): raise it, or select fewer benchmarks"


def troubled(name: str, trouble: Trouble, policy: GatePolicy) -> Finding:
    """What becomes of a benchmark that could not be measured on both sides: open, unless the policy names it."""
    if trouble.kind == "new":
        return Finding(name, Verdict.NEW, reason=trouble.reason)
    where = f" on the {trouble.side} side" if trouble.side else " on both sides"
    reason = f"{trouble.kind}{where}: {trouble.reason}"
    if trouble.kind == "skipped" and trouble.side is None:
        return Finding(name, Verdict.EXCUSED, reason=reason)  # both sides agree that it isn't for here
    if trouble.kind not in _EXCUSABLE:
        return Finding(name, Verdict.INCONCLUSIVE, reason=reason)
    if may_be_missing(name, policy):
        return Finding(name, Verdict.EXCUSED, reason=f"{reason} (the policy allows it)")
    return Finding(name, Verdict.INCONCLUSIVE, reason=f"{reason} {IF_IT_IS_MEANT}")


def may_be_missing(name: str, policy: GatePolicy) -> bool:
    """Whether the policy names this benchmark, with its path or without.

    Square brackets may stand for themselves, since node ids are full of them.
    """
    names = (name, name.partition("::")[2] or name)
    patterns = [*policy.may_be_missing, *(each.replace("[", "[[]") for each in policy.may_be_missing)]
    return any(fnmatchcase(each, pattern) for each in names for pattern in patterns)
