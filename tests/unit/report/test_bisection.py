"""What a bisection says at its end: the commit, the range, or that there is nothing to find."""

from __future__ import annotations

from timetrial.gate.bisect import Bisection
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.gitbisect import Commit
from timetrial.report.bisection import bisection_lines

SLOWER = [Finding("test_spin", Verdict.REGRESSED, 0.5, 0.48, 0.53)]
COMMITS = [Commit(f"{number}" * 40, "Ada", "2026-11-25", f"Change {number}") for number in range(2)]


def test_the_commit_is_named_with_its_effect_and_interval() -> None:
    """Hash, date, author and subject; the effect is that of the commit itself, against the good one."""
    found = Bisection(SLOWER, COMMITS[:1], [Finding("test_spin", Verdict.REGRESSED, 0.4, 0.38, 0.43)])
    assert bisection_lines(found, "v1", "HEAD") == [
        "slower since 000000000000 2026-11-25 Ada: Change 0",
        "  test_spin: +40.0% (+38.0% to +43.0%) against v1",
    ]


def test_a_range_lists_its_commits() -> None:
    """With the effect of the bad commit, since no other can be told."""
    assert bisection_lines(Bisection(SLOWER, COMMITS), "v1", "HEAD") == [
        "slower since one of these 2 commits, which could not be told apart:",
        "  000000000000 2026-11-25 Ada: Change 0",
        "  111111111111 2026-11-25 Ada: Change 1",
        "  test_spin: +50.0% (+48.0% to +53.0%) against v1",
    ]


def test_no_slowdown_is_said_with_what_to_try() -> None:
    """Both refs, as they were typed."""
    first, second = bisection_lines(Bisection(), "v1", "HEAD")
    assert "no benchmark is slower at HEAD than at v1" in first
    assert "raise budget_s" in second
