"""The comment on a pull request: regressions on top, the unchanged folded away, and nothing that breaks it."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.report.gate.gate_findings import ALL, EXCUSED, HEADER, IMPROVED, NEW, OPEN, POLICY, REGRESSED, UNCHANGED
from timetrial.report.gate.markdown import gate_markdown
from timetrial.report.gate.table import GateHeader


def test_regressions_stand_on_top_and_the_unchanged_are_folded() -> None:
    """The largest first."""
    lines = gate_markdown(ALL, POLICY, HEADER).splitlines()
    assert lines[0] == "### gate: the working tree against origin/main (25c68cc), 5 min"
    assert lines[2] == "**FAIL: 2 of 7 benchmarks regressed, and 1 left open (exit 1)**"
    rows = [each for each in lines if each.startswith("| `")]
    assert [row.split("`")[1].partition("::")[2] for row in rows] == [
        "test_slower", "test_slow[threads-8]", "test_wild", "test_fast", "test_new", "test_old", "test_same[serial]",
    ]  # fmt: skip
    fold = lines.index("<details><summary>1 benchmark unchanged</summary>")
    assert lines.index(rows[-1]) > fold > lines.index(rows[-2])
    assert lines[fold + 1] == ""  # or GitHub shows the table as text
    assert lines[-3] == "</details>"


def test_a_row_holds_both_times_the_interval_and_the_reason() -> None:
    """As in the terminal."""
    text = gate_markdown([OPEN, REGRESSED], POLICY, HEADER)
    assert (
        "| `suite/b.py::test_wild` | 10.0 ms | 10.4 ms | +4.0% | +2.0% to +6.0% | 12 "
        "| inconclusive: its launches scatter by 9.0% |"
    ) in text
    assert "| 12 | **regressed** |" in text


def test_without_anything_notable_only_the_fold_is_left() -> None:
    """And without anything unchanged, no fold."""
    assert gate_markdown([UNCHANGED], POLICY, HEADER).count("| benchmark |") == 1
    assert "<details>" not in gate_markdown([IMPROVED, NEW, EXCUSED], POLICY, HEADER)


def test_names_and_reasons_cannot_break_the_table_or_notify_anybody() -> None:
    """Parametrised ids and error messages hold anything."""
    odd = replace(OPEN, benchmark="t.py::test[a|b`c]", reason="two\nlines | <b>bold</b> @someone")
    text = gate_markdown([odd], POLICY, GateHeader("a|b", "*c*"))
    (row,) = (each for each in text.splitlines() if "two lines" in each)
    assert r"``t.py::test[a\|b`c]``" in row
    assert r"two lines \| \<b\>bold\</b\>" in row
    assert "@someone" not in text
    assert r"### gate: \*c\* against a\|b" in text


def test_a_thousand_benchmarks_still_fit_a_comment() -> None:
    """It says how many it leaves out, and closes what it opened."""
    many = [replace(each, benchmark=f"{each.benchmark}{index:05d}") for index in range(1000) for each in ALL]
    text = gate_markdown(many, POLICY, HEADER)
    assert len(text) < 65_536
    assert "more" in text
    assert text.count("<details>") == text.count("</details>") == 1
    assert "test_slower00000" in text


def test_of_many_the_reasons_stand_below_the_table_each_once() -> None:
    """A comment with three hundred times the same sentence is read by nobody."""
    many = [replace(OPEN, benchmark=f"t.py::test_{number}") for number in range(30)]
    text = gate_markdown(many, POLICY, HEADER)
    assert text.count("its launches scatter by 9.0%") == 1
    assert "- inconclusive: 30 benchmarks: its launches scatter by 9.0%" in text
    assert "30 benchmarks lean to slower, half of them by 4.0%" in text
