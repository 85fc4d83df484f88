"""What a bisection says at its end: the commit, the range, or that there is nothing to find."""

from __future__ import annotations

import pytest

from timetrial.gate.bisect import Another, Bisection
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.git_bisect import Commit
from timetrial.report.gate.bisection import bisection_lines

EXCUSED = Finding("test_old", Verdict.EXCUSED, reason="the policy allows it")
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


def test_another_slowdown_is_told_with_the_command_that_finds_it() -> None:
    """What was selected stays selected."""
    found = Bisection(SLOWER, COMMITS[:1], SLOWER, others=[Another("v1", "a" * 40), Another("b" * 40, "HEAD")])
    assert bisection_lines(found, "v1", "HEAD", ["-k", "a or b"])[2:] == [
        "a smaller slowdown lies between v1 and aaaaaaaaaaaa:",
        "  timetrial bisect --good v1 --bad aaaaaaaaaaaa -k 'a or b'",
        "a second slowdown lies between bbbbbbbbbbbb and HEAD:",
        "  timetrial bisect --good bbbbbbbbbbbb --bad HEAD -k 'a or b'",
    ]


def test_no_slowdown_is_said_with_what_to_try() -> None:
    """Both refs, as they were typed."""
    found = Bisection(compared=[Finding("test_spin", Verdict.UNCHANGED, 0.0), EXCUSED])
    first, second, third = bisection_lines(found, "v1", "HEAD")
    assert "no benchmark is slower at HEAD than at v1" in first
    assert second == "  excused: test_old: the policy allows it"
    assert "raise budget_s" in third


@pytest.mark.parametrize(
    "finding",
    [
        Finding("test_spin", Verdict.INCONCLUSIVE, reason="missing on the candidate side:\n gone"),
        Finding("test_spin", Verdict.NEW, reason="missing on the candidate side: gone"),
    ],
)
def test_what_was_left_open_is_not_called_no_slowdown(finding: Finding) -> None:
    """The reasons are shown instead."""
    first, second, *_ = bisection_lines(Bisection(compared=[finding, EXCUSED]), "v1", "HEAD")
    assert first == "whether a benchmark is slower at HEAD than at v1 can't be told, so the search can't begin:"
    assert second == f"  {finding.verdict}: test_spin: missing on the candidate side: gone"


def test_where_nothing_was_measured_the_selection_is_to_be_looked_at() -> None:
    """A typo behind -k, most likely."""
    (line,) = bisection_lines(Bisection(), "v1", "HEAD")
    assert line == "nothing was measured at v1 and HEAD: there is no benchmark to compare; check the selection"


def test_a_commit_that_was_skipped_says_why() -> None:
    """So that one sees whether a nearer good commit would help."""
    why = {COMMITS[1].hash: "test_spin inconclusive: missing on the candidate side: deleted"}
    lines = bisection_lines(Bisection(SLOWER, COMMITS, skipped=why), "v1", "HEAD")
    assert lines[2:4] == [f"  {COMMITS[1]}", f"    skipped: {why[COMMITS[1].hash]}"]
    assert lines[1] == f"  {COMMITS[0]}"
