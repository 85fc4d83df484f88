"""A policy comes from pyproject.toml, and what can't be meant is named with the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from timetrial.errors import GateError
from timetrial.gate.policy import GatePolicy, read_policy


def _pyproject(root: Path, text: str) -> Path:
    (root / "pyproject.toml").write_text(text)
    return root


def test_without_a_file_or_a_section_the_defaults_hold(tmp_path: Path) -> None:
    """No set-up is needed."""
    assert read_policy(tmp_path) == GatePolicy()
    assert read_policy(_pyproject(tmp_path, "[project]\nname = 'x'\n")) == GatePolicy()


def test_settings_are_taken_as_they_stand(tmp_path: Path) -> None:
    """Whole numbers pass for fractions, lists for tuples."""
    section = '[tool.timetrial.gate]\nmargin = 0\ndetect = 0.1\nmay_be_missing = ["test_old*"]\npin = false\n'
    policy = read_policy(_pyproject(tmp_path, section))
    assert policy == GatePolicy(margin=0, detect=0.1, may_be_missing=("test_old*",), pin=False)


def test_a_sub_folder_has_the_project_s_policy(tmp_path: Path) -> None:
    """Unless it is a project of its own."""
    _pyproject(tmp_path, "[tool.timetrial.gate]\npin = false\n")
    below = tmp_path / "benchmarks" / "more"
    below.mkdir(parents=True)
    assert read_policy(below) == GatePolicy(pin=False)
    assert read_policy(_pyproject(below, "[project]\nname = 'y'\n")) == GatePolicy()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("margn = 0.1", "knows no 'margn'; there are: margin, detect"),
        ('margin = "1%"', "margin = '1%' is not what it takes, such as 0.01"),
        ("margin = true", "margin = True is not"),
        ("screen_launches = 6.5", "screen_launches = 6.5 is not what it takes, such as 7"),
        ("pin = 1", "pin = 1 is not what it takes, such as true"),
        ('may_be_missing = "test_old"', "may_be_missing"),
        ("margin = 0.2", "must be at least 0 and below detect"),
        ("alpha = 1.0", "alpha is a chance between 1e-09 and 0.5"),
        ("screen_launches = 1", "screen_launches must be at least 2, not 1"),
        ("margin = ", "can't read the gate's policy"),
        ("warmup_rounds = 0", "warmup_rounds must be at least 1, not 0"),
        ("budget_s = 0", "budget_s must be above 0, not 0"),
        ("flag = -1.5", "flag must be above 0, not -1.5"),
        ("flag = 1e9", "flag must be at most 100, not 1000000000.0"),
        ("margin = nan", "must be at least 0 and below detect"),
        ("detect = inf", "and detect at most 100"),
        ("alpha = 4.9e-324", "alpha is a chance between 1e-09 and 0.5"),
        ("alpha = nan", "alpha is a chance"),
        ("confirm_launches = 5000", "confirm_launches must be at most 200, not 5000"),
        ("screen_launches = 10_000_000", "screen_launches must be at most 200, not 10000000"),
        (f"screen_launches = {9**999}", "characters)"),
        ("pairs_per_launch = 100_000", "pairs_per_launch must be at most 10000"),
        ("warmup_rounds = 100_000", "warmup_rounds must be at most 10000"),
        ("budget_s = inf", "budget_s must be at most"),
        ("patience_s = 1e300", "patience_s must be at most"),
        (f"margin = {'[' * 3000}{']' * 3000}", "can't read the gate's policy"),
    ],
)
def test_what_cannot_be_meant_is_named(line: str, said: str, tmp_path: Path) -> None:
    """With what it could be instead."""
    with pytest.raises(GateError) as caught:
        read_policy(_pyproject(tmp_path, f"[tool.timetrial.gate]\n{line}\n"))
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["tool = 1", "[tool]\ntimetrial = []", "[tool.timetrial]\ngate = true"])
def test_a_section_that_is_no_table_is_named(text: str, tmp_path: Path) -> None:
    """Instead of a traceback."""
    with pytest.raises(GateError, match=r"\[tool\.timetrial\.gate\] is no table"):
        read_policy(_pyproject(tmp_path, text))
