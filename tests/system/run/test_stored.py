"""What a run leaves behind is read by everything that reads results."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.run.conftest import Run, run_in

_NAP = "import time\ndef f(n):\n    time.sleep(0.005)\n    return n"
_OPTIONS = ("--models", "serial,threads", "--concurrency", "2,8", "--results", "stored")


def _timetrial(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "timetrial.cli", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, with its answer and its results in it."""
    folder = tmp_path_factory.mktemp("stored")
    assert run_in(folder, _NAP, *_OPTIONS, budget_s=3).status == 0
    return folder


@pytest.fixture
def stored(ran: Path, tmp_path: Path) -> Path:
    """The file of the run, which each test gets to itself, as the only one in its folder."""
    shutil.copytree(ran, tmp_path, dirs_exist_ok=True)
    (file,) = tmp_path.joinpath("stored").glob("*.json")
    return file


def test_advice_from_the_file_is_that_of_the_run(stored: Path, tmp_path: Path) -> None:
    """Its rounds keep their turns, so that they are compared in pairs again."""
    told = _timetrial(tmp_path, "advise", "stored")
    assert told.returncode == 0, told.stderr
    assert "f (jobs.py::f): " in told.stdout
    assert "Use threads, 8 at once: " in told.stdout
    found = json.loads(_timetrial(tmp_path, "advise", str(stored), "--json").stdout)
    (workload,) = found["workloads"]
    answer = json.loads(tmp_path.joinpath("answer.json").read_text())["answer"]
    assert workload["answer"]["speedup_interval"] == pytest.approx(answer["speedup_interval"])


def test_curves_history_and_the_gate_read_the_file(stored: Path, tmp_path: Path) -> None:
    """Each says something of it, and none complains."""
    curves = _timetrial(tmp_path, "curves", str(stored))
    assert "f over concurrency" in curves.stdout
    history = _timetrial(tmp_path, "history", "stored")
    assert history.returncode == 0, history.stderr
    assert "jobs.py::f[threads-8]" in history.stdout
    gate = _timetrial(tmp_path, "gate", str(stored), str(stored))
    assert gate.returncode in (0, 3), gate.stdout + gate.stderr


def test_a_broken_file_is_named_and_the_others_are_read(stored: Path, tmp_path: Path) -> None:
    """With exit status 1, as for a history."""
    stored.with_name("0000_broken.json").write_text("[1,")
    told = _timetrial(tmp_path, "advise", "stored")
    assert told.returncode == 1
    assert "left out: " in told.stderr
    assert "Use threads" in told.stdout


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    """And what would make some is said."""
    told = _timetrial(tmp_path, "advise", str(tmp_path))
    assert told.returncode == 2
    assert "holds no files of results" in told.stderr


def test_the_written_test_is_never_written_over(run: Run, tmp_path: Path) -> None:
    """The one that is there stays, and nothing is measured for nothing."""
    tmp_path.joinpath("test_speed.py").write_text("mine")
    ran = run(_NAP, "--write-test", "test_speed.py")
    assert ran.status == 2
    assert "is there already, and is never overwritten" in ran.complaint
    assert tmp_path.joinpath("test_speed.py").read_text() == "mine"


def test_help_is_quick() -> None:
    """Nothing is imported for it but the parser: 150 ms on a quiet machine, of which Python itself takes 20."""
    code = "import resource, runpy, sys; sys.argv = ['timetrial', 'run', '--help']\n"
    code += "try: runpy.run_module('timetrial.cli', run_name='__main__')\n"
    code += "except SystemExit: pass\n"
    code += "used = resource.getrusage(resource.RUSAGE_SELF)\nprint(used.ru_utime + used.ru_stime, file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "usage: timetrial run" in ended.stdout
    assert float(ended.stderr.strip().splitlines()[-1]) < 0.15
