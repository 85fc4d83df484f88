"""Two stored runs set against each other by their within-run ratios: ``compare_files``.

Between two sessions absolute times mean little: the machine may have been in another mood. What it does to a benchmark
and to its reference in one run, it does to both, so their ratio is compared; the launches' spread is the noise floor.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from timetrial.environment.difference import differences, paths_of, why_it_matters
from timetrial.errors import GateError
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import SideName, Trouble
from timetrial.gate.stored.run import TURNS, StoredRun, read_stored, refuse_failed_gate
from timetrial.gate.verdicts import IF_IT_IS_MEANT, may_be_missing, troubled
from timetrial.stats.rank_sum import (
    fewest_a_side,
    newcomers_interval,
    newcomers_p,
    rank_sum_interval,
    rank_sum_p,
)
from timetrial.stats.scatter import scatter
from timetrial.stats.signed_rank import ShiftInterval, as_effect, as_ratio

FEWEST_OF_BASE: Final = 5
_SHOWN: Final = 5
# A session's launches share its mood, and by how much it moves them one can't tell from the session alone. Twice their
# scatter was enough on the machine whose figures docs/gate.md tells.
_MOODS: Final = 2.0
# Single launches can be far off: of 1,620 of identical code the wildest lay 5.1 times the base's range above all of it.
_WILD: Final = 6.0


def compare_files(base: Path, candidate: Path, policy: GatePolicy, accepted: Sequence[str] = ()) -> list[Finding]:
    """The verdict on each benchmark of two files of ``timetrial measure``; a benchmark of either has one.

    ``accepted`` are patterns, as in fnmatch, of environment fields that may differ, such as ``libraries.*``.
    Raises ResultsError that names a file which can't be used, and GateError where the two can't be compared at all.
    """
    return compare_runs(read_stored(base), read_stored(candidate), policy, accepted)


def compare_runs(
    base: StoredRun, candidate: StoredRun, policy: GatePolicy, accepted: Sequence[str] = ()
) -> list[Finding]:
    """As compare_files, for runs that have been read; nothing is written into either."""
    refuse_failed_gate(base)
    _refuse_unknown_fields(accepted, base, candidate)
    _refuse_other_machines(base, candidate, accepted)
    names = dict.fromkeys([*base.entries, *candidate.entries, *base.troubles, *candidate.troubles])
    found = {name: _comparable(name, base, candidate, policy) for name in names}
    pairs = [each for each in found.values() if isinstance(each, _Pair)]
    judged = {each.name: finding for each, finding in zip(pairs, _judge(pairs, policy), strict=True)}
    return [judged[name] if isinstance(each, _Pair) else each for name, each in found.items()]


@dataclass(frozen=True)
class _Pair:
    """One benchmark's launches on both sides, as log(benchmark / reference), and its times a round."""

    name: str
    reference: str
    base: Sequence[float]
    candidate: Sequence[float]
    base_s: float
    candidate_s: float

    def p(self, alpha: float, shift: float, *, slower: bool) -> float:
        """The chance of so large a change past ``shift`` in one direction by chance alone."""
        sign = 1 if slower else -1
        base, candidate = ([sign * each for each in side] for side in (self.base, self.candidate))
        if self._countable(alpha):
            return rank_sum_p(base, candidate, shift)
        # Too few to count: by the spread of the base's, and never where they may just be wild launches.
        beyond = min(candidate) - max(base) > max(shift, _WILD * (max(base) - min(base)))
        return newcomers_p(base, candidate, shift) if beyond else 1.0

    def interval(self, alpha: float) -> ShiftInterval:
        test = rank_sum_interval if self._countable(alpha) else newcomers_interval
        return test(self.base, self.candidate)

    def _countable(self, alpha: float) -> bool:
        ways = math.comb(len(self.base) + len(self.candidate), len(self.base))
        return ways * alpha >= 1

    @property
    def floor(self) -> float:
        """How far a session's own mood may move all of its launches, judged by how they scatter among themselves."""
        return _MOODS * scatter(
            [each - statistics.median(side) for side in (self.base, self.candidate) for each in side]
        )


def _refuse_unknown_fields(accepted: Sequence[str], base: StoredRun, candidate: StoredRun) -> None:
    """A pattern with a typing error would accept nothing, and nobody would know."""
    known = {*paths_of(base.environment), *paths_of(candidate.environment)}
    for pattern in accepted:
        # What neither run has by chance, such as a library, can still be meant.
        if why_it_matters(pattern) is None and not any(fnmatchcase(path, pattern) for path in known):
            raise GateError(
                f"--accept-difference={pattern} is no field of {base.where} or {candidate.where}; "
                f"`timetrial environment {base.where} {candidate.where}` shows in what they differ"
            )


def _refuse_other_machines(base: StoredRun, candidate: StoredRun, accepted: Sequence[str]) -> None:
    found = [
        difference
        for difference in differences(base.environment, candidate.environment)
        if difference.matters and not any(fnmatchcase(difference.path, pattern) for pattern in accepted)
    ]
    if found:
        lines = [f"  {each}" for each in found[:_SHOWN]]
        more = [f"  and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        raise GateError(
            "\n".join(
                [
                    f"{base.where} and {candidate.where} can't be compared, since they differ in",
                    *lines,
                    *more,
                    "measure both alike; or, where that is what you want to compare, say --accept-difference=FIELD",
                ]
            )
        )


def _comparable(name: str, base: StoredRun, candidate: StoredRun, policy: GatePolicy) -> _Pair | Finding:
    trouble = _trouble(name, base, candidate)
    if trouble is not None:
        return troubled(name, trouble, policy)
    reference = base.reference_of(name)
    problem = _reference_problem(name, reference, base, candidate) or _other_work(name, base, candidate)
    if problem or reference is None:
        if may_be_missing(name, policy):
            return Finding(name, Verdict.EXCUSED, reason=problem)
        return Finding(name, Verdict.INCONCLUSIVE, reason=f"{problem} {IF_IT_IS_MEANT}")
    return _Pair(
        name,
        reference,
        base.logs(name, reference),
        candidate.logs(name, reference),
        base.s_per_round(name),
        candidate.s_per_round(name),
    )


def _trouble(name: str, base: StoredRun, candidate: StoredRun) -> Trouble | None:
    """What keeps a benchmark from having been measured on both sides."""
    before, after = base.troubles.get(name), candidate.troubles.get(name)
    if before and after and before[0] == after[0] == "skipped":
        return Trouble("skipped", None, after[1])
    if name not in base.entries and before is None and after is None:
        return Trouble("new", SideName.CANDIDATE, f"it is not in {base.where}")
    for side, run, trouble in ((SideName.CANDIDATE, candidate, after), (SideName.BASE, base, before)):
        if trouble:
            return Trouble(trouble[0], side, trouble[1])
        if name not in run.entries:
            return Trouble("missing", side, f"it is not in {run.where}")
        if void := run.void_of(name):
            return Trouble("void", side, void)
    return None


def _reference_problem(name: str, reference: str | None, base: StoredRun, candidate: StoredRun) -> str | None:
    if reference is None:
        return (
            "it has no reference in its run, and absolute times of two sessions also show the machine's moods; "
            'name one with @pytest.mark.trial_reference("test_…"), or use timetrial gate --base REF'
        )
    if candidate.reference_of(name) != reference:
        return f"its reference is {reference} in {base.where} and {candidate.reference_of(name)} in {candidate.where}"
    for run in (base, candidate):
        if reference in run.entries and (void := run.void_of(reference)):
            return f"its reference, {reference}, is void in {run.where}: {void}"
        try:
            if not run.logs(name, reference):
                return f"its reference, {reference}, was not measured with it in {run.where}"
        except GateError as error:
            return f"{run.where}: {error}"
    return None


def _other_work(name: str, base: StoredRun, candidate: StoredRun) -> str | None:
    one, other = base.circumstances_of(name), candidate.circumstances_of(name)
    unlike = [f"{key} {one[key]} against {other[key]}" for key in one if one[key] != other[key]]
    hint = "; --trial-no-interleave runs models without turns" if one[TURNS] != other[TURNS] else ""
    return f"the two runs did it otherwise: {', '.join(unlike)}{hint}" if unlike else None


def _judge(pairs: Sequence[_Pair], policy: GatePolicy) -> list[Finding]:
    """Each pair's verdict; the pairs share ``policy.alpha``."""
    alpha = policy.alpha / max(1, len(pairs))
    return [_verdict(pair, alpha, policy) for pair in pairs]


def _verdict(pair: _Pair, alpha: float, policy: GatePolicy) -> Finding:
    if len(pair.base) < FEWEST_OF_BASE:
        return _finding(pair, Verdict.INCONCLUSIVE, None, _too_few(pair, alpha))
    shift = max(as_effect(policy.margin), pair.floor)
    interval = pair.interval(alpha)
    for verdict, slower in ((Verdict.REGRESSED, True), (Verdict.IMPROVED, False)):
        if pair.p(alpha, shift, slower=slower) <= alpha:
            return _finding(pair, verdict, interval)
    if interval.lies_within(as_effect(policy.detect)) and not _mood_may_hide_it(pair, interval, policy):
        return _finding(pair, Verdict.UNCHANGED, interval)
    return _finding(pair, Verdict.INCONCLUSIVE, interval, _why_open(pair, interval, alpha, policy))


def _mood_may_hide_it(pair: _Pair, interval: ShiftInterval, policy: GatePolicy) -> bool:
    """Whether a change of ``policy.detect`` could look like this, if the session's mood moved all launches against it.

    The interval doesn't know of moods: it is that of launches which share one.
    """
    return abs(interval.estimate) + pair.floor > as_effect(policy.detect)


def _finding(pair: _Pair, verdict: Verdict, interval: ShiftInterval | None, reason: str | None = None) -> Finding:
    return Finding(
        pair.name,
        verdict,
        effect=as_ratio(interval.estimate) if interval else None,
        low=as_ratio(interval.low) if interval and math.isfinite(interval.low) else None,
        high=as_ratio(interval.high) if interval and math.isfinite(interval.high) else None,
        confidence=interval.confidence if interval else 0.95,
        launches=min(len(pair.base), len(pair.candidate)),
        base_s_per_execution=pair.base_s,
        candidate_s_per_execution=pair.candidate_s,
        reason=reason,
        against=pair.reference,
        noise_floor=as_ratio(pair.floor),
    )


def _too_few(pair: _Pair, alpha: float) -> str:
    return (
        f"{len(pair.base)} launches of the base and {len(pair.candidate)} of the candidate don't show how launches "
        f"scatter; timetrial measure --launches {max(10, fewest_a_side(alpha))} on both sides would"
    )


def _why_open(pair: _Pair, interval: ShiftInterval, alpha: float, policy: GatePolicy) -> str:
    """The same words for all that it is true of: its effect, interval and noise floor stand in the table."""
    enough = max(10, fewest_a_side(alpha))
    if len(pair.candidate) < enough or len(pair.base) < enough:
        return (
            f"{len(pair.base)} launches of the base and {len(pair.candidate)} of the candidate leave it open; "
            f"timetrial measure --launches {enough} on both sides may settle it"
        )
    in_turn = "timetrial gate --base REF measures both sides in turn"
    if abs(interval.estimate) > max(as_effect(policy.margin), pair.floor):
        return f"two sessions alone may differ so much; {in_turn}"
    if _mood_may_hide_it(pair, interval, policy):
        return f"a change of {policy.detect:.1%} could hide between two sessions, by their noise floor; {in_turn}"
    return "more launches on both sides may settle it, and timetrial gate --base REF will"
