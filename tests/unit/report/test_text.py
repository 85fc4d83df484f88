"""Figures and tables as people read them."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetrial.report.text import about, columns, duration, few, three_digits, times


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 ns"), (1.5e-9, "1.50 ns"), (1e-6, "1.00 µs"), (12.34e-6, "12.3 µs"), (1e-3, "1.00 ms"),
        (0.1234, "123 ms"), (1.0, "1.00 s"), (59.94, "59.9 s"), (1234.5, "1234 s"),
        (0.9996, "1.00 s"), (999.7e-6, "1.00 ms"), (9.9999e-3, "10.0 ms"), (99.97, "100 s"),
    ],
)  # fmt: skip
def test_a_duration_has_three_digits_and_a_unit(seconds: float, text: str) -> None:
    """Also where rounding carries it into the next unit."""
    assert duration(seconds) == text


@given(st.floats(min_value=1e-2, max_value=999.4))
def test_three_digits_are_three_digits(value: float) -> None:
    """Never four, whichever way it is rounded; a value below one keeps two decimals."""
    text = three_digits(value)
    assert len(text.replace(".", "")) == 3
    assert float(text) == pytest.approx(value, rel=0.0051, abs=0.0051)


def test_a_ratio_is_so_many_times_or_a_dash() -> None:
    """A dash where there is nothing to compare with."""
    assert (times(3.914), times(0.5), times(None)) == ("3.91x", "0.50x", "-")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.1, "1 s"), (40.4, "40 s"), (119.4, "119 s"), (120.0, "2 min"), (200.0, "3 min")]
)
def test_a_time_to_wait_is_told_roughly(seconds: float, text: str) -> None:
    """Seconds, then minutes."""
    assert about(seconds) == text


def test_columns_are_aligned_and_end_without_blanks() -> None:
    """Numbers to the right, texts to the left."""
    assert columns([("name", "ms"), ("a", "1.5"), ("long name", "12.5")], right=[1]) == [
        "name         ms",
        "a           1.5",
        "long name  12.5",
    ]
    assert columns([("a", "b"), ("ccc", "d")]) == ["a    b", "ccc  d"]


def test_no_rows_make_no_lines() -> None:
    """Nothing to say, nothing said."""
    assert columns([]) == []


def test_of_many_lines_of_one_kind_a_few_are_shown_and_the_others_counted() -> None:
    """Five, unless it is only five."""
    lines = [f"  left {number}" for number in range(8)]
    assert few(lines) == [*lines[:5], "  … and 3 more"]
    assert few(lines[:5]) == lines[:5]
    assert few([]) == []


def test_on_a_terminal_long_ids_are_cut_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no line wraps; in a log or a file nothing is cut."""
    rows = [("benchmark", "base"), (f"benchmarks/test_x.py::test_x[{'a' * 200}-threads]", "10 ms")]
    whole = columns(rows)
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "80")
    cut = columns(rows)
    assert len(whole[1]) > 200
    assert [len(line) <= 80 for line in cut] == [True, True]
    assert cut[1].startswith("benchmarks/test_x.py::")
    assert "-threads]" in cut[1]
    assert cut[1].endswith("10 ms")


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        """It does."""
        return True
