"""What a file of several launches is left with when one of them can't join the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gate.storedfiles import ENVIRONMENT, content, launches
from timetrial.errors import ResultsError
from timetrial.gate.launches import MeasurePlan, _Launch, measure


def test_a_launch_that_ran_elsewhere_leaves_the_file_of_those_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marked as incomplete, so that no gate takes it: the machine changed under the measurement."""

    def run(launch: _Launch) -> None:
        launch._status = 0

    def measured(launch: _Launch) -> dict[str, Any]:
        model = "another" if launch._number == 3 else "a processor"
        found = content(launches(0.5, count=1), environment={**ENVIRONMENT, "cpu": {"model": model}})
        for each in found["benchmarks"]:
            each["stats"]["iterations"] = 1
        return found

    monkeypatch.setattr(_Launch, "run", run)
    monkeypatch.setattr(_Launch, "measured", measured)
    monkeypatch.setattr(_Launch, "refuse_failure", lambda *_launch, **_kept: None)
    file = tmp_path / "run.json"
    with pytest.raises(ResultsError, match="launch 3 ran elsewhere than the first"):
        measure(MeasurePlan(5, file, ()))
    about = json.loads(file.read_text())["timetrial"]
    assert (len(about["launches"]), about["complete"]) == (2, False)
