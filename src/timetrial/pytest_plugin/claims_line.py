"""The line at a run's end that says how many claims its results confirm and refute."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from timetrial.claims import all_claims, judge, read_stored, tally
from timetrial.claims.own import claims_of, together
from timetrial.errors import TimetrialError


def claims_line(path: Path, items: Iterable[pytest.Item], shown_path: str | None) -> str | None:
    """Of this run's results alone, with the claims in its tests' own modules; None where nothing is decided."""
    modules = dict.fromkeys(module for item in items if (module := getattr(item, "module", None)) is not None)
    try:
        counts = tally(judge(read_stored(path), together(all_claims(), claims_of(modules))))
    except TimetrialError as error:
        return f"claims: {error}"
    if not counts.decided:
        return None
    return (
        f"claims that this run tested: {counts.confirmed} confirmed, {counts.refuted} refuted; "
        f"which, and why: timetrial claims {shown_path}"
    )
