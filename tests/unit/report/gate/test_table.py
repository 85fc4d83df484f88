"""The gate's table: what was found, why something is open, and what the exit status means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.report.gate.gate_findings import (
    ALL,
    EXCUSED,
    HEADER,
    IMPROVED,
    NEW,
    OPEN,
    POLICY,
    REGRESSED,
    UNCHANGED,
    WORSE,
)
from timetrial.gate.findings import Finding
from timetrial.gate.policy import GatePolicy
from timetrial.report.gate.rows import worst_first
from timetrial.report.gate.table import GateHeader, conclusion, gate_lines


def test_the_terminal_shows_the_worst_first() -> None:
    """The whole of it, to the letter."""
    assert gate_lines(ALL, POLICY, HEADER) == [
        "gate: the working tree against origin/main (25c68cc), 5 min",
        "benchmark                            base  candidate  effect  interval          launches  verdict",
        "suite/a.py::test_slower           10.0 ms    13.1 ms  +31.0%  +29.0% to +33.0%        12  regressed",
        "suite/a.py::test_slow[threads-8]  10.0 ms    10.8 ms   +8.2%  +6.2% to +10.2%         12  regressed",
        "suite/b.py::test_wild             10.0 ms    10.4 ms   +4.0%  +2.0% to +6.0%          12  inconclusive",
        "suite/a.py::test_fast             10.0 ms    8.80 ms  -12.0%  -14.0% to -10.0%        12  improved",
        "suite/c.py::test_new                    -          -       -  -                        -  new",
        "suite/c.py::test_old                    -          -       -  -                        -  excused",
        "suite/b.py::test_same[serial]     10.0 ms    9.99 ms   -0.1%  -2.1% to +1.9%          12  unchanged",
        "inconclusive: suite/b.py::test_wild: its launches scatter by 9.0%",
        "new: suite/c.py::test_new: the base has no such benchmark",
        "excused: suite/c.py::test_old: missing on the candidate side: gone",
        "all pairs are in results/gate.json; timetrial gate --replay judges them again",
        "1 benchmark leans to slower, by 4.0%",
        "FAIL: 2 of 7 benchmarks regressed, and 1 left open (exit 1)",
    ]


def test_a_header_may_know_less() -> None:
    """No duration, no record."""
    lines = gate_lines([UNCHANGED], POLICY, GateHeader("A", "B"))
    assert lines[0] == "gate: B against A"
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ([REGRESSED, UNCHANGED], "FAIL: 1 of 2 benchmarks regressed (exit 1)"),
        ([WORSE, OPEN], "FAIL: 1 of 2 benchmarks regressed, and 1 left open (exit 1)"),
        ([UNCHANGED], "PASS: a slowdown of 5% in the one benchmark compared would have shown (exit 0)"),
        (
            [UNCHANGED, IMPROVED, NEW, EXCUSED],
            "PASS: a slowdown of 5% in any of the 2 benchmarks compared would have shown (exit 0)",
        ),
        (
            [UNCHANGED, UNCHANGED, OPEN],
            "NOTHING ASSERTED: 1 of 3 benchmarks left open; in the other 2 a slowdown of 5% would have shown (exit 3)",
        ),
        ([OPEN], "NOTHING ASSERTED: 1 of 1 benchmark left open (exit 3)"),
        ([NEW, EXCUSED], "NOTHING ASSERTED: none of 2 benchmarks could be compared (exit 3)"),
        ([], "NOTHING ASSERTED: there was no benchmark to compare; check the selection (exit 3)"),
    ],
)
def test_the_last_line_says_what_the_exit_status_means(findings: list[Finding], said: str) -> None:
    """And what could be asserted at all."""
    assert conclusion(findings, POLICY) == said


def test_what_would_have_shown_is_the_policy_s() -> None:
    """In its own figure."""
    assert "a slowdown of 2.5% in" in conclusion([UNCHANGED], GatePolicy(detect=0.025))


def test_a_reason_is_told_once_with_the_benchmarks_that_share_it() -> None:
    """Of stored files, forty can share one; each is told by its name up to the fifth."""
    why = "a change of 5.0% could hide between two sessions"
    many = [replace(OPEN, benchmark=f"t.py::test_{number}", reason=why) for number in range(40)]
    lines = gate_lines([*many, EXCUSED], POLICY, HEADER)
    at = lines.index(f"inconclusive: 40 benchmarks: {why}")
    assert lines[at + 1 : at + 7] == [*(f"  t.py::test_{number}" for number in range(5)), "  … and 35 more"]
    assert sum(why in line for line in lines) == 1


def test_what_two_stored_files_measure_by_stands_in_the_table() -> None:
    """The benchmark of the same run, and how far a session's mood may move it."""
    stored = replace(REGRESSED, against="suite/a.py::test_slow[serial-8]", noise_floor=0.023)
    _, head, slow, fair, *_ = gate_lines([stored, UNCHANGED], POLICY, HEADER)
    assert head.split()[-4:] == ["against", "noise", "floor", "verdict"]
    assert slow.split()[-3:] == ["suite/a.py::test_slow[serial-8]", "2.3%", "regressed"]
    assert fair.split()[-3:] == ["-", "-", "unchanged"]


def test_what_has_to_be_known_of_a_gate_stands_above_what_it_comes_to() -> None:
    """Such as whose policy it was."""
    notes = (
        "policy: the base's counts, and the candidate's differs from it in",
        "  margin: 0.01 here, 5.0 in the other",
    )
    lines = gate_lines([UNCHANGED], POLICY, replace(HEADER, notes=notes))
    assert tuple(lines[-4:-2]) == notes


def many(count: int, *of_each: Finding) -> list[Finding]:
    """Variants of one test after each of these."""
    return [
        replace(each, benchmark=f"{each.benchmark.partition('[')[0]}[{number}]")
        for each in of_each
        for number in range(count)
    ]


def test_of_hundreds_only_what_matters_has_a_row_and_a_family_has_few() -> None:
    """The rest is a count; -v shows each."""
    findings = [*many(300, UNCHANGED), *many(24, REGRESSED), WORSE]
    lines = gate_lines(findings, POLICY, HEADER)
    assert [line.split()[0] for line in lines[2:4]] == ["suite/a.py::test_slower", "suite/a.py::test_slow[0]"]
    assert "… and 19 more of suite/a.py::test_slow" in lines[8]
    assert "effects +8.2% to +8.2%" in lines[8]
    assert lines[9] == "300 more unchanged (-v shows each)"
    assert len(lines) == 12
    assert len(gate_lines(findings, POLICY, HEADER, every=True)) == 329


def test_a_gate_in_which_everything_is_bad_still_fits_a_screen_or_two() -> None:
    """Of two hundred tests, sixty have a row."""
    findings = [replace(REGRESSED, benchmark=f"a.py::test_{number}") for number in range(200)]
    lines = gate_lines(findings, POLICY, HEADER)
    assert len(lines) < 70
    assert "… and 140 more  " in lines[62]


def test_variants_stand_together_where_the_worst_of_them_does() -> None:
    """Else 24 slow variants would lie about among all others."""
    low, high = (replace(REGRESSED, benchmark=f"a.py::test_b[{each}]", effect=each / 100) for each in (3, 40))
    between = replace(REGRESSED, benchmark="a.py::test_c", effect=0.2)
    assert worst_first([low, between, high]) == [high, low, between]


def test_reasons_that_differ_in_figures_alone_are_one_with_their_range() -> None:
    """Three hundred open benchmarks have a handful of things to say."""
    why = "it looks {}% slower and its launches scatter by 1.0%; about {} would settle it (raise budget_s)"
    said = [
        why.format("2.1", "1 more launch"),
        why.format("9.8", "12 more launches"),
        why.format("10.2", "3 more launches"),
    ]
    findings = [replace(OPEN, benchmark=f"a.py::test_{number}", reason=each) for number, each in enumerate(said)]
    (line,) = (each for each in gate_lines(findings, POLICY, HEADER) if each.startswith("inconclusive: "))
    assert line == (
        "inconclusive: 3 benchmarks: it looks 2.1 to 10.2% slower and its launches scatter by 1.0%; about 1 to 12 more "
        "launches would settle it (raise budget_s)"
    )


def test_a_gate_that_asserts_nothing_says_what_it_saw_and_what_would_settle_it() -> None:
    """The middle half of those that lean, since the ends are chance's, and the time for all that is open."""
    leaning = [
        replace(OPEN, benchmark=f"a.py::test_{number}", effect=0.05 + number / 200, more_launches=10)
        for number in range(8)
    ]
    faster = replace(OPEN, benchmark="a.py::test_faster", effect=-0.03)
    lines = gate_lines([*leaning, faster], POLICY, replace(HEADER, launch_s=4.5))
    assert lines[-2] == (
        "8 benchmarks lean to slower, half of them by 6.0% to 7.5%; 1 benchmark leans to faster, by 3.0%; "
        "about 6 min more would settle them"
    )
