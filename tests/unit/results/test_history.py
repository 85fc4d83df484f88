"""The history of a directory: in order of time, unlike machines apart, and every file accounted for."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("msgspec")
pytest.importorskip("numpy")

from timetrial.commands.history import run
from timetrial.environment.identity import NO_FAIR_BASELINE
from timetrial.report.history import history_lines, sparkline
from timetrial.results.history import read_history

MACHINE: dict[str, Any] = {
    "cpu": {"model": "a processor", "usable_cores": 2, "logical_cores": 4},
    "system": {"name": "Linux", "architecture": "x86_64"},
    "python": {"version": "3.13.1", "implementation": "cpython"},
    "libraries": {"aiohttp": "3.11"},
}


GIL_OFF: dict[str, Any] = {**MACHINE["python"], "free_threaded_build": True, "gil_enabled": False}


def store(directory: Path, number: int, ratio: float, *, mood: float = 1.0, **machine: Any) -> Path:
    """One run of ``t.py::test_x`` under threads and serial, taken at that minute of an hour."""
    medians = {"t.py::test_x[serial]": 0.01 * mood, "t.py::test_x[threads]": 0.01 * mood * ratio}
    content = {
        "datetime": f"2026-11-{1 + number // 60:02}T10:{number % 60:02}:00+00:00",
        "commit_info": {"id": f"{number:04}" * 10, "dirty": False},
        "benchmarks": [{"fullname": name, "stats": {"median": s, "data": [s]}} for name, s in medians.items()],
        "timetrial": {
            "schema_version": 2,
            "environment": {**MACHINE, **machine},
            "references": {"t.py::test_x[threads]": "t.py::test_x[serial]"},
            "complete": True,
        },
    }
    path = directory / f"{999 - number}.json"  # its name says nothing of its time
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_change_of_the_ratio_is_told_with_its_commit(tmp_path: Path) -> None:
    """Although the machine's mood moves seconds by more than that."""
    for number in range(40):
        store(tmp_path, number, 0.5 if number < 25 else 0.55, mood=1 + number % 3 / 5)
    (group,) = read_history(tmp_path).groups
    assert [each.when for each in group.runs] == sorted(each.when for each in group.runs)
    text = "\n".join(history_lines(read_history(tmp_path), 0.02))
    assert "+10.0% from commit 0025002500 (2026-11-01 10:25) on, before it commit 0024002400" in text
    assert "0.55x  t.py::test_x[serial]" in text
    assert "1 of 2 benchmarks changed by 2% or more" in text


def test_what_else_changed_is_told_beside_the_commit(tmp_path: Path) -> None:
    """A library's new version may be the cause."""
    for number in range(20):
        libraries, installed = ({name: "3.11" if number < 10 else "3.12"} for name in ("aiohttp", "grpcio"))
        store(tmp_path, number, 0.5 if number < 10 else 0.6, libraries=libraries, installed=installed)
    text = "\n".join(history_lines(read_history(tmp_path), 0.02))
    assert "also new: libraries.aiohttp 3.11 to 3.12, installed.grpcio 3.11 to 3.12" in text


def void_in(path: Path, name: str) -> None:
    """The run at path, with this benchmark void."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for each in content["benchmarks"]:
        void = [{"kind": "disturbed", "reason": "odd", "fix": "none"}] if each["fullname"] == name else []
        each["extra_info"] = {"timetrial": {"void": void}, "mine": 3}
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("name", ["t.py::test_x[threads]", "t.py::test_x[serial]"], ids=["its own", "its reference's"])
def test_void_runs_are_no_points_and_are_counted(tmp_path: Path, name: str) -> None:
    """They would be a change where nothing has changed."""
    for number in range(20):
        path = store(tmp_path, number, 0.5 if number < 10 else 0.9)
        if number >= 10:
            void_in(path, name)
    lines = history_lines(read_history(tmp_path), 0.02)
    whose = "void" if name.endswith("[threads]") else "its reference was void"
    assert f"    10 runs left out: {whose}: odd" in lines
    assert "0 of 2 benchmarks changed by 2% or more" in lines
    assert not [each for each in lines if "from commit" in each]


def test_a_benchmark_that_was_always_void_is_named(tmp_path: Path) -> None:
    """It has no value to show."""
    void_in(store(tmp_path, 1, 0.5), "t.py::test_x[threads]")
    lines = history_lines(read_history(tmp_path), 0.02)
    at = lines.index("t.py::test_x[threads]: no run to show")
    assert lines[at + 1] == "    1 run left out: void: odd"


def test_why_a_run_is_no_point_is_said_for_each_reason(tmp_path: Path) -> None:
    """A clock that saw no time, a reference that was not measured; the point that is left is shown."""
    for number, change in enumerate(("none", "no time", "no time of the reference", "no reference", "void")):
        path = store(tmp_path, number, 0.5)
        content = json.loads(path.read_text(encoding="utf-8"))
        own, reference = (
            content["benchmarks"]
            if "threads" in content["benchmarks"][0]["fullname"]
            else reversed(content["benchmarks"])
        )
        if change.startswith("no time"):
            (own if change == "no time" else reference)["stats"]["median"] = 0
        if change == "no reference":
            content["benchmarks"] = [own]
        path.write_text(json.dumps(content), encoding="utf-8")
        if change == "void":
            void_in(path, own["fullname"])
    lines = history_lines(read_history(tmp_path), 0.02)
    for reason in (
        "the clock saw no time pass",
        "the clock saw no time pass in its reference",
        "its reference was not measured",
        "void: odd",
    ):
        assert f"    1 run left out: {reason}" in lines


@pytest.mark.parametrize("median", [1e308, 1e-320, -1.0, 10**400, 1e200], ids=str)
def test_a_median_that_is_no_duration_is_named_and_left_out(tmp_path: Path, median: float) -> None:
    """The other runs are shown, and the exit status is 1."""
    for number in range(3):
        store(tmp_path, number, 0.5)
    bad = store(tmp_path, 3, 0.5)
    content = json.loads(bad.read_text(encoding="utf-8"))
    content["benchmarks"][0]["stats"]["median"] = median
    bad.write_text(json.dumps(content), encoding="utf-8")
    history = read_history(tmp_path)
    assert [len(group.runs) for group in history.groups] == [3]
    (said,) = history.left_out
    assert bad.name in said
    assert history_lines(history, 0.02)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_what_would_never_end_is_named_and_left_out(tmp_path: Path) -> None:
    """A pipe that nobody writes to, a device, a folder."""
    store(tmp_path, 1, 0.5)
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    (tmp_path / "folder.json").mkdir()
    history = read_history(tmp_path)
    assert [len(group.runs) for group in history.groups] == [1]
    assert all("is no plain file" in said for said in history.left_out)
    assert len(history.left_out) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"cpu": {"model": "another"}},
        {"python": {"version": "3.13.2", "implementation": "cpython"}},
        {"python": {"version": "3.13.1", "implementation": "pypy"}},
        {"python": {"version": "3.13.1", "implementation": "cpython", "free_threaded_build": True}},
        {"python": {**GIL_OFF, "gil_enabled": True}},
        {"python": {"version": "3.13.1", "implementation": "cpython", "jit_enabled": True}},
    ],
    ids=["processor", "patch release", "implementation", "build", "GIL", "JIT"],
)
def test_unlike_machines_and_pythons_are_never_joined(tmp_path: Path, other: dict[str, Any]) -> None:
    """Each has its own series, and their difference is no change point."""
    one = {"python": GIL_OFF} if "free_threaded_build" in other.get("python", {}) else {}
    for number in range(20):
        store(tmp_path, number, 0.5 if number < 10 else 0.9, **(one if number < 10 else other))
    history = read_history(tmp_path)
    assert [len(each.runs) for each in history.groups] == [10, 10]
    assert "from commit" not in "\n".join(history_lines(history, 0.02))


def test_a_free_threaded_build_with_its_gil_on_is_flagged(tmp_path: Path) -> None:
    """Above its table; one whose GIL is off is not."""
    store(tmp_path, 1, 0.5, python={**GIL_OFF, "gil_enabled": True})
    store(tmp_path, 2, 0.5, python=GIL_OFF)
    text = "\n".join(history_lines(read_history(tmp_path), 0.02))
    assert text.count(NO_FAIR_BASELINE) == 1
    assert f"CPython 3.13.1t with the GIL is {NO_FAIR_BASELINE}" in text


def test_absolute_times_are_shown_when_asked_for(tmp_path: Path) -> None:
    """In seconds, with the machine's moods in them."""
    for number in range(4):
        store(tmp_path, number, 0.5)
    lines = history_lines(read_history(tmp_path, absolute=True), 0.02)
    assert any("test_x[threads]" in line and "5.00 ms" in line and "the clock" in line for line in lines)


@pytest.mark.parametrize("rubbish", [b"{", b"[]", b'{"benchmarks": []}', b"\xff\xfe"])
def test_a_file_that_can_t_be_read_is_named_and_fails(
    tmp_path: Path, rubbish: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are still shown."""
    store(tmp_path, 1, 0.5)
    tmp_path.joinpath("rubbish.json").write_bytes(rubbish)
    assert run([str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "rubbish.json is no run that timetrial wrote whole" in err
    assert "t.py::test_x[threads]" in out


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("null", "timetrial.environment is no object"),
        ("[]", "timetrial.environment is no object"),
        ('{"cpu": "fast"}', "timetrial.environment.cpu is no object"),
        ('{"memory": {"total_bytes": "much"}}', "timetrial.environment.memory.total_bytes is no number"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
    ],
    ids=["null", "a list", "a section that is text", "text for a number", "too deep"],
)
def test_a_file_with_a_broken_environment_is_left_out_by_name(
    tmp_path: Path, environment: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every file is accounted for: one that nobody can place is named, the others are shown."""
    whole = store(tmp_path, 1, 0.5).read_text(encoding="utf-8")
    broken = tmp_path / "broken.json"
    broken.write_text(whole.replace(json.dumps(MACHINE), environment), encoding="utf-8")
    assert run([str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert err.startswith(f"left out: {broken} is no run that timetrial wrote whole (")
    assert said in err
    assert "Linux x86_64: 1 run" in out


def test_a_whole_directory_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0."""
    store(tmp_path, 1, 0.5)
    assert run([str(tmp_path), "--least=5"]) == 0
    assert "CPython 3.13.1 on a processor, 2 of 4 cores, Linux x86_64: 1 run" in capsys.readouterr().out


@pytest.mark.parametrize("least", ["-5", "nan", "inf", "much"])
def test_a_least_change_that_can_t_be_meant_is_refused(
    tmp_path: Path, least: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With -5 every wobble would be told, with nan nothing at all."""
    store(tmp_path, 1, 0.5)
    with pytest.raises(SystemExit) as stop:
        run([str(tmp_path), f"--least={least}"])
    assert stop.value.code == 2
    assert f"argument --least: {least}: a percentage from 0 on, such as 5" in capsys.readouterr().err


def test_a_sparkline_shows_low_and_high() -> None:
    """At most forty bars; a flat one stays low."""
    assert sparkline([0.0, 1.0, 0.5]) == "▁█▅"
    assert sparkline([1.0] * 3) == "▁▁▁"
    assert len(sparkline([float(each) for each in range(1000)])) == 40
    assert sparkline([]) == ""
