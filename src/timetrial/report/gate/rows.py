"""Which findings a table shows, in which order: what matters, the worst first, variants of a test together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.variants import by_family, family_of

WORST_FIRST: Final = (
    Verdict.REGRESSED,
    Verdict.INCONCLUSIVE,
    Verdict.IMPROVED,
    Verdict.NEW,
    Verdict.EXCUSED,
    Verdict.UNCHANGED,
)
ALL_SHOWN_UP_TO: Final = 20
"""So many benchmarks are shown whatever came out; of more, those that did not change are counted."""
_MOST_OF_A_FAMILY: Final = 5
_MOST_ROWS: Final = 60


@dataclass(frozen=True)
class More:
    """Variants of one test with one verdict that have no rows of their own."""

    family: str
    """The test's node id without parameters; empty where they are of several tests."""
    findings: Sequence[Finding]
    """The variants themselves, at least two."""


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """By verdict, the largest effect first; the variants of a test stand together, where the worst of them does."""
    place = {finding.benchmark: index for index, finding in enumerate(sorted(findings, key=_badness))}
    first: dict[tuple[Verdict, str], int] = {}
    for finding in sorted(findings, key=_badness):
        first.setdefault((finding.verdict, family_of(finding.benchmark)), place[finding.benchmark])
    return sorted(
        findings,
        key=lambda each: (
            WORST_FIRST.index(each.verdict),
            first[each.verdict, family_of(each.benchmark)],
            place[each.benchmark],
        ),
    )


def _badness(finding: Finding) -> tuple[int, float]:
    effect = finding.effect or 0.0
    sizes = {Verdict.REGRESSED: -effect, Verdict.INCONCLUSIVE: -effect, Verdict.IMPROVED: effect}
    return WORST_FIRST.index(finding.verdict), sizes.get(finding.verdict, 0.0)


def rows_of(findings: Sequence[Finding], *, every: bool = False) -> list[Finding | More]:
    """What the table shows of these: all of them, or of many only what is not unchanged, a few of each family."""
    ordered = worst_first(findings)
    if every or len(findings) <= ALL_SHOWN_UP_TO:
        return list(ordered)
    rows: list[Finding | More] = []
    for verdict in WORST_FIRST[:-1]:
        mine = {each.benchmark: each for each in ordered if each.verdict is verdict}
        for family, names in by_family(mine).items():
            rows += _few_of(family, [mine[name] for name in names])
    return list(_up_to(rows, _MOST_ROWS))


def _few_of(family: str, findings: Sequence[Finding]) -> list[Finding | More]:
    if len(findings) <= _MOST_OF_A_FAMILY + 1:
        return list(findings)
    return [*findings[:_MOST_OF_A_FAMILY], More(family, findings[_MOST_OF_A_FAMILY:])]


def _up_to(rows: Sequence[Finding | More], most: int) -> Iterator[Finding | More]:
    """As many rows as a screen or two hold, then one for all the others of each verdict."""
    yield from rows[:most]
    rest = [each for row in rows[most:] for each in (row.findings if isinstance(row, More) else [row])]
    for verdict in WORST_FIRST:
        left = [each for each in rest if each.verdict is verdict]
        if left:
            yield More("", left)


def hidden(findings: Sequence[Finding], rows: Sequence[Finding | More]) -> list[Finding]:
    """Those that have no place in any row."""
    seen = {each.benchmark for row in rows for each in (row.findings if isinstance(row, More) else [row])}
    return [each for each in findings if each.benchmark not in seen]
