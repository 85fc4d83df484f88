"""What a claim's function returns: figures, and the bounds that they are held against."""

from __future__ import annotations

from dataclasses import dataclass

from timetrial.claims.sample import Missing, Sample
from timetrial.languages import NOTHING, Text

Found = Sample | Missing


@dataclass(frozen=True)
class Held:
    """A figure, and the bounds that it is held against."""

    figure: Found
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_bound(self) -> bool:
        """Whether it decides anything, or only stands beside the others."""
        return self.at_least is not None or self.at_most is not None


@dataclass(frozen=True)
class Finding:
    """What a claim rests on: all of the ``held`` figures have to meet their bounds, or with ``one_is_enough`` any.

    ``untestable`` says why it can't be tested in this place at all; ``note`` is said beside the figures.
    """

    held: tuple[Held, ...] = ()
    one_is_enough: bool = False
    untestable: Text | None = None
    note: Text = NOTHING
