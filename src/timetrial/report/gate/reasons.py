"""Why benchmarks are open or excused, told once for all that share a reason; figures that differ become a range."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from timetrial.gate.findings import Finding, Verdict
from timetrial.report.text import few

# A share, or a number of launches: what differs between benchmarks that have the same thing to say.
_FIGURE: Final = re.compile(r"\d+(?:\.\d+)?(?=%| (?:more )?launch| s\b)|(?<=fresh launches: )\d+")
_PLURAL: Final = re.compile(r"\blaunches\b(?= would)|\blaunch\b(?= would)")


def reason_lines(findings: Sequence[Finding]) -> list[str]:
    """Each reason once, with the benchmarks that share it."""
    sharing: dict[tuple[Verdict, str], list[Finding]] = {}
    for finding in findings:
        if finding.reason:
            sharing.setdefault((finding.verdict, _form(one_line(finding.reason))), []).append(finding)
    return [line for (verdict, _), sharers in sharing.items() for line in _told(verdict, sharers)]


def one_line(text: str | None) -> str:
    """A reason without its line breaks; nothing for None."""
    return " ".join((text or "").split())


def _form(reason: str) -> str:
    """What is left of a reason without the figures in it."""
    return _FIGURE.sub("#", _PLURAL.sub("launches", reason))


def _told(verdict: Verdict, sharers: Sequence[Finding]) -> list[str]:
    reasons = [one_line(each.reason) for each in sharers]
    if len(sharers) == 1:
        return [f"{verdict}: {sharers[0].benchmark}: {reasons[0]}"]
    names = few([f"  {each.benchmark}" for each in sharers])
    return [f"{verdict}: {len(sharers)} benchmarks: {_in_one(reasons)}", *names]


def _in_one(reasons: Sequence[str]) -> str:
    """Reasons of one form as one sentence, each figure from the smallest to the largest."""
    if len(set(reasons)) == 1:
        return reasons[0]
    between = _FIGURE.split(_PLURAL.sub("launches", reasons[0]))
    figures = zip(*(_FIGURE.findall(each) for each in reasons), strict=True)
    return "".join(text + figure for text, figure in zip_longest(between, map(_range, figures), fillvalue=""))


def _range(figures: Sequence[str]) -> str:
    low, high = min(figures, key=float), max(figures, key=float)
    return low if low == high else f"{low} to {high}"
