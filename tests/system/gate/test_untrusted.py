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
from timetrial.errors import GateError

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
    assert [line for line in said if line.startswith("ended sleep 77, which a side left running")] == said
    assert len(said) == 1
    pids = [int(line) for line in (root / "pids").read_text().split()]
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
