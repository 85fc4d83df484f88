"""Writes what the README and the docs show of one machine: ``python -m benchmarks.published results/``.

The tables of claims in README.md and docs/claims.md, the charts in docs/figures/ and what stands below them. What these
results say nothing of stays as it is, and is named. Nothing of it is written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from timetrial.claims import Outcome, Stored, Verdict, all_claims, judge, read_stored, tally
from timetrial.report.claims import table_lines
from timetrial.report.escaped import code_in_markdown, in_markdown
from timetrial.report.page.page import Page, page_of
from timetrial.report.page.pictures import pictures
from timetrial.results.collect import Place, collect

ROOT: Final = Path(__file__).parents[1]
CHARTS: Final = {"fetch_pages-throughput": "fetch_pages*-throughput.svg", "startup": "startup.svg"}
"""The charts that are shown, and by which name the report writes each."""

_DECIDED: Final = (Outcome.CONFIRMED, Outcome.REFUTED)


def claims_in_short(stored: Stored, verdicts: Sequence[Verdict]) -> str:
    """What was confirmed and refuted, as ``timetrial claims`` prints it."""
    decided = [each for each in verdicts if each.outcome in _DECIDED]
    table = [f"    {line}".rstrip() for line in table_lines(decided)] if decided else []
    return "\n".join([_came_to(stored, verdicts), "", *table])


def claims_in_full(stored: Stored, verdicts: Sequence[Verdict]) -> str:
    """Every claim with its verdict and the reason for it."""
    rows = [f"| {code_in_markdown(each.id)} | {each.outcome.value} | {in_markdown(each.why.en)} |" for each in verdicts]
    head = ["| claim | verdict | why |", "| --- | --- | --- |"]
    return "\n".join([_came_to(stored, verdicts), "", *head, *rows])


def _came_to(stored: Stored, verdicts: Sequence[Verdict]) -> str:
    counts, here = tally(list(verdicts)), stored.here
    told = (
        f"What {here.place}, came to on {_day(here.newest)}: {counts.confirmed} confirmed, {counts.refuted} refuted, "
        f"{counts.inconclusive} inconclusive, {counts.not_testable} not testable there."
    )
    resting = counts.decided - counts.without_level
    if resting:
        told += (
            f" {resting} of the {counts.decided} that are decided rest on intervals, among which at most "
            f"{counts.false_at_most:.2f} false verdicts are to be expected."
        )
    return told


def caption(place: Place) -> str:
    """Where a chart was measured, and when."""
    names = ", ".join(path.name for path in place.files[:3])
    more = f" and {len(place.files) - 3} more" if len(place.files) > 3 else ""
    return f"({place.label}, {_day(place.recorded_at)}; {names}{more}.)"


def _day(when: str) -> str:
    """``29 November 2026``."""
    if not when:
        return "an unknown day"
    day = date.fromisoformat(when[:10])
    return f"{day.day} {day:%B %Y}"


def replaced(text: str, name: str, content: str) -> str:
    """A document with something else between the comments ``<!-- NAME -->`` and ``<!-- end of NAME -->``.

    Raises ValueError where it has no such place.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"there have to be one {begin} and one {end}")
    between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    return between.sub(lambda _: f"{begin}\n\n{content.strip()}\n\n{end}", text)


def charts_of(page: Page) -> Mapping[str, str]:
    """The shown charts that these results make, by name."""
    drawn = [*pictures(page, "en")]
    found = {
        name: next((svg for file, svg in drawn if fnmatchcase(file, pattern)), None) for name, pattern in CHARTS.items()
    }
    return {name: svg for name, svg in found.items() if svg is not None}


def publish(results: Path, root: Path = ROOT) -> Iterable[str]:
    """Writes it; yields a line for each thing that was written, or that was kept."""
    stored = read_stored(results)
    verdicts = judge(stored, all_claims())
    collected = collect([results])
    readme, claims, report = (root / name for name in ("README.md", "docs/claims.md", "docs/report.md"))
    changed = {readme: [("claims", claims_in_short(stored, verdicts))]}
    changed[claims] = [("claims", claims_in_full(stored, verdicts))]
    charts = charts_of(page_of(collected))
    for name, svg in charts.items():
        (root / "docs" / "figures" / f"{name}.svg").write_text(svg, encoding="utf-8")
        yield f"written: docs/figures/{name}.svg"
        for path in (readme, report):
            if f"<!-- {name} -->" in path.read_text(encoding="utf-8"):
                changed.setdefault(path, []).append((name, caption(collected.places[0])))
    yield from (f"kept: docs/figures/{name}.svg, which these results do not make" for name in CHARTS.keys() - charts)
    for path, parts in changed.items():
        text = path.read_text(encoding="utf-8")
        for name, content in parts:
            text = replaced(text, name, content)
        path.write_text(text, encoding="utf-8")
        yield f"written: {path.relative_to(root)}: {', '.join(name for name, _ in parts)}"
    yield from (f"left out: {each}" for each in dict.fromkeys((*stored.broken, *collected.left_out)))


if __name__ == "__main__":
    for line in publish(Path(sys.argv[1])):
        print(line)
