"""JSON that every reader takes, whatever somebody stores."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from timetrial.system.strict_json import dumps


def test_what_has_no_number_in_json_becomes_null() -> None:
    """pytest-benchmark writes NaN raw; strict readers choke on that."""
    content = {"a": math.nan, "b": [math.inf, (-math.inf, 1.5)], "c": Decimal("1.5"), "d": Decimal("nan")}
    assert json.loads(dumps(content), parse_constant=pytest.fail) == {
        "a": None, "b": [None, [None, 1.5]], "c": 1.5, "d": None,
    }  # fmt: skip


def test_what_has_no_json_form_becomes_text() -> None:
    """An extra_info of any kind must not lose a run's results."""
    shown = json.loads(dumps({"path": Path("a"), "set": {1}, "surrogate": "\ud800", ("a", 1): 2, "nan": math.nan}))
    assert shown["path"] == repr(Path("a"))
    assert shown["set"] == "{1}"
    assert shown["('a', 1)"] == 2


def test_half_a_character_becomes_its_escape() -> None:
    """msgspec, which reads histories, refuses a lone surrogate; whole characters beyond U+FFFF stay."""
    content = {"\ud800": ["a\udcff", "\N{SNAKE} \\ud"], "path": Path("\udcff")}
    shown = json.loads(dumps(content))
    assert shown == {"\\ud800": ["a\\udcff", "\N{SNAKE} \\ud"], "path": repr(Path("\udcff"))}
    assert json.dumps(shown, ensure_ascii=False).encode()


def test_a_number_that_is_too_long_to_write_out_is_written_in_hexadecimal() -> None:
    """As text; Python refuses more than 4,300 decimal digits, to write and to read."""
    shown = json.loads(dumps({"long": 10**5000, "short": 10**4000, 10**5000: 1, "ratio": Fraction(10**5000)}))
    assert (shown["long"], shown["short"], shown[hex(10**5000)]) == (hex(10**5000), 10**4000, 1)
    assert shown["ratio"] == "<Fraction, whose repr() raises ValueError>"


def test_numpys_numbers_stay_numbers() -> None:
    """Nobody who stores them wants their repr()."""
    numpy = pytest.importorskip("numpy")
    content = {"whole": numpy.int64(3), "real": numpy.float32(1.5), "none": numpy.float32("nan"), numpy.int64(4): 5}
    assert json.loads(dumps(content)) == {"whole": 3, "real": 1.5, "none": None, "4": 5}
