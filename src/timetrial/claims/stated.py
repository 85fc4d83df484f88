"""What a claim states before any result is looked at: its threshold, what others published, what measures it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from timetrial.languages import Text

ROUNDS: Final = 10
"""As many as an interval of five figures at once takes at a level of 99 %."""

OPTIONS: Final = ("--benchmark-only", f"--benchmark-min-rounds={ROUNDS}")
"""Models take turns by default, in that many rounds at least."""


@dataclass(frozen=True)
class Threshold:
    """From where on a figure counts: at least one of the bounds; both for a claim that names a range.

    ``of`` says what is measured, ``because`` why this bound and no other.
    """

    of: Text
    because: Text
    at_least: float | None = None
    at_most: float | None = None
    unit: str = "x"
    """``x``: a ratio of times, above 1 where the first takes longer."""


@dataclass(frozen=True)
class Published:
    """A figure that others published for it, and where; ours stands beside it."""

    figure: Text
    source: str


@dataclass(frozen=True)
class Benchmark:
    """What measures a claim: arguments for pytest, and about how long a launch of them takes."""

    arguments: str
    duration_s: float
    """Of one launch, on a machine with two cores."""

    @property
    def command(self) -> str:
        """What to type."""
        return f"pytest {' '.join(OPTIONS)} {shlex.join(shlex.split(self.arguments))}"


def figure(en: str, zh: str = "", *, source: str) -> Published:
    """A published figure; in one language where it is numbers alone."""
    return Published(Text(en, zh or en), source)
