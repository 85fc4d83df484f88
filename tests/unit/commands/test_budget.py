"""A budget means the same wherever it is given."""

from __future__ import annotations

import pytest

from timetrial.commands.budget import seconds_of
from timetrial.errors import TimetrialError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        ("90s", 90),
        ("1.5min", 90),
        ("10m", 600),
        ("1h", 3600),
        ("500ms", 0.5),
        (" 2 MIN ", 120),
        (".5h", 1800),
    ],
)
def test_a_time_is_taken_as_people_write_it(text: str, seconds: float) -> None:
    """With a unit or without, which are seconds then."""
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0", "-5s", "soon", "10 weeks", "nan", "inf", "1e400", "5m30s"])
def test_what_is_no_time_is_refused_with_what_is(text: str) -> None:
    """By the option's name, with examples that work."""
    with pytest.raises(TimetrialError, match="a time such as 90s, 10min or 1h"):
        seconds_of(text)
