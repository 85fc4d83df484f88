"""How a gate ends follows from its verdicts: it fails closed."""

from __future__ import annotations

import pytest

from timetrial.gate.findings import Finding, Verdict, exit_code


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ("unchanged unchanged", 0),
        ("unchanged improved", 0),
        ("unchanged new", 0),
        ("unchanged excused", 0),
        ("unchanged regressed", 1),
        ("inconclusive regressed", 1),
        ("unchanged inconclusive", 3),
        ("new", 3),
        ("excused", 3),
        ("", 3),
    ],
)
def test_the_exit_status_says_what_could_be_asserted(verdicts: str, status: int) -> None:
    """A regression fails; anything inconclusive, or nothing measured at all, is no pass."""
    assert exit_code([Finding("test", Verdict(each)) for each in verdicts.split()]) == status
