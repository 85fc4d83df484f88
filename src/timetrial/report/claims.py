"""Verdicts on claims as text: a table with a line each, then what is open, or one claim in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from timetrial.claims import Evidence, Outcome, Stored, Tally, Verdict, tally
from timetrial.claims.stated import OPTIONS
from timetrial.claims.words import figure_says, quantity
from timetrial.environment.identity import baseline_lines
from timetrial.report.text import about, columns

_HEAD = ("claim", "verdict", "figure", "interval", "asked for", "published")
_MOST_TRIALS: Final = 4


def claims_lines(stored: Stored, verdicts: Sequence[Verdict], *, in_full: bool = False) -> list[str]:
    """Where it was measured, the claims, and how far all of it can be trusted."""
    place = stored.here.place
    lines = [f"Measured by {place}.", *(f"{each}." for each in baseline_lines(place.python)), ""]
    if in_full:
        for verdict in verdicts:
            lines += [*_in_full(verdict), ""]
    else:
        lines += [*table_lines(verdicts), "", *_open_lines(verdicts)]
    return [*lines, *tally_lines(tally(list(verdicts))), *_left_out(stored)]


def table_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """A head, and a line for each verdict."""
    return columns([_HEAD, *map(_row, verdicts)], right=(2,))


def claims_as_dict(stored: Stored, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The same for JSON."""
    counts = tally(list(verdicts))
    return {
        "schema_version": 1,
        "place": {
            "machine": str(stored.here.place.machine),
            "python": str(stored.here.place.python),
            "no_fair_baseline": stored.here.place.python.is_no_fair_baseline,
        },
        "counts": {
            "confirmed": counts.confirmed,
            "refuted": counts.refuted,
            "inconclusive": counts.inconclusive,
            "not_testable_here": counts.not_testable,
            "false_expected_at_most": counts.false_at_most,
            "decided_without_level": counts.without_level,
        },
        "claims": [each.as_dict() for each in verdicts],
    }


def tally_lines(counts: Tally) -> list[str]:
    """How many of each, and how many wrong ones to expect."""
    lines = [
        f"{counts.confirmed} confirmed, {counts.refuted} refuted, {counts.inconclusive} inconclusive, "
        f"{counts.not_testable} not testable here."
    ]
    with_level = counts.decided - counts.without_level
    if with_level:
        lines.append(
            f"{with_level} of them rest on intervals: at most {counts.false_at_most:.2f} false verdicts are to be "
            f"expected among these, one in a hundred claims."
        )
    if counts.without_level:
        lines.append(
            f"{counts.without_level} rest on counts, single readings or rounds that took no turns, with a wide "
            f"allowance for which no rate of error is known."
        )
    return lines


def _row(verdict: Verdict) -> tuple[str, ...]:
    shown = next((each for each in verdict.evidence if each.outcome is verdict.outcome), None)
    shown = shown or next((each for each in verdict.evidence if each.outcome is not None), None)
    published = verdict.claim.published[0].figure.en if verdict.claim.published else "-"
    if shown is None:
        return verdict.id, verdict.outcome.value, "-", "-", "-", _short(published)
    return (
        verdict.id,
        verdict.outcome.value,
        quantity(shown.value, shown.unit),
        _interval(shown),
        _asked(shown),
        _short(published),
    )


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _interval(evidence: Evidence) -> str:
    if evidence.interval is None:
        return "-"
    low, high = (quantity(end, evidence.unit) for end in (evidence.interval.low, evidence.interval.high))
    return f"{low} to {high}"


def _asked(evidence: Evidence) -> str:
    bounds = (("≥", evidence.at_least), ("≤", evidence.at_most))
    return " and ".join(f"{sign} {quantity(bound, evidence.unit)}" for sign, bound in bounds if bound is not None)


def _open_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """Why some can't be tested here, and what would settle the open ones: a line for all that share a benchmark."""
    lines: list[str] = []
    benchmarks: dict[tuple[str, str], list[str]] = {}
    for verdict in verdicts:
        if verdict.outcome is Outcome.INCONCLUSIVE and verdict.settle is not None:
            key = verdict.claim.benchmark.arguments, verdict.settle.text.en
            benchmarks.setdefault(key, []).append(verdict.id)
        elif verdict.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_TESTABLE):
            lines.append(f"{verdict.id}: {verdict.why}")
    if benchmarks:
        longest_s: dict[str, float] = {}
        for each in verdicts:
            if each.settle is not None:
                arguments = each.claim.benchmark.arguments
                longest_s[arguments] = max(longest_s.get(arguments, 0), each.settle.duration_s)
        total_s = sum(longest_s.values())
        lines += [
            *([""] if lines else []),
            f"To settle what is open: timetrial claims --measure --budget {about(total_s).replace(' ', '')} does it in "
            f"turn, or each by itself, behind pytest {' '.join(OPTIONS)}:",
        ]
    for (arguments, text), ids in benchmarks.items():
        lines += [f"  {', '.join(ids)}: {text}", f"    {arguments}"]
    return [*lines, ""] if lines else []


def _in_full(verdict: Verdict) -> list[str]:
    claim = verdict.claim
    lines = [
        f"{claim.id}: {claim.sentence}",
        f"  {verdict.outcome.value}: {verdict.why}",
        f"  measured: {claim.threshold.of}; {_bounds(verdict)}, because {claim.threshold.because}",
    ]
    lines += [f"  published: {each.figure} ({each.source})" for each in claim.published]
    for evidence in verdict.evidence:
        lines += _evidence_lines(evidence)
    if verdict.settle is not None:
        lines += [f"  {verdict.settle.text}", f"    {verdict.settle.command}"]
    return lines


def _evidence_lines(evidence: Evidence) -> list[str]:
    alone = f": {evidence.outcome.value}" if evidence.outcome else ""
    lines = [f"  - {figure_says(evidence)}{alone}"]
    if evidence.interval is not None:
        level = f"{100 * evidence.interval.level:.1f} %" if evidence.interval.level else "no known level"
        lines.append(f"    interval of {level}, from {evidence.interval.basis}")
    lines += [f"    {trial.file}: {trial.test}" for trial in evidence.trials[:_MOST_TRIALS]]
    more = len(evidence.trials) - _MOST_TRIALS
    return [*lines, f"    … and {more} more"] if more > 0 else lines


def _bounds(verdict: Verdict) -> str:
    threshold = verdict.claim.threshold
    least = None if threshold.at_least is None else f"at least {quantity(threshold.at_least, threshold.unit)}"
    most = None if threshold.at_most is None else f"at most {quantity(threshold.at_most, threshold.unit)}"
    return " and ".join(each for each in (least, most) if each)


def _left_out(stored: Stored) -> list[str]:
    lines = [f"{len(stored.places) - 1} other machine(s) or Python(s) among the files are not part of this."]
    lines = lines if len(stored.places) > 1 else []
    if stored.left_out:
        lines.append(f"The newest {stored.files} files were read; {stored.left_out} older ones were not.")
    return lines
