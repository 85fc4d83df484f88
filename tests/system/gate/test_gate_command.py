"""``timetrial gate`` as it is typed: its exit status, its files, and how it ends when it is told to."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from tests.waiting import wait_for
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SideName, Trouble
from timetrial.gate.store import About, GateFile, read_gate

Project = Callable[..., Path]

HURRIED = """
[tool.timetrial.gate]
screen_launches = 2
pairs_per_launch = 4
warmup_rounds = 2
budget_s = 0.1
"""
SIDES = ("--base-python", sys.executable, "--candidate-python", sys.executable)


def gate(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs it in a project's folder."""
    command = [sys.executable, "-m", "timetrial.cli", "gate", *arguments]
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def hurried(project: Project) -> Path:
    """A project whose gate takes one launch, which settles nothing."""
    root = project("here", "def test_plain(benchmark): benchmark(len, ())\n")
    (root / "pyproject.toml").write_text(HURRIED)
    return root


def test_a_gate_that_is_out_of_time_asserts_nothing_and_leaves_all_it_has(hurried: Path) -> None:
    """Exit status 3, progress in the log, the verdicts in every format, and raw data that replay to the same."""
    formats = ("--json", "out/gate.json", "--markdown", "out/gate.md", "--junit", "out/gate.xml")
    done = gate(hurried, *SIDES, *formats, GITHUB_STEP_SUMMARY=str(hurried / "summary.md"))
    assert done.returncode == 3, done.stderr
    assert "looking at everything: launch 1 of 2" in done.stderr
    assert done.stdout.splitlines()[-1].startswith("NOTHING ASSERTED: 2 of 2 benchmarks left open")
    assert len(json.loads((hurried / "out/gate.json").read_text())["findings"]) == 2
    assert (hurried / "out/gate.md").read_text().strip() == (hurried / "summary.md").read_text().strip()
    assert len(list(ET.parse(hurried / "out/gate.xml").iter("testcase"))) == 2
    (stored,) = (hurried / "results" / "gate").glob("*.json")
    assert read_gate(stored).complete
    again = gate(hurried, "--replay", str(stored.relative_to(hurried)))
    assert (again.returncode, again.stdout) == (3, done.stdout)


def test_the_selection_reaches_pytest(hurried: Path) -> None:
    """-k as for pytest, and behind -- whatever else pytest takes."""
    done = gate(hurried, *SIDES, "-k", "plain", "test_suite.py", "--", "--durations=1")
    assert "test_plain" in done.stdout
    assert "test_squeeze" not in done.stdout


def test_nothing_to_compare_is_no_pass(hurried: Path) -> None:
    """As where a selection matches nothing."""
    done = gate(hurried, *SIDES, "-k", "no_such_test")
    assert done.returncode == 3
    assert "there was no benchmark to compare; check the selection" in done.stdout


def _stored(folder: Path, records: Sequence[BenchmarkRecord], *, complete: bool = True) -> Path:
    about: About = {
        "kind": "gate",
        "base": {"label": "the base", "python": "python", "revision": None},
        "candidate": {"label": "the candidate", "python": "python", "revision": None},
    }
    file = GateFile(folder, GatePolicy(), about)
    file.write(records, complete=complete)
    return file.path


def _launches(slower_by: float) -> list[LaunchPair]:
    """Launches that scatter by half a percent: a screen, and 20 to confirm it."""
    chance = random.Random(1)

    def launch(phase: Phase) -> LaunchPair:
        candidate_s = 0.010 * (1 + slower_by) * math.exp(chance.gauss(0, 0.005))
        return LaunchPair(phase, (0.010,) * 4, (candidate_s,) * 4, (True, False) * 2)

    return [launch(Phase.SCREEN) for _ in range(7)] + [launch(Phase.CONFIRM) for _ in range(20)]


MISSING = BenchmarkRecord("t.py::test_gone", trouble=Trouble("missing", SideName.CANDIDATE, "deleted, or renamed"))


@pytest.mark.parametrize(
    ("records", "status", "said"),
    [
        ([BenchmarkRecord("t.py::test_a", _launches(0.0))], 0, "PASS: a slowdown of 5% in the one benchmark compared"),
        ([BenchmarkRecord("t.py::test_a", _launches(0.06))], 1, "FAIL: 1 of 1 benchmark regressed (exit 1)"),
        ([BenchmarkRecord("t.py::test_a", _launches(-0.06))], 0, "improved"),
        ([BenchmarkRecord("t.py::test_a", _launches(0.06)), MISSING], 1, "FAIL: 1 of 2"),
        ([BenchmarkRecord("t.py::test_a", _launches(0.0)), MISSING], 3, "deleted, or renamed"),
    ],
)
def test_the_exit_status_is_what_a_job_goes_by(
    records: Sequence[BenchmarkRecord], status: int, said: str, tmp_path: Path
) -> None:
    """0 pass, 1 a regression, 3 something left open."""
    done = gate(tmp_path, "--replay", str(_stored(tmp_path, records)))
    assert done.returncode == status
    assert said in done.stdout


@pytest.mark.parametrize(
    ("slower_by", "status"), [(0.06, 1), (0.0, 2)], ids=["a regression stays one", "a pass is no success"]
)
def test_a_report_that_cannot_be_written_hides_nothing(slower_by: float, status: int, tmp_path: Path) -> None:
    """Both are told, and the reports that can be written are."""
    (tmp_path / "taken").write_text("a file, where a folder would have to be")
    wanted = ("--json", "taken/gate.json", "--junit", "gate.xml", "--markdown", "/dev/full")
    path = _stored(tmp_path, [BenchmarkRecord("t.py::test_a", _launches(slower_by))])
    done = gate(tmp_path, "--replay", str(path), *wanted, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    assert done.returncode == status
    assert done.stdout.splitlines()[-1].startswith("FAIL: 1 of 1" if status == 1 else "PASS")
    assert "can't write taken/gate.json" in done.stderr
    assert "can't write /dev/full: No space left on device" in done.stderr
    assert ET.parse(tmp_path / "gate.xml").getroot().tag == "testsuites"
    assert "### gate:" in (tmp_path / "summary.md").read_text()


def test_a_name_that_no_file_can_hold_is_shown_in_every_report(tmp_path: Path) -> None:
    """Half a character, as an undecodable file name has it, and what would move the cursor."""
    odd = BenchmarkRecord("t.py::x[\x1b[2J\n::error::]", trouble=Trouble("failed", None, "no na\udcefve.csv \u202e"))
    wanted = ("--json", "g.json", "--junit", "g.xml", "--markdown", "g.md")
    done = gate(tmp_path, "--replay", str(_stored(tmp_path, [odd])), *wanted, PYTHONIOENCODING="utf-8")
    assert done.returncode == 3
    texts = [done.stdout, *((tmp_path / name).read_text(encoding="utf-8") for name in wanted[1::2])]
    for text in texts:
        assert all(each.isprintable() or each == "\n" for each in text)
        assert "na\\udcefve.csv" in text.replace("\\\\", "\\")
        assert not any(line.lstrip().startswith("::") for line in text.splitlines())


def test_a_gate_that_was_cut_off_is_replayed_as_far_as_it_came(tmp_path: Path) -> None:
    """And says so."""
    path = _stored(tmp_path, [BenchmarkRecord("t.py::test_a", _launches(0.0))], complete=False)
    assert "of a gate that was cut off" in gate(tmp_path, "--replay", str(path)).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "against what? Name a revision (--base origin/main)"),
        (("--base", "main", "--base-python", "python3"), "two different questions"),
        (("--self-test",), "add --budget"),
        (("--self-test", "--budget", "soon"), "a time such as 90s, 10min or 1h"),
        (("--replay", "nothing.json"), "can't read nothing.json"),
        ((*SIDES, "--", "--no-such-option"), "--no-such-option"),
        ((*SIDES, "no_such_folder"), "no_such_folder"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(arguments: Sequence[str], said: str, hurried: Path) -> None:
    """Exit status 2, one message, no traceback."""
    done = gate(hurried, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals can't be sent to one process there")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_a_gate_that_is_told_to_stop_leaves_its_data_and_nothing_running(
    number: signal.Signals, status: int, hurried: Path
) -> None:
    """Ctrl-C, or a job that is cancelled: what the finished launches measured is on disk, marked as incomplete."""
    (hurried / "pyproject.toml").write_text(HURRIED.replace("0.1", "600").replace("screen_launches = 2", ""))
    command = [sys.executable, "-m", "timetrial.cli", "gate", *SIDES]
    stored = hurried / "results" / "gate"
    with subprocess.Popen(command, cwd=hurried, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: any(_launches_in(stored)) or process.poll() is not None, within_s=60)
        assert process.poll() is None, "the gate ended before it was told to"
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        process.wait(30)
    assert process.returncode == status
    assert started
    assert not psutil.wait_procs(started, timeout=10)[1]
    (file,) = stored.glob("*.json")
    assert not read_gate(file).complete
    assert read_gate(file).records[0].launches


def _launches_in(folder: Path) -> list[int]:
    """How many launches the files of gates hold, by benchmark."""
    return [len(record.launches) for file in folder.glob("*.json") for record in read_gate(file).records]


def test_a_self_test_says_what_the_gate_is_worth_here(hurried: Path) -> None:
    """At least one gate of each kind, however short the time."""
    done = gate(hurried, "--self-test", "--budget", "1s")
    assert done.returncode == 0, done.stderr
    assert "2 gates: 1 of identical sides, 1 with slowdowns injected" in done.stdout
    assert "gate 2 of the self-test: with slowdowns injected" in done.stderr
