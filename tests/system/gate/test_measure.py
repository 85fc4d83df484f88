"""``timetrial measure`` with real launches: kept apart in one file, whatever becomes of it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

POSIX = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
SUITE: Final = """
import os, pathlib, time
import pytest
from timetrial import Workload

LAUNCHES = pathlib.Path("launches.txt")

def double(item):
    return 2 * item

@pytest.mark.workload(Workload("double", task=double), models=["serial", "threads"])
def test_double(trial):
    trial(range(5000), concurrency=2)  # fewer would be too short for the clock, and so void

def test_plain(benchmark):
    LAUNCHES.write_text(LAUNCHES.read_text() + "x" if LAUNCHES.exists() else "x")
    if os.environ.get("FAIL_IN") == str(len(LAUNCHES.read_text())):
        raise RuntimeError("out of order")
    benchmark(double, 3)
"""
SLOW: Final = """
import time

def test_slow(benchmark):
    benchmark.pedantic(time.sleep, args=(0.3,), rounds=3)

def test_slow_too(benchmark):
    benchmark.pedantic(time.sleep, args=(0.3,), rounds=3)
"""
NAMES: Final = {f"test_suite.py::test_{each}" for each in ("double[serial]", "double[threads]", "plain")}


def command(*arguments: str) -> list[str]:
    """The command line, in the Python that runs this."""
    quickly = ("--benchmark-max-time=0.01", "--benchmark-min-rounds=6")
    return [sys.executable, "-m", "timetrial.cli", "measure", "-o", "run.json", *arguments, *quickly]


def measure(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs it to its end on the suite."""
    tmp_path.joinpath("test_suite.py").write_text(SUITE)
    return subprocess.run(
        command(*arguments),
        cwd=tmp_path,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def content(tmp_path: Path) -> Any:
    """What the file holds."""
    return json.loads(tmp_path.joinpath("run.json").read_text())


def test_launches_are_kept_apart_in_a_file_that_pytest_benchmark_reads(tmp_path: Path) -> None:
    """One entry a benchmark, with the rounds of all launches; nothing else is left behind."""
    ended = measure(tmp_path, "--launches=2")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == ["2 launches of 3 benchmarks: run.json"]
    assert "launch 1 of 2" in ended.stderr  # in a log, a line now and then
    about = content(tmp_path)["timetrial"]
    assert [set(each["seconds"]) for each in about["launches"]] == [NAMES, NAMES]
    assert about["complete"] is True
    assert about["references"] == {"test_suite.py::test_double[threads]": "test_suite.py::test_double[serial]"}
    for entry in content(tmp_path)["benchmarks"]:
        apart = [each["seconds"][entry["fullname"]] for each in about["launches"]]
        assert entry["stats"]["data"] == [*apart[0], *apart[1]]
    table = subprocess.run(
        [sys.executable, "-m", "pytest_benchmark", "compare", "run.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "test_double[threads]" in table.stdout
    assert not list(tmp_path.glob(".run.json*"))


def test_models_take_turns_unless_told_otherwise(tmp_path: Path) -> None:
    """What was done is in the file."""
    assert measure(tmp_path, "--launches=1", "-k", "double").returncode == 0
    assert content(tmp_path)["benchmarks"][0]["extra_info"]["timetrial"]["interleaved"]
    assert measure(tmp_path, "--launches=1", "--overwrite", "--no-interleave", "-k", "double").returncode == 0
    assert "interleaved" not in content(tmp_path)["benchmarks"][0]["extra_info"]["timetrial"]


def test_a_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    """Unless that is said."""
    tmp_path.joinpath("run.json").write_text("precious")
    ended = measure(tmp_path, "--launches=1")
    assert ended.returncode == 2
    assert "run.json is there already" in ended.stderr
    assert tmp_path.joinpath("run.json").read_text() == "precious"


def test_a_benchmark_that_fails_in_one_launch_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    """Exit status 1; the file says which launch it was."""
    ended = measure(tmp_path, "--launches=2", FAIL_IN="2")
    assert ended.returncode == 1
    assert "launch 2: failed: test_suite.py::test_plain: out of order" in ended.stderr
    about = content(tmp_path)["timetrial"]
    assert [len(each["seconds"]) for each in about["launches"]] == [3, 2]
    assert [(each["launch"], each["kind"]) for each in about["troubles"]] == [(2, "failed")]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere.py"], "nowhere.py"),
        (["-k", "nothing_like_it"], "deselected"),
        (["--no-such-option"], "no-such-option"),
    ],
)
def test_a_launch_that_breaks_is_told_with_its_last_words(
    tmp_path: Path, arguments: Sequence[str], reason: str
) -> None:
    """Exit status 2, and how to see all of it."""
    ended = measure(tmp_path, *arguments)
    assert ended.returncode == 2
    assert "launch 1 of 10 ended with status" in ended.stderr
    assert reason in ended.stderr
    (line,) = (each for each in ended.stderr.splitlines() if each.startswith("To see all of it, run: "))
    words = shlex.split(line.removeprefix("To see all of it, run: "))
    assert words[:5] == [sys.executable, "-P", "-m", "pytest", "--benchmark-only"]
    assert "trial-results" not in line  # that folder is gone
    again = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode not in (0, 1)
    assert reason in again.stdout + again.stderr
    assert not tmp_path.joinpath("run.json").exists()


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_was_measured_before_an_interruption_is_kept(tmp_path: Path, number: signal.Signals) -> None:
    """Whole and marked incomplete; the launch that ran is gone, and so is its folder."""
    with running(tmp_path) as process:
        launch = second_launch(tmp_path, process)
        process.send_signal(number)
        process.wait(20)
        assert not launch.is_running()
    about = content(tmp_path)["timetrial"]
    assert about["complete"] is False
    assert len(about["launches"][0]["seconds"]) == 2
    assert not list(tmp_path.joinpath("tmp").iterdir())


@POSIX
def test_a_measure_that_is_killed_leaves_a_whole_file_and_no_process(tmp_path: Path) -> None:
    """The launch ends by itself after the benchmark that runs, since nobody listens any more."""
    with running(tmp_path) as process:
        launch = second_launch(tmp_path, process)
        process.kill()
        process.wait(20)
        psutil.wait_procs([launch], timeout=20)
        assert not launch.is_running()
    assert len(content(tmp_path)["timetrial"]["launches"]) == 1


def running(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A measurement of three launches that take two seconds each."""
    tmp_path.joinpath("test_slow.py").write_text(SLOW)
    tmp_path.joinpath("tmp").mkdir()
    return subprocess.Popen(
        command("--launches=3"),
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def second_launch(tmp_path: Path, process: subprocess.Popen[bytes]) -> psutil.Process:
    """Waits until the first launch is in the file and the second has begun to run."""
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        children = psutil.Process(process.pid).children()
        if tmp_path.joinpath("run.json").exists() and children:
            return children[0]
        time.sleep(0.02)  # neither a file nor somebody else's child has an event to wait for
    raise AssertionError("no second launch after 60 s")
