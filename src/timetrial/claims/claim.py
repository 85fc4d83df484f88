"""A claim: a sentence as people say it, what is held against it, and the benchmark that tests it.

The threshold is part of the claim, and stands before any result is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from timetrial.claims.finding import Finding
from timetrial.claims.look import Look
from timetrial.claims.stated import Benchmark, Published, Threshold
from timetrial.errors import ClaimError
from timetrial.languages import Text, text

_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Claim:
    """Call it with a Look at stored results: it finds the figures that its threshold is for."""

    id: str
    sentence: Text
    threshold: Threshold
    benchmark: Benchmark
    find: Callable[[Look], Finding]
    published: tuple[Published, ...] = ()
    theme: str = ""
    """The module that it stands in, such as ``computing``."""

    def __call__(self, look: Look) -> Finding:
        """What the results say."""
        return self.find(look)


def claim(
    id: str,  # noqa: A002 - what everybody calls it
    sentence: str | Text,
    *,
    of: str | Text,
    because: str | Text,
    measured_by: str,
    takes_s: float,
    at_least: float | None = None,
    at_most: float | None = None,
    unit: str = "x",
    published: tuple[Published, ...] = (),
) -> Callable[[Callable[[Look], Finding]], Claim]:
    """Makes a claim of a function from a Look to a Finding.

    ``of`` says what is measured, ``at_least`` and ``at_most`` what it has to be (in ``unit``) for the claim to hold,
    ``because`` why there. ``measured_by`` are arguments for ``pytest --benchmark-only`` that measure it, one launch of
    which ``takes_s`` or so. Texts may be plain strings, or a ``Text`` in English and Chinese. Raises ClaimError for a
    claim without a bound or with an id that can't be typed after ``--only``.
    """
    if not _ID.fullmatch(id):
        raise ClaimError(f"a claim's id is made of small letters, digits and single hyphens, which {id!r} isn't")
    if at_least is None and at_most is None:
        raise ClaimError(f"the claim {id!r} has no threshold: give it at_least= or at_most=, or both")
    threshold = Threshold(text(of), text(because), at_least, at_most, unit)

    def decorate(find: Callable[[Look], Finding]) -> Claim:
        theme = find.__module__.rpartition(".")[2]
        return Claim(id, text(sentence), threshold, Benchmark(measured_by, takes_s), find, published, theme)

    return decorate
