"""The report's first screen as Markdown, for a README or a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from timetrial.languages import Text
from timetrial.report.escaped import code_in_markdown, in_markdown
from timetrial.report.page import words
from timetrial.report.page.claims import Claims
from timetrial.report.page.page import Page, PlacePart
from timetrial.report.page.ranking import Ranking
from timetrial.report.page.side_by_side import SideBySide


def page_markdown(page: Page, language: str) -> str:
    """The answer, a line a workload, and the claims that were decided, for each place."""
    lines = [line for place in page.places for line in _place_lines(place, language)]
    if page.side_by_side is not None:
        lines += _beside_lines(page.side_by_side, language)
    lines += [f"- {in_markdown(each)}" for each in page.left_out]
    return "\n".join(lines).rstrip() + "\n"


def _place_lines(place: PlacePart, language: str) -> Iterator[str]:
    yield f"**{in_markdown(_in(place.headline, language))}**"
    if place.more is not None:
        yield in_markdown(_in(place.more, language))
    yield ""
    yield in_markdown(" · ".join(_in(fact, language) for fact in place.facts))
    yield ""
    fair = [details.ranking for details, _, _ in place.clearest]
    if fair:
        head = (words.WORKLOAD, words.USE, words.GAIN, words.NEXT)
        yield from _table([_in(each, language) for each in head], [_row(each, language) for each in fair])
    if place.claims is not None and place.claims.decided:
        yield from _claim_lines(place.claims, language)


def _beside_lines(beside: SideBySide, language: str) -> Iterator[str]:
    """What each machine or Python found best for the workloads that several of them measured."""
    yield f"**{in_markdown(_in(words.SIDE_BY_SIDE, language))}**"
    yield ""
    rows = [_cells(row, language) for row in beside.table.rows]
    yield from _table(_cells(beside.table.head, language), rows)


def _cells(cells: Sequence[Text], language: str) -> list[str]:
    return [in_markdown(_in(cell, language)) for cell in cells]


def _row(ranking: Ranking, language: str) -> list[str]:
    best = ranking.best
    name = code_in_markdown(f"{ranking.name} {ranking.parameters}".strip())
    if best is None:
        return [name, in_markdown(_in(words.NOT_COMPARED, language)), "", ""]
    at = "" if best.way.is_serial else f", {_in(words.at_once(best.way.concurrency), language)}"
    ties = f" ({_in(words.TIE, language)})" if ranking.ties else ""
    gain, behind = words.gain(ranking), words.next_best(ranking)
    return [
        name,
        f"{code_in_markdown(best.way.model)}{at}",
        _told(gain),
        f"{code_in_markdown(behind.what)} {_told(behind)}{ties}" if behind.what else _told(behind),
    ]


def _told(told: words.Told) -> str:
    return f"{told.ratio} ({told.span})" if told.span else told.ratio


def _claim_lines(claims: Claims, language: str) -> Iterator[str]:
    head = (words.CLAIM, words.VERDICT, words.WHY)
    rows = [
        [in_markdown(_in(each, language)) for each in (verdict.claim.sentence, verdict.outcome.text, verdict.why)]
        for verdict in claims.decided
    ]
    yield from _table([_in(each, language) for each in head], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _in(text: Text, language: str) -> str:
    return text.zh if language == "zh" else text.en
