"""Stored runs against each other: ratios decide, launches are the noise floor, and nothing is guessed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gate.stored.stored_files import ENVIRONMENT, content, launches, voided, write
from timetrial import cli
from timetrial.errors import GateError, ResultsError
from timetrial.gate.findings import Finding, Verdict, exit_code
from timetrial.gate.policy import GatePolicy
from timetrial.gate.stored.baseline import accept, name_for, read_baseline
from timetrial.gate.stored.compare import compare_files, compare_runs
from timetrial.gate.stored.run import StoredRun

SERIAL, THREADS = "t.py::test_x[serial]", "t.py::test_x[threads]"
POLICY = GatePolicy(may_be_missing=(SERIAL,))


def compared(base: dict[str, Any], candidate: dict[str, Any], policy: GatePolicy = POLICY) -> dict[str, Finding]:
    """The findings by benchmark."""
    found = compare_runs(StoredRun("base.json", base), StoredRun("new.json", candidate), policy)
    return {each.benchmark: each for each in found}


def verdict(base: dict[str, Any], candidate: dict[str, Any], policy: GatePolicy = POLICY) -> Verdict:
    """That on the threads."""
    return compared(base, candidate, policy)[THREADS].verdict


def test_the_same_ratio_on_a_machine_in_another_mood_is_unchanged() -> None:
    """Although seconds differ by up to a half from launch to launch."""
    found = compared(content(launches(0.5, seed=1)), content(launches(0.5, seed=2)))
    assert found[THREADS].verdict is Verdict.UNCHANGED
    assert found[THREADS].launches == 10
    assert exit_code(list(found.values())) == 0


@pytest.mark.parametrize(("factor", "expected"), [(1.25, Verdict.REGRESSED), (0.8, Verdict.IMPROVED)])
def test_a_ratio_beyond_the_noise_floor_is_called(factor: float, expected: Verdict) -> None:
    """In either direction, with its size."""
    found = compared(content(launches(0.5, seed=1)), content(launches(0.5 * factor, seed=2)))[THREADS]
    assert found.verdict is expected
    assert found.effect == pytest.approx(factor - 1, abs=0.02)
    assert found.against == SERIAL


def test_swapping_the_files_swaps_the_verdicts() -> None:
    """Whoever is called the base has no advantage."""
    one, other = content(launches(0.5, seed=1)), content(launches(0.7, seed=2))
    assert (verdict(one, other), verdict(other, one)) == (Verdict.REGRESSED, Verdict.IMPROVED)


def test_a_change_that_launches_of_one_side_show_among_themselves_is_not_called() -> None:
    """5 % slower where launches scatter by 10 %."""
    base, candidate = content(launches(0.5, scatter=0.1, seed=1)), content(launches(0.525, scatter=0.1, seed=2))
    found = compared(base, candidate)[THREADS]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "noise floor" in (found.reason or "")


def test_what_a_session_s_mood_could_hide_is_not_called_unchanged() -> None:
    """Its interval lies within 5 %, but launches that scatter by 3 % leave a mood of 6 % open; both ways round."""
    one, other = (content(launches(0.5, count=40, scatter=0.03, seed=seed)) for seed in (1, 2))
    for found in (compared(one, other)[THREADS], compared(other, one)[THREADS]):
        assert found.low is not None
        assert found.high is not None
        assert -0.04 < found.low < found.high < 0.04
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "a change of 5.0% could hide between two sessions" in (found.reason or "")
    assert verdict(one, other, replace(POLICY, detect=0.1)) is Verdict.UNCHANGED


def test_one_launch_a_side_asserts_nothing_and_says_what_would() -> None:
    """However large the difference looks."""
    found = compared(content(launches(0.5, count=1)), content(launches(5.0, count=1)))[THREADS]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "timetrial measure --launches 10" in (found.reason or "")


def test_one_launch_against_ten_can_be_called_only_far_beyond_them() -> None:
    """Twice as slow is called; the same code is not."""
    base = content(launches(0.5, seed=1))
    assert verdict(base, content(launches(1.0, count=1, seed=2))) is Verdict.REGRESSED
    assert verdict(base, content(launches(0.5, count=1, seed=2))) is not Verdict.REGRESSED


def test_serial_itself_has_no_reference_and_is_left_open_with_the_fix() -> None:
    """Unless the policy names it."""
    same = content(launches(0.5))
    found = compared(same, same, GatePolicy())[SERIAL]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "trial_reference" in (found.reason or "")
    assert "name it in may_be_missing" in (found.reason or "")
    assert compared(same, same)[SERIAL].verdict is Verdict.EXCUSED


def test_a_reference_that_was_not_measured_leaves_it_open() -> None:
    """It is named."""
    base = content(launches(0.5))
    candidate = content([{THREADS: each[THREADS]} for each in launches(0.5)])
    found = compared(base, candidate)[THREADS]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"{SERIAL}, was not measured with it in new.json" in (found.reason or "")


def test_a_missing_benchmark_is_no_pass_and_a_new_one_is_told() -> None:
    """It fails closed."""
    both, fewer = content(launches(0.5)), content([{SERIAL: each[SERIAL]} for each in launches(0.5)])
    assert compared(both, fewer)[THREADS].verdict is Verdict.INCONCLUSIVE
    assert "not in new.json (if that is meant, name it in may_be_missing" in (
        compared(both, fewer)[THREADS].reason or ""
    )
    assert compared(fewer, both)[THREADS].verdict is Verdict.NEW
    assert verdict(both, fewer, GatePolicy(may_be_missing=("*",))) is Verdict.EXCUSED


@pytest.mark.parametrize("kind", ["void", "failed"])
def test_what_went_wrong_in_any_launch_keeps_a_benchmark_from_passing(kind: str) -> None:
    """Although other launches measured it."""
    troubled = content(launches(0.5), troubles=[{"benchmark": THREADS, "kind": kind, "reason": "odd", "launch": 3}])
    found = compared(content(launches(0.5)), troubled)[THREADS]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert kind in (found.reason or "")
    assert "odd" in (found.reason or "")


@pytest.mark.parametrize("kind", ["void", "failed"])
def test_a_skip_in_the_first_launch_excuses_nothing_that_went_wrong_in_a_later_one(kind: str, tmp_path: Path) -> None:
    """A skip on both sides would be; and such a file can't become a baseline."""
    skip = {"benchmark": "t.py::test_y", "kind": "skipped", "reason": "no server yet", "launch": 1}
    broken = content(launches(0.5), troubles=[skip, {**skip, "kind": kind, "reason": "odd", "launch": 2}])
    found = compared(content(launches(0.5), troubles=[skip]), broken)["t.py::test_y"]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert (found.reason or "").startswith(f"{kind} on the candidate side: odd")
    assert ("may_be_missing" in (found.reason or "")) is (kind == "void")  # what failed can't be excused
    assert compared(broken, broken)["t.py::test_y"].verdict is Verdict.INCONCLUSIVE
    with pytest.raises(ResultsError, match=f"test_y {kind}: odd"):
        read_baseline(write(tmp_path / "broken.json", broken))


def test_launches_that_were_disturbed_are_left_out() -> None:
    """The others decide, and the finding says how many they were."""
    wild = launches(0.5, seed=2)
    for number in (0, 4):
        wild[number][THREADS] = [9.0] * 5
    found = compared(content(launches(0.5, seed=1)), voided(content(wild), THREADS, "disturbed", [0, 4]))[THREADS]
    assert (found.verdict, found.launches) == (Verdict.UNCHANGED, 8)


@pytest.mark.parametrize(
    ("kind", "numbers"), [("server-bound", [3]), ("disturbed", range(10))], ids=["once unfair", "always disturbed"]
)
@pytest.mark.parametrize("name", [THREADS, SERIAL], ids=["its own", "its reference's"])
def test_a_void_is_no_pass(name: str, kind: str, numbers: Sequence[int]) -> None:
    """Neither its own nor its reference's, whatever the seconds say; the reason is told."""
    same = content(launches(0.5))
    found = compared(same, voided(content(launches(0.5)), name, kind, numbers))[THREADS]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"{kind} as planted" in (found.reason or "")


def test_a_plain_run_that_was_void_is_no_pass() -> None:
    """As a candidate of --trial-gate is: its file has no launches apart."""
    run = content(launches(0.5, count=1), figures={"void": [{"kind": "clock", "reason": "too short", "fix": "more"}]})
    del run["timetrial"]["launches"]
    found = compared(content(launches(0.5)), run)[THREADS]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "too short" in (found.reason or "")


def test_another_amount_of_work_is_not_compared() -> None:
    """Three items against four."""
    found = compared(content(launches(0.5)), content(launches(0.5), figures={"items": 4}))[THREADS]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "items 3 against 4" in (found.reason or "")


def test_another_machine_is_refused_unless_that_difference_is_accepted() -> None:
    """The error names both files, the field and the option."""
    other = {**ENVIRONMENT, "cpu": {**ENVIRONMENT["cpu"], "model": "another"}}
    base, candidate = (
        StoredRun("base.json", content(launches(0.5))),
        StoredRun("new.json", content(launches(0.5), environment=other)),
    )
    with pytest.raises(
        GateError, match=r"base\.json and new\.json .*\n.*cpu\.model.*\n.*--accept-difference"
    ) as caught:
        compare_runs(base, candidate, POLICY)
    assert "another processor" in str(caught.value)
    assert compare_runs(base, candidate, POLICY, ["cpu.*"])


@pytest.mark.parametrize("pattern", ["foo.*", "cpu.modle", "gpu"])
def test_a_difference_that_no_field_has_can_t_be_accepted(pattern: str) -> None:
    """A typing error would be believed to count."""
    base, candidate = (StoredRun(name, content(launches(0.5))) for name in ("base.json", "new.json"))
    with pytest.raises(GateError, match=rf"--accept-difference={re.escape(pattern)} is no field of base\.json or new"):
        compare_runs(base, candidate, POLICY, ["cpu.*", pattern])


@pytest.mark.parametrize("pattern", ["cpu.*", "c*", "cpu.quota_cores", "libraries.*", "libraries.httpx", "variables.X"])
def test_a_difference_that_could_be_is_accepted(pattern: str) -> None:
    """Although neither run may have the field: a library that isn't installed yet."""
    same = StoredRun("same.json", content(launches(0.5)))
    assert compare_runs(same, same, POLICY, [pattern])


def test_rounds_taken_in_turn_are_compared_in_pairs() -> None:
    """A mood that lasts a round then touches neither: the rounds' ratios agree, their medians don't."""
    moody = [{SERIAL: [1.0, 2.0, 9.0], THREADS: [9.0 / 2, 0.5, 1.0]}]
    figures = {"interleaved": {"against": "threads"}}
    logs = StoredRun("x", content(moody, figures=figures)).logs(THREADS, SERIAL)
    apart = StoredRun("x", content(moody)).logs(THREADS, SERIAL)
    assert logs != apart


def test_a_run_with_turns_is_told_how_to_be_compared_with_one_without() -> None:
    """Turns are the default, and an older baseline may have none."""
    figures = {"interleaved": {"against": "threads"}}
    without = StoredRun("base.json", content(launches(0.5)))
    taken = StoredRun("new.json", content(launches(0.5), figures=figures))
    reasons = {finding.benchmark: str(finding.reason) for finding in compare_runs(without, taken, POLICY)}
    assert "models in turns False against True; --trial-no-interleave runs models without turns" in reasons[THREADS]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"complete": False}, "cut off"),
        ({"schema_version": 1}, "version 1 of the file's schema"),
        ({"references": 3}, "not whole"),
        ({"launches": [{"seconds": {}}]}, "not whole"),
        ({"launches": [{"seconds": {THREADS: ["x"]}}]}, "not whole .*seconds.* is no list of seconds"),
        ({"launches": [{"seconds": {THREADS: [-1.0]}}]}, "is no list of seconds"),
        ({"launches": [{"seconds": {THREADS: [float("nan")]}}]}, "is no list of seconds"),
        ({"launches": None, "environment": None}, "doesn't say where it ran"),
        ({"environment": []}, "timetrial.environment is no object"),
        ({"environment": {"python": 3}}, "timetrial.environment.python is no object"),
        ({"references": {THREADS: 3}}, "is no text"),
        ({"troubles": [{"kind": "void"}]}, r"troubles\[0\] has no benchmark"),
        ({"gate": "passed"}, "timetrial.gate is no object"),
    ],
)
def test_a_file_that_can_t_be_used_is_named(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    """Partial, older, or broken: never another one in its place."""
    good = write(tmp_path / "good.json", content(launches(0.5)))
    bad = write(tmp_path / "bad.json", content(launches(0.5), **change))
    with pytest.raises(ResultsError, match=rf"bad\.json.*{complaint}"):
        compare_files(good, bad, POLICY)


def test_a_file_that_is_cut_in_the_middle_is_named(tmp_path: Path) -> None:
    """Corrupt JSON."""
    good = write(tmp_path / "good.json", content(launches(0.5)))
    bad = tmp_path / "bad.json"
    bad.write_bytes(good.read_bytes()[:-20])
    with pytest.raises(ResultsError, match=r"bad\.json is not JSON"):
        compare_files(bad, good, POLICY)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("an entry is missing", r"launch 1 has rounds of t\.py::test_x\[threads\], which is not among its benchmarks"),
        ("an entry is there twice", r"test_x\[serial\] is in it 2 times"),
        ("a launch was cut off", "launch 3 was cut off, and the whole is said to be complete"),
        ("a thousand launches", "it has 1000 launches, and at most 100 can be compared"),
        ("no number", r"launches\[0\]\.seconds\[.*\] is no list of seconds"),
        ("a pipe", "is no plain file"),
    ],
)
def test_a_file_that_would_pass_for_what_it_lacks_is_refused(how: str, said: str, tmp_path: Path) -> None:
    """A benchmark that only its launches know would be taken for new, and a new one passes."""
    good = write(tmp_path / "good.json", content(launches(0.5)))
    broken = content(launches(0.5))
    about = broken["timetrial"]
    if how == "an entry is missing":
        broken["benchmarks"] = [each for each in broken["benchmarks"] if "threads" not in each["fullname"]]
    elif how == "an entry is there twice":
        broken["benchmarks"] += [each for each in broken["benchmarks"] if "serial" in each["fullname"]]
    elif how == "a launch was cut off":
        about["launches"][2]["complete"] = False
    elif how == "a thousand launches":
        about["launches"] = about["launches"][:1] * 1000
    elif how == "no number":
        about["launches"][0]["seconds"] = {name: [1e300] for name in about["launches"][0]["seconds"]}
    bad = write(tmp_path / "bad.json", broken)
    if how == "a pipe":
        bad.unlink()
        os.mkfifo(bad)
    for base, candidate in ((bad, good), (good, bad)):
        with pytest.raises(ResultsError, match=said):
            compare_files(base, candidate, POLICY)


def test_a_run_that_failed_its_gate_can_t_be_a_baseline(tmp_path: Path) -> None:
    """Neither accepted nor compared with."""
    mark = {"gate": {"base": "old.json", "exit_code": 1, "verdicts": {}}}
    failed = write(tmp_path / "failed.json", content(launches(0.5), **mark))
    good = write(tmp_path / "good.json", content(launches(0.5)))
    with pytest.raises(ResultsError, match=r"failed\.json failed its gate against old\.json"):
        read_baseline(failed)
    with pytest.raises(ResultsError, match=r"failed\.json failed its gate"):
        compare_files(failed, good, POLICY)
    assert compare_files(good, failed, POLICY)


@pytest.mark.parametrize("report", [(), ("--json", "run.json/gate.json")], ids=["", "its report can't be written"])
def test_a_file_that_fails_timetrial_gate_can_t_be_accepted_any_more(
    report: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is marked as --trial-gate marks one, and nothing else in it changes."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "base.json", content(launches(0.5, seed=1)))
    slow = write(tmp_path / "run.json", content(launches(0.8, seed=2)))
    before = json.loads(slow.read_text())
    assert cli.main(["gate", "base.json", "run.json", *report]) == 1
    assert ("can't write" in capsys.readouterr().err) == bool(report)
    after = json.loads(slow.read_text())
    mark = after["timetrial"].pop("gate")
    assert (mark["base"], mark["exit_code"], mark["verdicts"][THREADS]) == ("base.json", 1, "regressed")
    assert after == before
    assert cli.main(["baseline", "accept", "run.json"]) == 2
    assert "run.json failed its gate against base.json" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="links take a privilege there")
def test_a_link_stays_a_link_to_the_file_that_is_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the file behind it could still be accepted."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "base.json", content(launches(0.5, seed=1)))
    slow, link = write(tmp_path / "run.json", content(launches(0.8, seed=2))), tmp_path / "link.json"
    link.symlink_to(slow)
    assert cli.main(["gate", "base.json", "link.json"]) == 1
    assert link.is_symlink()
    with pytest.raises(ResultsError, match="failed its gate"):
        read_baseline(slow)


def test_a_file_that_passes_timetrial_gate_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "base.json", content(launches(0.5, seed=1)))
    fast = write(tmp_path / "run.json", content(launches(0.4, seed=2)))
    before = fast.read_bytes()
    assert cli.main(["gate", "base.json", "run.json"]) != 1
    assert fast.read_bytes() == before


def test_a_failed_file_that_can_t_be_marked_is_told_and_still_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A regression stays one; the error beside the verdicts says what is at stake."""

    def refuse(path: Path, _content: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("timetrial.gate.stored.baseline.replace_file", refuse)
    write(tmp_path / "base.json", content(launches(0.5, seed=1)))
    write(tmp_path / "run.json", content(launches(0.8, seed=2)))
    assert cli.main(["gate", "base.json", "run.json"]) == 1
    said = capsys.readouterr()
    assert "FAIL: 1 of 2" in said.out
    assert "can't note in run.json that it failed its gate: Permission denied" in said.err


def test_a_run_with_a_void_benchmark_can_t_be_a_baseline(tmp_path: Path) -> None:
    """A skip can: it is the same on both sides."""
    trouble = {"benchmark": "t.py::test_y", "kind": "void", "reason": "results differ", "launch": 1}
    void = write(tmp_path / "void.json", content(launches(0.5), troubles=[trouble]))
    with pytest.raises(ResultsError, match=r"void\.json: t\.py::test_y void: results differ"):
        read_baseline(void)
    unfair = write(tmp_path / "unfair.json", voided(content(launches(0.5)), THREADS, "server-bound", [2]))
    with pytest.raises(ResultsError, match=r"unfair\.json: .*threads\] is void: server-bound as planted"):
        read_baseline(unfair)
    skipped = write(tmp_path / "skip.json", content(launches(0.5), troubles=[{**trouble, "kind": "skipped"}]))
    assert read_baseline(skipped).entries


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"datetime": 5}, "datetime is no text"),
        ({"benchmarks": [{"fullname": THREADS, "extra_info": None}]}, "extra_info is no object"),
        ({"benchmarks": [{"fullname": THREADS, "stats": {"data": ["x"]}}]}, "stats.data is no list of seconds"),
        ({"timetrial": {"schema_version": 2, "environment": "here"}}, "timetrial.environment is no object"),
    ],
)
def test_a_broken_file_is_refused_by_both_commands(
    change: dict[str, Any],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With a line that names it, and status 2."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "good.json", content(launches(0.5)))
    write(tmp_path / "bad.json", {**content(launches(0.5)), **change})
    for words in (["baseline", "accept", "bad.json"], ["gate", "good.json", "bad.json"]):
        assert cli.main(words) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert "bad.json is not whole (" in said
        assert complaint in said


def test_a_run_in_which_no_time_passed_can_t_be_a_baseline(tmp_path: Path) -> None:
    """Nothing can be compared with it."""
    still = [{**each, THREADS: [0.0] * 5} for each in launches(0.5)]
    with pytest.raises(ResultsError, match=r"still\.json: .*threads\]: the clock saw no time pass"):
        read_baseline(write(tmp_path / "still.json", content(still)))


def test_accepting_puts_a_whole_copy_in_its_place(tmp_path: Path) -> None:
    """Named after the Python; the directory is made."""
    source = write(tmp_path / "run.json", content(launches(0.5)))
    to = tmp_path / "baselines" / name_for(read_baseline(source))
    accept(source, to)
    assert to.name == "cpython3.13.json"
    assert json.loads(to.read_text()) == json.loads(source.read_text())
    assert [each.name for each in to.parent.iterdir()] == [to.name]
