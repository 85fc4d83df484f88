"""Two environments as text: what matters comes first, and what is alike is not repeated."""

from __future__ import annotations

from timetrial.report.environment import difference_lines


def test_a_difference_that_matters_stands_before_one_that_does_not() -> None:
    """A slower CPU decides a comparison, a host's name doesn't."""
    one = {"cpu": {"model": "old"}, "system": {"hostname": "a"}}
    other = {"cpu": {"model": "new"}, "system": {"hostname": "b"}}
    lines = difference_lines(one, other)
    assert lines[0] == "Differences that matter for comparing timings:"
    assert "cpu.model: 'old' against 'new'" in lines[1]
    assert "system.hostname" in lines[lines.index("Other differences:") + 1]


def test_equal_environments_say_so() -> None:
    """And the fields that neither of them knows are named."""
    lines = difference_lines({"cpu": {"model": "one"}}, {"cpu": {"model": "one"}})
    assert lines[0] == "Nothing differs that matters for timings."
    assert "Known to neither file, so it may differ unseen:" in lines
