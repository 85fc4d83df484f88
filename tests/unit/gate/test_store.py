"""A gate's raw data come back from their file as they were, or the file is named as unusable."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from timetrial import cli
from timetrial.errors import GateError, ResultsError
from timetrial.gate.allotment import Allotment, Pace
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SameCode, SideName, Trouble
from timetrial.gate.store import GateFile, read_gate

LAUNCH = LaunchPair(Phase.SCREEN, (0.01, 0.011), (0.012, 0.0125), (True, False), 3, (1,))
RECORDS = [
    BenchmarkRecord("test_a.py::test_a", [LAUNCH, replace(LAUNCH, phase=Phase.CONFIRM, cpus=())]),
    BenchmarkRecord("test_a.py::test_b", trouble=Trouble("missing", SideName.CANDIDATE, "deleted")),
    BenchmarkRecord("test_a.py::test_c", trouble=Trouble("skipped", None, "no library")),
    BenchmarkRecord(
        "test_a.py::test_d", same_code=SameCode("0" * 24, 3, 1, 40, ("{files}/a.csv",), ("TZ",), drawn=True)
    ),
]
POLICY = GatePolicy(margin=0.02, may_be_missing=("test_old*",))


@pytest.fixture
def file(tmp_path: Path) -> GateFile:
    """A gate's file in a folder that isn't there yet."""
    return GateFile(tmp_path / "results" / "gate", POLICY, {"kind": "gate", "seed": 7})


def test_what_was_written_is_read(file: GateFile) -> None:
    """Policy, records and all that was told about the gate, to the last bit."""
    file.write(RECORDS, complete=True)
    stored = read_gate(file.path)
    assert stored.records == RECORDS
    assert stored.policy == POLICY
    assert stored.about == {"kind": "gate", "seed": 7}
    assert stored.complete
    assert stored.seconds >= 0


def test_what_a_budget_made_of_the_policy_is_what_it_is_judged_by_and_what_was_asked_for_is_kept(
    file: GateFile,
) -> None:
    """With the line that says why; gates of one suite are told apart by what was asked for."""
    shorter = replace(POLICY, detect=0.12, confirm_launches=20)
    file.note_allotment(Allotment(Pace(), shorter, ("too little time",)))
    file.write([BenchmarkRecord("test_a.py::test_a", [replace(LAUNCH, number=4)])])
    stored = read_gate(file.path)
    assert (stored.policy, stored.asked) == (shorter, POLICY)
    assert stored.notes == ["too little time"]
    assert stored.records[0].launches[0].number == 4


def test_files_of_the_first_version_are_read(file: GateFile) -> None:
    """Their launches have no numbers."""
    file.write(RECORDS, complete=True)
    content = json.loads(file.path.read_bytes())
    content["timetrial_gate"]["schema_version"] = 1
    for launch in content["timetrial_gate"]["benchmarks"][0]["launches"]:
        del launch["number"]
    file.path.write_text(json.dumps(content))
    assert read_gate(file.path).records == RECORDS


def test_each_launch_replaces_the_file_and_leaves_no_other(file: GateFile) -> None:
    """A gate that is cut off keeps what it has measured, marked as incomplete."""
    file.write(RECORDS[:1])
    file.write(RECORDS)
    assert [each.name for each in file.path.parent.iterdir()] == [file.path.name]
    stored = read_gate(file.path)
    assert stored.records == RECORDS
    assert not stored.complete


def _spoil(content: dict[str, Any], how: str) -> bytes:
    gate = content["timetrial_gate"]
    if how == "cut off":
        return json.dumps(content).encode()[:-40]
    if how == "newer":
        gate["schema_version"] = 99
    elif how == "half a launch":
        del gate["benchmarks"][0]["launches"][0]["base_s"]
    elif how == "something else":
        return b'{"benchmarks": []}'
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("cut off", "is not JSON"),
        ("newer", "has version 99 of the gate's schema"),
        ("half a launch", "is not whole (KeyError: 'base_s')"),
        ("something else", "is no gate's file"),
    ],
)
def test_a_file_that_is_not_whole_is_named(how: str, said: str, file: GateFile) -> None:
    """Never a guess at what it held."""
    file.write(RECORDS, complete=True)
    file.path.write_bytes(_spoil(json.loads(file.path.read_bytes()), how))
    with pytest.raises(ResultsError) as caught:
        read_gate(file.path)
    assert str(caught.value).startswith(str(file.path))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (("seconds",), "long", "timetrial_gate.seconds is no number"),
        (("seconds",), [1], "timetrial_gate.seconds is no number"),
        (("complete",), None, "timetrial_gate.complete is no true or false"),
        (("about",), 3, "timetrial_gate.about is no object"),
        (("benchmarks", 0, "name"), 3, "timetrial_gate.benchmarks[0].name is no text"),
        (("benchmarks", 0, "launches", 1, "base_s"), [None], "launches[1].base_s is no list of seconds"),
        (("benchmarks", 0, "launches", 1, "candidate_s"), ["1"], "launches[1].candidate_s is no list of seconds"),
        (("benchmarks", 0, "launches", 0, "executions_per_round"), 0, "is no whole number from 1 on"),
        (("benchmarks", 1, "trouble"), "none", "timetrial_gate.benchmarks[1].trouble is no object"),
        (("benchmarks", 0, "launches", 0, "executions_per_round"), 10**400, "is no whole number from 1 on"),
        (("benchmarks", 0, "launches", 0, "base_s"), [1e308], "launches[0].base_s is no list of seconds"),
        (("benchmarks", 0, "launches", 0, "base_s"), [5e-324], "launches[0].base_s is no list of seconds"),
        (("about", "base"), {"label": 3}, "timetrial_gate.about.base.label is no text"),
        (("policy",), {"margin": 0.5}, "timetrial_gate.policy has no detect"),
        (("benchmarks", 1, "name"), "test_a.py::test_a", "test_a.py::test_a is in it 2 times"),
    ],
)
def test_a_part_of_the_wrong_kind_is_named(
    where: Sequence[Any], value: Any, said: str, file: GateFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """A replay ends with a line and status 2."""
    file.write(RECORDS, complete=True)
    content = json.loads(file.path.read_bytes())
    part = content["timetrial_gate"]
    for step in where[:-1]:
        part = part[step]
    part[where[-1]] = value
    file.path.write_text(json.dumps(content), encoding="utf-8")
    assert cli.main(["gate", "--replay", str(file.path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"timetrial gate: {file.path} is not whole (")
    assert said in line


@pytest.mark.parametrize(
    ("setting", "value"), [("alpha", 1e-320), ("confirm_launches", 10**7), ("detect", 1e300), ("budget_s", 1e308)]
)
def test_a_policy_out_of_range_is_refused_in_a_file_too(setting: str, value: float, file: GateFile) -> None:
    """Judging by it would not end."""
    file.write(RECORDS, complete=True)
    content = json.loads(file.path.read_bytes())
    content["timetrial_gate"]["policy"][setting] = value
    file.path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(GateError, match=f"{file.path.name}: .*{setting}"):
        read_gate(file.path)


def test_more_launches_than_the_policy_has_are_refused(file: GateFile) -> None:
    """No gate makes them, and to count how they can have come about would take for ever."""
    record = BenchmarkRecord("t.py::test_many", [LAUNCH] * (POLICY.screen_launches + 1))
    file.write([record], complete=True)
    with pytest.raises(ResultsError, match="test_many has more launches than screen_launches, 7"):
        read_gate(file.path)


def test_a_benchmark_that_is_new_and_was_measured_is_refused(file: GateFile) -> None:
    """New ones pass, whatever their rounds say."""
    file.write([BenchmarkRecord("t.py::test_x", [LAUNCH], Trouble("new", SideName.BASE, "it says"))], complete=True)
    with pytest.raises(ResultsError, match="test_x is new, and has launches all the same"):
        read_gate(file.path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the system's own reason."""
    with pytest.raises(ResultsError, match=r"can't read .*nothing.json: No such file"):
        read_gate(tmp_path / "nothing.json")


def test_a_full_disk_is_told_with_what_to_do(file: GateFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was written before is still there."""
    file.write(RECORDS[:1])
    before = file.path.read_bytes()

    def full(*_given: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("timetrial.gate.store.replace_file", full)
    with pytest.raises(GateError, match=r"No space left on device; make room .* --results=DIR"):
        file.write(RECORDS)
    assert file.path.read_bytes() == before
