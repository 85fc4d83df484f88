"""Two environments held against each other, for people: what matters for a comparison first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from timetrial.environment.difference import differences, told_by_neither


def difference_lines(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What differs and matters, what differs and does not, and what neither record knows."""
    found = differences(one, other)
    matters = [f"  {each}" for each in found if each.matters]
    rest = [f"  {each}" for each in found if not each.matters]
    unknown = [f"  {each}" for each in told_by_neither(one, other)]
    return [
        "Differences that matter for comparing timings:" if matters else "Nothing differs that matters for timings.",
        *matters,
        *(["Other differences:", *rest] if rest else []),
        *(["Known to neither file, so it may differ unseen:", *unknown] if unknown else []),
    ]
