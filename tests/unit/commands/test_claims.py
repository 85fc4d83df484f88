"""timetrial claims: a table of verdicts, or one in full, or JSON; and a clear error for what it can't read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.claims.made_up import run
from tests.unit.claims.planted import PLANTED, contents
from timetrial.claims.measuring import Measuring
from timetrial.cli import main
from timetrial.system.strict_json import dumps


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file: two claims that hold, one that doesn't."""
    folder = tmp_path_factory.mktemp("results")
    benchmarks = [
        each
        for claim_id, holds in (("cpu-threads-useless", True), ("wait-threads", True), ("pipe-faster", False))
        for content in contents(PLANTED[claim_id], holds=holds).values()
        for each in content["benchmarks"]
    ]
    (folder / "a.json").write_bytes(dumps(run(benchmarks)).encode())
    return folder


def test_the_table_has_a_line_for_each_claim_and_tells_how_far_it_can_be_trusted(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verdict, figure, interval, what was asked for, and what others published; then what would settle the rest."""
    assert main(["claims", str(results)]) == 0
    shown = capsys.readouterr().out
    assert "Measured by CPython 3.14.1 on 4 cores of Made-up CPU, Linux x86_64." in shown
    line = next(line for line in shown.splitlines() if line.startswith("wait-threads"))
    assert line.split()[1:3] == ["confirmed", "3.00x"] or "confirmed" in line
    assert "refuted" in next(line for line in shown.splitlines() if line.startswith("pipe-faster"))
    assert "benchmarks/claims/test_main_guard.py" in shown
    assert "false verdicts are to be expected" in shown


def test_one_claim_is_told_in_full(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the threshold's reason, the published figure and its source, the interval's level and the trials."""
    assert main(["claims", str(results), "--only", "pipe-faster"]) == 0
    shown = capsys.readouterr().out
    for part in (
        "Pipe is much faster than Queue",
        "refuted",
        "because much is",
        "1.25x",
        "interval of 99.0 %",
        "a.json: ",
    ):
        assert part in shown


def test_json_has_every_figure_and_both_languages(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For whoever draws it."""
    assert main(["claims", str(results), "--json", "--only", "wait-threads,pipe-faster"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["confirmed"] == told["counts"]["refuted"] == 1
    first = told["claims"][0]
    assert first["sentence"]["zh"]
    assert first["evidence"][0]["interval"]["level"] > 0.99
    assert first["evidence"][0]["trials"][0]["file"] == "a.json"


def test_a_broken_file_among_others_is_left_out_and_told(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half-written, by whatever: the rest is judged, and the exit status says that something was wrong."""
    whole = (results / "a.json").read_bytes()
    (tmp_path / "a.json").write_bytes(whole)
    (tmp_path / "b.json").write_bytes(whole[: len(whole) // 2])
    assert main(["claims", str(tmp_path), "--only", "wait-threads"]) == 1
    told = capsys.readouterr()
    assert "confirmed" in told.out
    assert "left out: " in told.err
    assert "b.json" in told.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"benchmarks": [', "none of its 1 file(s) can be read"),
        (b'{"benchmarks": [{"fullname": "test_y", "stats": {"data": [1.0]}}]}', "hold no trial of timetrial's"),
    ],
)
def test_results_that_tell_nothing_are_an_error(
    content: bytes, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a file, or one of pytest-benchmark's without a word of timetrial."""
    (tmp_path / "a.json").write_bytes(content)
    assert main(["claims", str(tmp_path)]) == 2
    assert says in capsys.readouterr().err


def test_a_folder_without_results_says_what_makes_some(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Such as that of a fresh checkout."""
    assert main(["claims", str(tmp_path)]) == 2
    assert "timetrial claims --measure" in capsys.readouterr().err


def test_a_budget_needs_something_to_measure(capsys: pytest.CaptureFixture[str]) -> None:
    """--budget alone is a slip."""
    with pytest.raises(SystemExit):
        main(["claims", "--budget", "5m"])
    assert "--measure" in capsys.readouterr().err


def test_ctrl_c_ends_measuring_with_where_the_results_are_and_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the last line, by the status of a command that Ctrl-C ended."""

    def interrupted(measuring: Measuring) -> None:
        measuring.say("pipe-faster: about 9 s")
        raise KeyboardInterrupt

    monkeypatch.setattr(Measuring, "run", interrupted)
    assert main(["claims", str(tmp_path), "--measure"]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"timetrial claims: interrupted: what was measured is in {tmp_path}; the same command goes on from there"
    )
