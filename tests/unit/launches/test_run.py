"""What a file of several launches is left with when one of them can't join the others."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gate.stored.stored_files import ENVIRONMENT, content, launches
from timetrial import cli
from timetrial.errors import ResultsError
from timetrial.launches.run import Launch, MeasurePlan, measure
from timetrial.system.files import try_to_write


def test_a_launch_that_ran_elsewhere_leaves_the_file_of_those_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marked as incomplete, so that no gate takes it: the machine changed under the measurement."""

    def run(launch: Launch) -> None:
        launch._status = 0

    def measured(launch: Launch) -> dict[str, Any]:
        model = "another" if launch._number == 3 else "a processor"
        found = content(launches(0.5, count=1), environment={**ENVIRONMENT, "cpu": {"model": model}})
        for each in found["benchmarks"]:
            each["stats"]["iterations"] = 1
        return found

    monkeypatch.setattr(Launch, "run", run)
    monkeypatch.setattr(Launch, "measured", measured)
    monkeypatch.setattr(Launch, "failure", lambda _launch: None)
    file = tmp_path / "run.json"
    with pytest.raises(ResultsError, match="launch 3 ran elsewhere than the first"):
        measure(MeasurePlan(5, file, ()))
    about = json.loads(file.read_text())["timetrial"]
    assert (len(about["launches"]), about["complete"]) == (2, False)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (".", "it is a folder; name a file in it"),
        ("folder", "it is a folder; name a file in it"),
        ("file/below.json", "(Not a directory|File exists)"),
        pytest.param(
            os.devnull,
            "it is no plain file",
            marks=pytest.mark.skipif(os.name != "posix", reason="a device of POSIX"),
        ),
    ],
)
def test_a_target_that_can_t_be_written_is_told_before_the_first_launch(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Launches take minutes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setattr(Launch, "run", lambda _launch: pytest.fail("it was launched"))
    assert cli.main(["measure", "-o", name, "--overwrite"]) == 2
    assert re.fullmatch(
        rf"timetrial measure: can't write {name}: {said}; choose another file with -o\n", capsys.readouterr().err
    )
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder"]


def test_trying_the_target_leaves_nothing_behind(tmp_path: Path) -> None:
    """But its folder; a file that is there stays as it was."""
    try_to_write(tmp_path / "deep" / "run.json")
    assert list((tmp_path / "deep").iterdir()) == []
