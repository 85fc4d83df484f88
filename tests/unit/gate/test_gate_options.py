"""Options that a way of asking the gate has no use for are refused; nobody should believe that they counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.gate.stored.stored_files import content, launches, write
from timetrial import cli
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, SideName, Trouble
from timetrial.gate.store import About, GateFile

WHOM = [("--base", "main"), ("--base-python", "python"), ("--candidate-python", "python")]
REPORTS = [("--json", "out"), ("--markdown", "out"), ("--junit", "out")]
ONLY_MEASURED = [("-k", "fetch"), ("-m", "slow"), ("--budget", "10m"), ("--seed", "0"), ("--results", "elsewhere")]
DIFFERENCE = ("--accept-difference", "cpu.*")

ABOUT: About = {
    "kind": "gate",
    "base": {"label": "the base", "python": "python", "revision": None},
    "candidate": {"label": "the candidate", "python": "python", "revision": None},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return tmp_path


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said to a usage error."""
    assert cli.main(["gate", *arguments]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("option", [*WHOM, *REPORTS, DIFFERENCE, ("--seed", "0")], ids=lambda each: each[0])
def test_a_self_test_takes_no_sides_no_reports_and_no_seed(
    option: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It compares this code with itself, and prints what it finds."""
    said = refusal(capsys, "--self-test", "--budget", "1s", *option)
    assert f"--self-test and {option[0]} don't go together: a self-test compares this code with itself" in said


@pytest.mark.parametrize(
    "option", [*WHOM, *ONLY_MEASURED, DIFFERENCE, ("--self-test",), ("--policy", "candidate")], ids=lambda each: each[0]
)
def test_a_replay_takes_nothing_that_is_about_measuring(
    option: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What was measured is judged as it is, by the policy that is stored with it."""
    said = refusal(capsys, "--replay", "gate.json", *option)
    assert f"--replay and {option[0]} don't go together: a replay judges again what one gate measured" in said


def test_a_replay_takes_no_tests_and_says_all_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither paths nor words for pytest."""
    said = refusal(capsys, "--replay", "gate.json", "--seed", "1", "test_a.py", "--", "-x")
    assert "--replay and paths of tests, what stands behind --, --seed don't go together" in said


@pytest.mark.parametrize("option", [*WHOM, *ONLY_MEASURED, ("--", "-x")], ids=lambda each: each[0])
def test_stored_files_take_nothing_that_is_about_measuring(
    option: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """They hold what was measured."""
    said = refusal(capsys, "base.json", "new.json", *option)
    shown = "what stands behind --" if option[0] == "--" else option[0]
    assert f"stored files and {shown} don't go together: what they hold is compared as it is" in said


@pytest.mark.parametrize("whom", WHOM[:2], ids=lambda each: each[0])
def test_differences_are_accepted_of_stored_files_only(whom: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    """In lock-step both sides run here."""
    said = refusal(capsys, *whom, *DIFFERENCE)
    assert f"{whom[0]} and --accept-difference don't go together: it is for two stored files" in said


def test_stored_files_are_compared_two_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    """One alone is not compared with anything."""
    assert "two at a time: BASE.json CANDIDATE.json" in refusal(capsys, "base.json")


def test_reports_are_written_of_stored_files_and_of_replays(folder: Path) -> None:
    """These options count there."""
    write(folder / "base.json", content(launches(0.5)))
    write(folder / "new.json", content(launches(0.5)))
    assert cli.main(["gate", "base.json", "new.json", *DIFFERENCE, *(word for each in REPORTS for word in each)]) == 3
    assert (folder / "out").is_file()
    assert cli.main(["gate", "--replay", str(_missing_one(folder, GatePolicy())), "--json", "replay.json"]) == 3
    assert (folder / "replay.json").is_file()


def test_a_replay_judges_by_the_stored_policy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What pyproject.toml says by now counts from the next gate on."""
    allowed, strict = (_missing_one(folder, GatePolicy(may_be_missing=each)) for each in (("test_gone",), ()))
    (folder / "pyproject.toml").write_text('[tool.timetrial.gate]\nmay_be_missing = ["*"]\n')
    cli.main(["gate", "--replay", str(strict)])
    assert "inconclusive: t.py::test_gone: missing on the candidate side: deleted" in capsys.readouterr().out
    (folder / "pyproject.toml").write_text("[tool.timetrial.gate]\nmay_be_missing = []\n")
    cli.main(["gate", "--replay", str(allowed)])
    assert "excused: t.py::test_gone" in capsys.readouterr().out


def test_a_replay_of_a_gate_that_was_cut_off_blames_no_budget(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """More time would have changed nothing."""
    file = GateFile(folder / "gates", GatePolicy(), ABOUT)
    for complete in (False, True):
        file.write([BenchmarkRecord("t.py::test_late")], complete=complete)
        assert cli.main(["gate", "--replay", str(file.path)]) == 3
        said = capsys.readouterr().out
        assert ("never launched; the gate was cut off before that: run it again" in said) is not complete
        assert ("the time was up (budget_s = 600)" in said) is complete


def _missing_one(folder: Path, policy: GatePolicy) -> Path:
    """The file of a gate whose candidate lacked a benchmark."""
    file = GateFile(folder / "gates", policy, ABOUT)
    file.write([BenchmarkRecord("t.py::test_gone", trouble=Trouble("missing", SideName.CANDIDATE, "deleted"))])
    return file.path


def test_times_of_shards_are_of_use_to_shards_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever names them and measures all has mistyped something."""
    said = refusal(capsys, "--base", "main", "--shard-times", "times.json")
    assert "--shard-times goes with --shard: it says how long the benchmarks of all shards take" in said
