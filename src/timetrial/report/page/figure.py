"""A chart and the table behind it: what is drawn, the same numbers to read and copy, and where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from timetrial.languages import Text
from timetrial.report.draw.same import same
from timetrial.report.page.ranking import Ranking


@dataclass(frozen=True)
class Table:
    """Rows of cells below a head; the first column names the row."""

    head: Sequence[Text]
    rows: Sequence[Sequence[Text]]


@dataclass(frozen=True)
class Behind:
    """A part of a table that stands on the page: which one by its key, whose rows, and which columns."""

    key: str
    rows: Sequence[int]
    columns: Sequence[int]

    @property
    def is_whole(self) -> bool:
        """Whether its rows are the table's first ones, in their order."""
        return [*self.rows] == [*range(len(self.rows))]


@dataclass(frozen=True)
class Figure:
    """One chart.

    ``anchors`` are the places of the table's rows in the picture, in its pixels: whoever points there, or steps through
    with the arrow keys, is told that row.
    """

    key: str
    """Its name, for ``--figure`` and for links: letters, digits and hyphens."""
    title: Text
    subject: str
    """The workload that it is of, with its parameters; empty for several."""
    svg: str
    table: Table | Behind
    """Its own, or rows and columns of a table that stands on the page for more than this chart."""
    source: Text
    """The file and the tests that its numbers are from."""
    along: str
    """Which coordinate the nearest anchor is found by: x, y or xy."""
    anchors: Sequence[tuple[float, float]]
    note: Text | None = None
    """What a reader has to know."""


def source_of(ranking: Ranking) -> Text:
    """The file and the test that a workload's trials are from; the dots in its id are the model's name."""
    first = ranking.trials[0]
    return same(f"{first.file.name} · {first.test}[…{ranking.ids_end or ''}]")
