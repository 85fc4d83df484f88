"""One gate on several machines: each benchmark on one of them, and verdicts as if one had measured all."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from timetrial import cli
from timetrial.environment.identity import NO_FAIR_BASELINE, PythonIdentity
from timetrial.errors import GateError, ResultsError
from timetrial.gate.allotment import Allotment, Pace
from timetrial.gate.expected_times import expected_times, launch_s
from timetrial.gate.families import judge_families
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SideName, Trouble
from timetrial.gate.shards import Shard, merged, shard_of
from timetrial.gate.store import About, GateFile, StoredGate, read_gate
from timetrial.gate.verdicts import judge

POLICY = GatePolicy(confirm_launches=20)
NAMES = [f"t.py::test_{test}[{each}]" for test in "abcdef" for each in range(4 + ord(test) % 3)] + ["t.py::test_alone"]


def measured() -> list[BenchmarkRecord]:
    """One of each kind of verdict: a whole test slower, one benchmark slower, one missing, the others quiet."""
    rng = random.Random(4)
    return [_record(name, rng) for name in NAMES]


def _record(name: str, rng: random.Random) -> BenchmarkRecord:
    record = BenchmarkRecord(name)
    if name == "t.py::test_c[1]":
        record.trouble = Trouble("missing", SideName.CANDIDATE, "deleted")
        return record
    slow = "test_b" in name or name == "t.py::test_alone"
    for number in range(1, 24 if slow else 8):
        phase = Phase.SCREEN if number <= 7 else Phase.CONFIRM
        ratio = math.exp(rng.gauss(0.06 if slow else 0.0, 0.008))
        record.launches.append(LaunchPair(phase, (0.01,), (0.01 * ratio,), (False,), number=number))
    return record


@pytest.fixture
def about() -> About:
    """Two revisions that were compared."""
    sides = {each: {"label": each, "python": "python", "revision": 20 * each[0]} for each in ("base", "candidate")}
    return About(base=sides["base"], candidate=sides["candidate"], kind="gate", selection=[])  # type: ignore[typeddict-item]


def test_shards_are_dealt_by_what_benchmarks_took(tmp_path: Path, about: About) -> None:
    """In an earlier gate's file, set-up and all: one that takes as long as all others has a shard for itself."""
    records = [BenchmarkRecord(f"t.py::test_{letter}") for letter in "abcdefghijk"]
    for record in records:
        took_s = 6.0 if record.name.endswith("_f") else 0.5
        for each in (took_s, took_s, 90.0):
            record.launches.append(LaunchPair(Phase.SCREEN, (0.01,), (0.01,), (False,), took_s=each))
    file = GateFile(tmp_path, POLICY, about)
    file.write(records, complete=True)
    times = expected_times(file.path)
    assert times["t.py::test_f"] == 12 * times["t.py::test_a"] == 6.0
    names = [each.name for each in records]
    one, other = (Shard(number, 2, times).share([*names, "t.py::test_new"]) for number in (1, 2))
    assert one == ["t.py::test_f"]
    assert len(other) == 11
    assert len(Shard(1, 2).share(names)) == 6


def test_times_come_from_a_run_of_pytest_benchmark_too(tmp_path: Path) -> None:
    """Rounds of a gate are of one length, so that only executions which are longer than a round make a difference."""
    content = {"benchmarks": [{"fullname": f"t.py::test_{s}", "stats": {"median": s}} for s in (1e-6, 1e-3, 1.0)]}
    file = tmp_path / "run.json"
    file.write_text(json.dumps(content))
    assert expected_times(file) == {f"t.py::test_{s}": launch_s(s) for s in (1e-6, 1e-3, 1.0)}
    assert launch_s(1e-6) == launch_s(1e-3) < 1 < 16 < launch_s(1.0)
    others: list[dict[str, object]] = [{"benchmarks": []}, {"other": 1}]
    for wrong in others:
        file.write_text(json.dumps(wrong))
        with pytest.raises(ResultsError, match=r"run\.json"):
            expected_times(file)


def stored(
    folder: Path, about: About, records: Sequence[BenchmarkRecord], shard: Shard, policy: GatePolicy = POLICY
) -> StoredGate:
    """The file of a shard, with the records that are its own."""
    mine = set(shard.share([each.name for each in records]))
    file = GateFile(folder, policy, {**about, "shard": [shard.number, shard.of]})
    file.note_allotment(Allotment(Pace(), shard.policy(policy)))
    file.write([each for each in records if each.name in mine], complete=True)
    return read_gate(file.path)


@pytest.mark.parametrize("of", [1, 2, 3, 5, 40])
def test_every_benchmark_is_in_one_shard_and_variants_of_a_test_in_the_same(of: int) -> None:
    """The same division wherever the names are the same, in whatever order."""
    shares = [Shard(number, of).share(NAMES) for number in range(1, of + 1)]
    assert sorted(name for share in shares for name in share) == sorted(NAMES)
    tests = [{name.partition("[")[0] for name in share} for share in shares]
    assert sum(map(len, tests)) == len(set.union(*tests))
    assert sorted(Shard(of, of).share(NAMES[::-1])) == sorted(shares[-1])
    if of <= 3:
        assert max(map(len, shares)) - min(map(len, shares)) <= 6


@pytest.mark.parametrize("of", [2, 3])
def test_merged_shards_have_the_verdicts_of_one_gate_to_the_last_digit(tmp_path: Path, about: About, of: int) -> None:
    """Replayed from the same raw pairs, by the same alpha."""
    records = measured()
    gates = [stored(tmp_path, about, records, Shard(number, of)) for number in range(of, 0, -1)]
    whole = merged(gates)
    assert whole.policy == POLICY
    one, other = judge(records, POLICY), judge(whole.records, whole.policy)
    assert {each.benchmark: each for each in one} == {each.benchmark: each for each in other}
    assert {each.verdict for each in one} == {"regressed", "unchanged", "inconclusive"}
    assert judge_families(records, POLICY) == judge_families(whole.records, whole.policy) != []


def test_the_command_merges_and_keeps_a_gate_that_can_be_replayed(
    tmp_path: Path, about: About, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the same words."""
    monkeypatch.chdir(tmp_path)
    gates = [stored(tmp_path / "shards", about, measured(), Shard(number, 2)) for number in (1, 2)]
    files = [str(each.path) for each in gates]
    assert cli.main(["gate", "--merge", *files]) == 1
    said = capsys.readouterr().out.splitlines()[-1]
    (whole,) = (tmp_path / "results" / "gate").iterdir()
    assert cli.main(["gate", "--replay", str(whole)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == said
    assert said.startswith("FAIL: ")
    assert cli.main(["gate", "--merge", *files, "--seed", "1"]) == 2
    assert "--merge and --seed don't go together: the shards are judged as they were" in capsys.readouterr().err


def test_shards_of_two_pythons_are_never_merged(tmp_path: Path, about: About) -> None:
    """A gate's effects are one Python's; a side that is no fair baseline is told beside the verdicts."""

    def shard(number: int, python: PythonIdentity) -> StoredGate:
        file = GateFile(tmp_path, POLICY, {**about, "base": {**about["base"]}, "shard": [number, 2]})
        file.note_python(SideName.BASE, python.as_dict())
        file.write(measured()[number::2], complete=True)
        return read_gate(file.path)

    locked = PythonIdentity("cpython", "3.14.0", free_threaded=True, gil=True)
    gates = [shard(1, locked), shard(2, replace(locked, gil=False))]
    with pytest.raises(ResultsError, match=r"the base's Python differs .*3.14.0t with the GIL"):
        merged(gates)
    assert gates[0].python_lines() == [f"the base's {locked} is {NO_FAIR_BASELINE}"]
    assert gates[1].python_lines() == []


def test_what_would_leave_benchmarks_out_is_refused(tmp_path: Path, about: About) -> None:
    """A share that is missing, twice there, cut off, or of another gate."""
    records = measured()
    one, two, three = (stored(tmp_path, about, records, Shard(number, 3)) for number in (1, 2, 3))
    other = stored(tmp_path, {**about, "selection": ["-k", "x"]}, records, Shard(3, 3))
    strict = stored(tmp_path, about, records, Shard(3, 3), replace(POLICY, margin=0.02))
    for gate in (one, two, three):
        gate.about["dealt"] = "these"  # type: ignore[index]
    unlike = replace(three, about={**three.about, "dealt": "others"})
    for gates, said in (
        ([one, two, unlike], "what the benchmarks were dealt by differs"),
        ([one, three], "shard 2/3 is missing"),
        ([one, two, two, three], "shard 2/3 is there twice"),
        ([one, two, replace(three, complete=False)], "shard 3/3, is of a gate that was cut off"),
        ([one, two, other], "the selection of tests differs"),
        ([one, two, strict], "the policy differs"),
        ([one, two, replace(three, about={**about})], "is of no shard"),
        ([], "nothing to merge"),
    ):
        with pytest.raises(ResultsError, match=said):
            merged(gates)


@pytest.mark.parametrize("text", ["0/5", "6/5", "2", "2/", "a/b", "1/100000"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(GateError, match="the second of five machines is 2/5"):
        shard_of(text)
