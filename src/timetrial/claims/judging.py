"""From stored results to verdicts: the interval's level, what each figure says alone, and what all say together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from timetrial.claims.claim import Claim
from timetrial.claims.evidence import Evidence, Outcome
from timetrial.claims.finding import Finding, Held
from timetrial.claims.look import Look
from timetrial.claims.matching import MOST_LAUNCHES
from timetrial.claims.sample import Kind, Missing, Sample
from timetrial.claims.stored import Here, Stored
from timetrial.claims.verdict import Settle, Verdict
from timetrial.claims.words import (
    cannot_run,
    figures_say,
    has_failed,
    measure_it,
    more_launches,
    mostly_void,
    not_measured,
    too_few_rounds,
    undecidable,
)
from timetrial.errors import ClaimError
from timetrial.languages import NOTHING, Text
from timetrial.stats.signed_rank import launches_for_width

FALSE_PER_CLAIM: Final = 0.01
"""Of a hundred claims that are decided by intervals, fewer than one is to come out wrong."""


def judge(stored: Stored, claims: Iterable[Claim] | None = None, here: Here | None = None) -> list[Verdict]:
    """A verdict for each claim (all that timetrial knows, unless told) on what was measured ``here``.

    That is the place of the newest run unless another one of ``stored.places`` is given: figures of several machines or
    Pythons are never pooled. Raises ResultsError where there is no trial of timetrial's, and ClaimError for a claim
    whose function fails.
    """
    if claims is None:
        from timetrial.claims.all_claims import all_claims

        claims = all_claims()
    place = here or stored.here
    return [judge_one(claim, Look(claim.threshold, place, stored)) for claim in claims]


def judge_one(claim: Claim, look: Look) -> Verdict:
    """The verdict on one claim."""
    try:
        finding = claim(look)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise ClaimError(
            Text(f"the claim {claim.id!r} failed ({why})", f"说法 {claim.id} 的检验出错（“{why}”）")
        ) from error
    if not isinstance(finding, Finding):
        raise ClaimError(
            Text(
                f"the claim {claim.id!r} has to return a Finding, such as look.holds(…), not {finding!r}",
                f"说法 {claim.id} 应返回 Finding，例如 look.holds(…)，而不是 {finding!r}",
            )
        )
    if finding.untestable is not None:
        return Verdict(claim, Outcome.NOT_TESTABLE, finding.untestable)
    return _without_all_figures(claim, finding) or _with_figures(claim, finding)


def _without_all_figures(claim: Claim, finding: Finding) -> Verdict | None:
    """Where a figure that decides was not measured; None where all are there."""
    bound = [each.figure for each in finding.held if each.is_bound]
    missing = [each for each in bound if isinstance(each, Missing)]
    measured = [each for each in finding.held if isinstance(each.figure, Sample)]
    evidence = tuple(_evidence(each, 1 - FALSE_PER_CLAIM / len(bound)) for each in measured)
    settles = Outcome.CONFIRMED if finding.one_is_enough else Outcome.REFUTED
    if not missing or settles in [each.outcome for each in evidence]:  # then the others don't matter
        return None
    for each in missing:
        if each.skipped is not None:
            return Verdict(claim, Outcome.NOT_TESTABLE, cannot_run(each.skipped), evidence)
    void = next((each.void for each in missing if each.void is not None), None)
    failure = next((each.failed for each in missing if each.failed is not None), None)
    if failure is not None:
        why = has_failed(failure)
    else:
        why = mostly_void(void) if void is not None else not_measured([each.what for each in missing])
    settle = Settle(claim.benchmark.command, 1, claim.benchmark.duration_s, measure_it(claim.benchmark.duration_s))
    return Verdict(claim, Outcome.INCONCLUSIVE, why, evidence, settle, missing=True)


def _with_figures(claim: Claim, finding: Finding) -> Verdict:
    held = [each for each in finding.held if isinstance(each.figure, Sample)]
    deciding = [each for each in held if each.is_bound]
    # Each of several figures may err: together they may as often as one alone (Bonferroni).
    level = 1 - FALSE_PER_CLAIM / sum(each.is_bound for each in finding.held)
    evidence = [_evidence(each, level) for each in held]
    outcome = _together([each.outcome for each in evidence if each.outcome is not None], finding.one_is_enough)
    figures, gap = figures_say(each for each in evidence if each.outcome is not None), " " if finding.note else ""
    said = Text(f"{figures}{gap}{finding.note}", f"{figures.zh}{gap}{finding.note.zh}")
    if outcome is Outcome.INCONCLUSIVE:
        why, settle = _open(claim, deciding, level, evidence)
        return Verdict(
            claim, outcome, Text(f"{said.en} {why.en}".strip(), f"{said.zh}{why.zh}"), tuple(evidence), settle
        )
    return Verdict(claim, outcome, said, tuple(evidence), level=_level(evidence, outcome, finding.one_is_enough))


def _evidence(held: Held, level: float) -> Evidence:
    sample = held.figure
    assert isinstance(sample, Sample)
    interval = sample.interval(level)
    outcome = None
    if held.is_bound:
        low, high = (interval.low, interval.high) if interval is not None else (-math.inf, math.inf)
        if sample.kind is Kind.COUNT:
            low = high = sample.value
        outcome = _against(low, high, held)
    return Evidence(
        sample.what,
        sample.value,
        sample.unit,
        interval,
        held.at_least,
        held.at_most,
        outcome,
        len(sample.launches),
        sample.trials,
    )


def _against(low: float, high: float, held: Held) -> Outcome:
    least = -math.inf if held.at_least is None else held.at_least
    most = math.inf if held.at_most is None else held.at_most
    if least <= low and high <= most:
        return Outcome.CONFIRMED
    return Outcome.REFUTED if high < least or low > most else Outcome.INCONCLUSIVE


def _together(outcomes: Sequence[Outcome], one_is_enough: bool) -> Outcome:
    """All figures have to meet their bounds, or any of them; the other way round it is refuted."""
    settles, opposite = Outcome.REFUTED, Outcome.CONFIRMED
    if one_is_enough:
        settles, opposite = opposite, settles
    if settles in outcomes:
        return settles
    return opposite if all(each is opposite for each in outcomes) else Outcome.INCONCLUSIVE


def _level(evidence: Sequence[Evidence], outcome: Outcome, one_is_enough: bool) -> float | None:
    """What the verdict as a whole errs by at most; None where a figure that it rests on has no level."""
    bound = [each for each in evidence if each.outcome is not None]
    one_settles = (outcome is Outcome.REFUTED) != one_is_enough
    resting = [each for each in bound if each.outcome is outcome] if one_settles else bound
    levels = [each.interval.level if each.interval is not None else None for each in resting]
    known = [each for each in levels if each is not None]
    with_level = bool(known) if one_settles else len(known) == len(levels)
    return 1 - FALSE_PER_CLAIM if with_level else None


def _open(
    claim: Claim, deciding: Sequence[Held], level: float, evidence: Sequence[Evidence]
) -> tuple[Text, Settle | None]:
    """What would settle it: as many more launches as the figures that are open seem to take."""
    wanted = 0
    for held, figure in zip(deciding, [each for each in evidence if each.outcome is not None], strict=True):
        sample = held.figure
        assert isinstance(sample, Sample)
        if figure.outcome is not Outcome.INCONCLUSIVE:
            continue
        needed = _launches_needed(sample, held, level)
        if needed is None:
            return undecidable(), None
        wanted = max(wanted, needed - len(sample.launches))
    duration_s = wanted * claim.benchmark.duration_s
    few = any(each.interval is None for each in evidence if each.outcome is not None)
    return too_few_rounds() if few else NOTHING, Settle(
        claim.benchmark.command, wanted, duration_s, more_launches(wanted, duration_s)
    )


def _launches_needed(sample: Sample, held: Held, level: float) -> int | None:
    """In all; None where the figure lies so close to its bound that no sensible number would tell."""
    enough = sample.launches_needed(level)
    if len(sample.launches) < enough:
        return enough
    bounds = [each for each in (held.at_least, held.at_most) if each is not None]
    if sample.is_ratio:
        distances = [abs(math.log(sample.value / each)) for each in bounds]
    else:
        distances = [abs(sample.value - each) for each in bounds]
    needed = launches_for_width(sample.centres, min(distances), level)
    if needed is None or needed > MOST_LAUNCHES:
        return None
    return max(needed, len(sample.launches) + 1)
