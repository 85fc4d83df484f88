"""What a side does that no honest one does ends the gate, or leaves the benchmark open; it never counts as fast."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.system.gate.conftest import QUICK, Measure
from tests.system.gate.projects import linked_policy, new_project
from timetrial.errors import GateError
from timetrial.gate.plan import GatePlan
from timetrial.gate.run import run_gate
from timetrial.gate.sides import environments
from timetrial.gate.sides.make import sides_of_ref

SUITE = """
    def add_up():
        return sum(range(200_000))

    def test_sum(benchmark):
        benchmark(add_up)
"""
Project = Callable[..., Path]


def with_conftest(project: Project, name: str, conftest: str) -> Path:
    """A project whose conftest.py does something."""
    root = project(name, suite=SUITE)
    (root / "conftest.py").write_text(conftest)
    return root


JOIN = """
import json, os, socket
host, port, token, side = os.environ.get("TIMETRIAL_GATE", "- 0 - -").split()
def join():
    connection = socket.create_connection((host, int(port)))
    connection.sendall(json.dumps({"kind": "join", "token": token, "side": side, "protocol": 2}).encode() + b"\\n")
    return connection
"""


@pytest.mark.parametrize("when", ["joined = join()", "def pytest_runtest_teardown(): join()"], ids=["first", "last"])
def test_a_second_process_of_a_side_ends_the_gate(when: str, project: Project, measure: Measure) -> None:
    """Whether it is quicker than the side itself, or comes when all is measured."""
    with pytest.raises(GateError, match="a second process joins as the candidate side"):
        measure(project("base", suite=SUITE), with_conftest(project, "cand", f"{JOIN}\n{when}\n"))


def test_a_side_cannot_join_as_the_other(project: Project, measure: Measure) -> None:
    """Each has a token of its own."""
    script = """
import os
if "TIMETRIAL_GATE" in os.environ:
    os.environ["TIMETRIAL_GATE"] = os.environ["TIMETRIAL_GATE"].replace("candidate", "base")
"""
    with pytest.raises(GateError, match="a process of the candidate side joins as 'base'"):
        measure(project("base", suite=SUITE), with_conftest(project, "cand", script))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("s * 30", "a round took .* s by its clock"),
        ("s / 30", "its rounds took .* s by the gate's clock, and .* s by its own"),
    ],
    ids=["far too long", "far too short"],
)
def test_seconds_that_nobody_waited_are_no_measurement(
    what: str, said: str, project: Project, measure: Measure
) -> None:
    """A changed clock, or whatever else makes a side say what can't be."""
    script = f"""
from timetrial.gate.lockstep.channel import Channel
tell = Channel.send
def send(self, **message):
    if "s" in message:
        s = message["s"]
        message["s"] = {what}
    tell(self, **message)
Channel.send = send
"""
    found = measure(project("base", suite=SUITE), with_conftest(project, "cand", script))
    trouble = found["test_sum"].trouble
    assert trouble is not None
    assert (trouble.kind, trouble.side) == ("failed", "candidate")
    assert re.search(said, trouble.reason)
    assert found["test_sum"].launches == []


def test_a_launch_in_which_the_other_side_was_edited_does_not_count(project: Project, measure: Measure) -> None:
    """The gate ends, and says which file it was."""
    base = project("base", suite=SUITE)
    script = f"import pathlib\nother = pathlib.Path({str(base / 'test_suite.py')!r})\n"
    script += "other.write_text(other.read_text().replace('200_000', '400_000'))\n"
    kept: list[int] = []
    with pytest.raises(
        GateError, match=r"(?s)files changed while the gate measured.*the base side: changed: .*base/test_suite\.py"
    ):
        measure(
            base,
            with_conftest(project, "cand", script),
            on_launch=lambda records: kept.append(sum(len(each.launches) for each in records)),
        )
    assert kept == [0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to whom asks for them")
def test_what_leaves_its_group_is_ended_and_named_once(project: Project, measure: Measure) -> None:
    """Although two launches start it."""
    script = """
import os, pathlib, subprocess
started = subprocess.Popen(["sleep", "77"], start_new_session=True)
with pathlib.Path(__file__).with_name("pids").open("a") as file:
    file.write(f"{started.pid}\\n")
"""
    said: list[str] = []
    root = with_conftest(project, "cand", script)
    measure(project("base", suite=SUITE), root, policy=replace(QUICK, budget_s=90.0), say=said.append)
    (ended,) = [line for line in said if line.startswith("ended ")]
    assert ended.startswith("ended sleep 77, which a side left running")
    pids = [int(line) for line in (root / "pids").read_text().split()]
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


CLOCK = """
import time
real = time.perf_counter
def a_tenth():
    return real() / 10
"""
IN_THE_MODULE = "time.perf_counter = a_tenth\n"
IN_A_FIXTURE = """
import pytest
@pytest.fixture(autouse=True)
def slow_clock(monkeypatch):
    monkeypatch.setattr(time, "perf_counter", a_tenth)
"""
IN_TIMETRIAL = "from timetrial.system.clocks import clocks\nclocks.perf_counter = a_tenth\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (IN_THE_MODULE, "its timer is perf_counter on the base side and a_tenth on the other"),
        (IN_TIMETRIAL, "its rounds took .* s by the gate's clock, and .* s by its own"),
    ],
    ids=["python's", "timetrial's"],
)
def test_a_clock_that_shows_a_tenth_of_the_time_is_no_measurement(
    change: str, said: str, project: Project, measure: Measure
) -> None:
    """A conftest.py that puts its own in the place of Python's, and one that reaches further."""
    found = measure(project("base", suite=SUITE), with_conftest(project, "cand", CLOCK + change))
    trouble = found["test_sum"].trouble
    assert trouble is not None
    assert re.search(said, trouble.reason)


def test_a_clock_that_a_fixture_replaces_is_not_the_one_that_rounds_are_timed_by(
    project: Project, measure: Measure
) -> None:
    """It is for what the test looks at; the same work takes the same time on both sides."""
    found = measure(project("base", suite=SUITE), with_conftest(project, "cand", CLOCK + IN_A_FIXTURE))
    launch = found["test_sum"].launches[0]
    assert sum(launch.candidate_s) > sum(launch.base_s) / 3


def test_a_file_that_a_side_puts_into_the_other_s_worktree_ends_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conftest.py that the base's commit has not; also where the candidate writes one of that name for itself."""
    monkeypatch.setattr(environments.Installer, "needs_pip", False)
    made = new_project(tmp_path / "project")
    made.git("tag", "first")
    made.write(
        "tests/conftest.py",
        """
import pathlib
here = pathlib.Path(__file__).resolve().parent
if here.parts[-3] == "cand":
    for side, what in (("base", "raise SystemExit"), ("cand", "")):
        place = here.parents[2] / side / here.parent.name / "conftest.py"
        place.write_text(what)
""",
    )
    made.commit("The second")
    with (
        sides_of_ref(made.top, "first", linked_policy(tmp_path), lambda _line: None) as (base, candidate),
        pytest.raises(GateError, match=r"(?s)files changed while the gate measured.*base side: new: .*/conftest\.py"),
    ):
        run_gate(GatePlan(base, candidate, QUICK))
