"""The ``timetrial`` command finds its subcommands and ends with a line and a status, never a traceback."""

from __future__ import annotations

import platform
from importlib import import_module
from importlib.metadata import version

import pytest

from timetrial import cli
from timetrial.errors import ResultsError


@pytest.mark.parametrize("command", cli._COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``timetrial COMMAND --help`` names the command and exits with 0."""
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
    assert f"timetrial {command}" in capsys.readouterr().out


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """With what it is for."""
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    assert all(what in shown for what in cli._COMMANDS.values())


def test_the_version_is_told_with_the_python_s(capsys: pytest.CaptureFixture[str]) -> None:
    """As a bug report needs it."""
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"timetrial {version('timetrial')} (Python {platform.python_version()})\n"


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, and the word that was not understood."""
    with pytest.raises(SystemExit) as stop:
        cli.main(["gatte"])
    assert stop.value.code == 2
    assert "gatte" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (ResultsError("a.json is gone"), 2, "timetrial models: a.json is gone"),
        (KeyboardInterrupt(), 130, "timetrial models: interrupted"),
        (OSError(28, "No space left on device"), 2, "timetrial models: [Errno 28] No space left on device"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_status(
    raised: BaseException,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On standard error."""

    def fail(_argv: object) -> int:
        raise raised

    monkeypatch.setattr(import_module("timetrial.commands.models"), "run", fail)
    assert cli.main(["models"]) == status
    assert capsys.readouterr().err == f"{said}\n"


def test_a_mistake_of_ours_is_never_taken_for_a_regression(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python's own status for an exception is 1, which a gate says of a regression; the traceback is still there."""

    def fail(_argv: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(import_module("timetrial.commands.models"), "run", fail)
    assert cli.main(["models"]) == 2
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert "please report it" in said
