"""The part of a page that is about one function: what ``timetrial run`` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from timetrial.languages import Text
from timetrial.report.page.figure import Figure, Table


@dataclass(frozen=True)
class RunPart:
    """What a run's page has before its tables and curves."""

    target: str
    """What was run, with which items."""
    answer: Text
    because: Text | None
    changes: Sequence[Text]
    """When another way would be the better one."""
    shares: Figure | None
    """Where an item's time goes."""
    costs: Table | None
    code: str | None
    notes: Sequence[Text] = field(default=())
    """What else there is to know."""
