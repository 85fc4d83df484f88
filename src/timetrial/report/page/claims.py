"""What the report says of claims: how many hold, the most surprising, and each with its figures and its source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from timetrial.claims import Claim, Outcome, Tally, Verdict, all_claims, judge, stored_of, tally
from timetrial.claims.stored import MOST_FILES
from timetrial.errors import ClaimError, ResultsError
from timetrial.languages import NOTHING, Text, joined, message_of
from timetrial.report.draw.same import same
from timetrial.results.collect import Place
from timetrial.results.read import read_results

_SURPRISES: Final = 3
_CLASSES: Final = {
    Outcome.CONFIRMED: "confirmed",
    Outcome.REFUTED: "refuted",
    Outcome.INCONCLUSIVE: "open",
    Outcome.NOT_TESTABLE: "untestable",
}


@dataclass(frozen=True)
class Claims:
    """All verdicts of a place."""

    verdicts: Sequence[Verdict]

    @cached_property
    def tally(self) -> Tally:
        """How many of each kind, and how many false ones to expect."""
        return tally([*self.verdicts])

    @property
    def decided(self) -> Sequence[Verdict]:
        """Those that were confirmed or refuted, the refuted ones first."""
        return [each for each in self.ordered if each.outcome.decided]

    @property
    def ordered(self) -> Sequence[Verdict]:
        """All of them: what was decided, then what is open, then what can't be tested."""
        return sorted(self.verdicts, key=lambda each: _ORDER.index(each.outcome))

    @property
    def missing(self) -> Sequence[Verdict]:
        """Those whose benchmark was not run here."""
        return [each for each in self.ordered if each.missing]

    @property
    def surprises(self) -> Sequence[Verdict]:
        """Refuted claims before confirmed ones, each kind by how far the figures are beyond their bounds."""
        return sorted(self.decided, key=lambda each: (_ORDER.index(each.outcome), -_beyond(each)))[:_SURPRISES]


_ORDER: Final = [Outcome.REFUTED, Outcome.CONFIRMED, Outcome.INCONCLUSIVE, Outcome.NOT_TESTABLE]


def claims_of(place: Place, left_out: list[str]) -> Claims | None:
    """The verdicts on a place's runs, the newest of them; None where it has no trial of timetrial's.

    A claim that fails on what is stored, such as on figures of another form, is told in ``left_out``.
    """
    files = [run.path for run in reversed(place.runs)][:MOST_FILES]
    contents = {}
    for file in files:
        try:
            contents[file.name] = read_results(file)
        except ResultsError:  # it was told when the files were collected
            continue
    if not place.trials or not contents:
        return None
    stored, verdicts = stored_of(contents), []
    if not stored.places:
        return None
    for claim in all_claims():
        try:
            verdicts += judge(stored, [claim])
        except ClaimError as error:
            left_out.append(message_of(error))
    return Claims(verdicts)


def outcome_class(verdict: Verdict) -> str:
    """The name of its looks."""
    return _CLASSES[verdict.outcome]


@dataclass(frozen=True)
class Judged:
    """A claim with what each place says of it: the place's name, empty where there is but one."""

    claim: Claim
    verdicts: Sequence[tuple[str, Verdict]]
    """Of places in which something is known of it."""
    unknown: Sequence[str]
    """The places in which it was not measured."""


@dataclass(frozen=True)
class Together:
    """All claims of all places."""

    places: Sequence[tuple[str, Claims]]
    """By name, as in Judged."""
    judged: Sequence[Judged]
    """Each claim once: what was decided first, then what is open."""
    missing: Sequence[Claim]
    """What was measured nowhere."""


def together(names: Sequence[str], places: Sequence[Claims | None]) -> Together | None:
    """The claims of places by their names; None where there are none."""
    known = [(name if len(names) > 1 else "", each) for name, each in zip(names, places, strict=True) if each]
    found: dict[str, list[tuple[str, Verdict]]] = {}
    for name, claims in known:
        for verdict in claims.verdicts:
            found.setdefault(verdict.id, []).append((name, verdict))
    every = [_judged(each) for each in found.values()]
    judged = sorted((each for each in every if each.verdicts), key=_by_outcome)
    return Together(known, judged, [each.claim for each in every if not each.verdicts]) if every else None


def _judged(all_verdicts: Sequence[tuple[str, Verdict]]) -> Judged:
    known = [each for each in all_verdicts if not each[1].missing]
    return Judged(all_verdicts[0][1].claim, known, [name for name, verdict in all_verdicts if verdict.missing])


def _by_outcome(judged: Judged) -> int:
    return min(_ORDER.index(verdict.outcome) for _, verdict in judged.verdicts)


def sources(judged: Judged) -> Text:
    """The tests that its verdicts rest on, the parameters of each behind it, and the files that these are in."""
    by_test: dict[str, dict[str, None]] = {}
    files: dict[str, None] = {}
    for trial in (trial for _, verdict in judged.verdicts for each in verdict.evidence for trial in each.trials):
        test, bracket, variant = trial.test.partition("[")
        by_test.setdefault(test, {})[f"{bracket}{variant}"] = None
        files[trial.file] = None
    told = [_few(test, [*variants]) for test, variants in by_test.items()]
    return joined([*told, joined(map(same, files), ", ", "、")], " · ", " · ") if told else NOTHING


def _few(test: str, variants: Sequence[str]) -> Text:
    told, more = " ".join(variants[:_MOST_SOURCES]), len(variants) - _MOST_SOURCES
    also = Text(f" and {more} more", f" 等 {len(variants)} 个") if more > 0 else NOTHING
    return Text(f"{test} {told}{also}", f"{test} {told}{also.zh}")


_MOST_SOURCES: Final = 2


def _beyond(verdict: Verdict) -> float:
    """By what factor the clearest of its figures is on its side of the bound, as a logarithm."""
    pairs = [(each.value, bound) for each in verdict.evidence for bound in (each.at_least, each.at_most)]
    return max(
        (abs(math.log(value / bound)) for value, bound in pairs if bound and bound > 0 and value > 0), default=0.0
    )
