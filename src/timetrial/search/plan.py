"""What a search is to do, settled before it starts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from timetrial.target.request import Request


@dataclass(frozen=True)
class SearchPlan:
    """What to try out, and for how long; ready for JSON.

    ``models`` narrows them, ``concurrency`` fixes it; ``excluded`` says of models why they are left out from the
    beginning; ``standard_input`` are the lines for ``--items -``. ``sample`` is how many items a round is to take,
    where that has been settled, as for several Pythons; None leaves it to the time that they take.
    """

    request: Request
    budget_s: float = 30.0
    models: Sequence[str] | None = None
    concurrency: Sequence[int] | None = None
    excluded: Mapping[str, str] = field(default_factory=dict)
    standard_input: str = ""
    sample: int | None = None


def plan_in(line: bytes) -> SearchPlan:
    """The plan that a line of JSON holds."""
    told = json.loads(line)
    return SearchPlan(Request(**told.pop("request")), **told)
