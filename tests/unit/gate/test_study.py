"""The study of large gates: known slowdowns in real benchmarks, gate by gate, and what all came to in one table."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from benchmarks.gate_scale import study
from timetrial.gate.plan import GatePlan
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Made-up gates in place of real ones, of which the third is interrupted; which benchmarks were slower in each."""
    rng, run = random.Random(3), []

    def run_gate(plan: GatePlan) -> list[BenchmarkRecord]:
        slow = {name for name in study.NAMES if plan.extra_share(name)}
        run.append(slow)
        if len(run) == 3:
            raise KeyboardInterrupt
        return [
            BenchmarkRecord(name, [_launch(number, name in slow, rng) for number in range(1, 28)])
            for name in study.NAMES
        ]

    def _launch(number: int, slow: bool, rng: random.Random) -> LaunchPair:
        ratio = math.exp(rng.gauss(0.1 if slow else 0.0, 0.005))
        phase = Phase.SCREEN if number <= 7 else Phase.CONFIRM
        return LaunchPair(phase, (0.01,), (0.01 * ratio,), (False,), number=number)

    monkeypatch.setattr(study, "run_gate", run_gate)
    monkeypatch.setattr(study, "NAMES", study.NAMES[::10])
    return run


def test_a_study_goes_on_where_it_was_stopped(
    gates: list[set[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gate that was under way begins anew, those before it count."""
    words = ["--slower", "0", "10", "--effect", "0.1", "--gates", "2", "--results", str(tmp_path)]
    with pytest.raises(KeyboardInterrupt):
        study.main(words)
    study.main(words)
    assert [len(each) for each in gates] == [0, 10, 0, 0, 10]
    assert gates[1] != gates[4]
    capsys.readouterr()
    study.main(["--table", "--results", str(tmp_path)])
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[:6] for row in rows] == [
        ["30", "600 s", "none", "0 of 2", "-", "0.0%"],
        ["30", "600 s", "10 by 10%", "0 of 2", "20 of 20", "0.0%"],
    ]


def test_the_benchmarks_of_the_study_are_those_of_its_suite() -> None:
    """Twelve kinds, 25 variants of each."""
    assert len(study.NAMES) == len(set(study.NAMES)) == 300
