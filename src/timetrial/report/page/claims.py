"""What the report says of claims: how many hold, the most surprising, and each with its figures and its source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from timetrial.claims import Outcome, Tally, Verdict, all_claims, judge, stored_of, tally
from timetrial.claims.stored import MOST_FILES
from timetrial.errors import ClaimError, ResultsError
from timetrial.languages import Text
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
    def measured(self) -> Sequence[Verdict]:
        """Those of which something is known, in that order."""
        return [each for each in self.ordered if not each.missing]

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
            left_out.append(str(error))
    return Claims(verdicts)


def outcome_class(verdict: Verdict) -> str:
    """The name of its looks."""
    return _CLASSES[verdict.outcome]


def sources(verdict: Verdict) -> Text:
    """The files and tests that it rests on."""
    trials = dict.fromkeys(f"{each.file} · {each.test}" for evidence in verdict.evidence for each in evidence.trials)
    told = list(trials)[:_MOST_SOURCES]
    if more := len(trials) - len(told):
        return Text("; ".join([*told, f"and {more} more"]), "；".join([*told, f"另有 {more} 个"]))
    return Text("; ".join(told), "；".join(told))


_MOST_SOURCES: Final = 4


def _beyond(verdict: Verdict) -> float:
    """By what factor the clearest of its figures is on its side of the bound, as a logarithm."""
    pairs = [(each.value, bound) for each in verdict.evidence for bound in (each.at_least, each.at_most)]
    return max(
        (abs(math.log(value / bound)) for value, bound in pairs if bound and bound > 0 and value > 0), default=0.0
    )
