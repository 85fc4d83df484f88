"""The ``timetrial`` command finds its subcommands and ends with a line and a status, never a traceback."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
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


def started(program: str, **variables: str) -> subprocess.Popen[str]:
    """``timetrial models`` in a process of its own, with this as the command."""
    prepare = (
        "import sys; from timetrial import cli; from timetrial.commands import models\n"
        f"def run(_argv):\n    {program}\n    return 0\n"
        "models.run = run; sys.exit(cli.main(['models']))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", prepare],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )


@pytest.mark.parametrize("lines", [1, 100_000], ids=["kept back until the end", "written on the way"])
@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error there")
def test_a_reader_that_is_gone_ends_a_command_quietly(lines: int) -> None:
    """As ``timetrial history | head -1``: the status of SIGPIPE, which other tools die of, and not a word."""
    with started(f"print('a line\\n' * {lines})") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 141


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_pipe_of_the_command_s_own_that_breaks_is_still_an_error() -> None:
    """It has nothing to do with who reads the output."""
    said, complaint = (process := started("raise BrokenPipeError(32, 'Broken pipe')")).communicate()
    assert (process.returncode, said.strip()) == (2, "")
    assert complaint == "timetrial models: [Errno 32] Broken pipe\n"


def test_a_name_that_the_terminal_can_t_show_is_escaped() -> None:
    """It is no reason to fail."""
    process = started("print('test_\\xe9\\u4e2d\\ud800')", LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert process.communicate() == ("test_\\xe9\\u4e2d\\ud800\n", "")
    assert process.returncode == 0
