"""--measure takes the cheapest that is missing first, stays within its budget, and goes on where it was."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.unit.claims.made_up import run, trial
from timetrial.claims import Claim, Finding, Look, Outcome, claim
from timetrial.claims.measuring import Measuring, this_place
from timetrial.environment.record import environment
from timetrial.errors import ClaimError, GateError
from timetrial.launches.run import MeasurePlan
from timetrial.system.strict_json import dumps


@cache
def recorded() -> dict[str, Any]:
    """Where this runs, asked once."""
    return dict(environment())


def claim_of(test: str, takes_s: float) -> Claim:
    """Threads are half again as fast in that test."""

    @claim(
        f"fast-{test.replace('_', '-')}",
        "x",
        of="x",
        because="x",
        at_least=1.5,
        measured_by=f"{test}.py::{test} -k 'a or b'",
        takes_s=takes_s,
    )
    def found(look: Look) -> Finding:
        return look.holds(look.ratio(test, "serial", "threads"))

    return found


MODELS = ("serial", "threads")


class Machine:
    """Stands for pytest: a launch takes its time by a clock that it moves, and leaves what is planted for its test."""

    def __init__(self, ratios: Mapping[str, float], takes_s: float = 10.0) -> None:
        self.now_s = 0.0
        self.launched: list[str] = []
        self._ratios = ratios
        self._takes_s = takes_s

    def clock_s(self) -> float:
        """The time."""
        return self.now_s

    def launch(self, plan: MeasurePlan) -> Mapping[str, Any]:
        """Writes the file of one launch."""
        test = plan.selection[1].partition("::")[2]
        self.launched.append(test)
        self.now_s += self._takes_s
        if test not in self._ratios:
            raise GateError(f"{test} measured nothing")
        seed = len(self.launched)
        entries = [
            trial(test, model, seconds, seed=seed)
            for model, seconds in zip(MODELS, (0.001 * self._ratios[test], 0.001), strict=True)
        ]
        plan.file.write_bytes(dumps(run(entries, environment=recorded())).encode())
        return {}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with three benchmarks, and a folder for results."""
    monkeypatch.chdir(tmp_path)
    for name in ("test_a", "test_b", "test_c"):
        Path(f"{name}.py").write_text("", encoding="utf-8")
    return tmp_path / "results"


CLAIMS = [claim_of("test_a", 30), claim_of("test_b", 10), claim_of("test_c", 20)]


def measuring(folder: Path, machine: Machine, budget_s: float) -> Measuring:
    """Of the three claims."""
    return Measuring(folder, CLAIMS, budget_s, lambda _: None, launch=machine.launch, clock_s=machine.clock_s)


def test_the_cheapest_comes_first_and_the_budget_is_kept(here: Path) -> None:
    """30 s are room for the two that take 10 and 20, and not for the one that takes 30."""
    machine = Machine({"test_a": 3, "test_b": 3, "test_c": 1})
    verdicts = measuring(here, machine, 35).run()
    assert machine.launched == ["test_b", "test_c"]
    assert [each.outcome for each in verdicts] == [Outcome.INCONCLUSIVE, Outcome.CONFIRMED, Outcome.REFUTED]
    assert sorted(path.suffix for path in here.glob("2*")) == [".json", ".json"]
    assert (here / ".gitignore").exists()


def test_it_goes_on_where_it_was(here: Path) -> None:
    """The second command measures only what the first one left."""
    measuring(here, Machine({"test_b": 3, "test_c": 3}), 35).run()
    later = Machine({"test_a": 3})
    verdicts = measuring(here, later, 600).run()
    assert later.launched == ["test_a"]
    assert {each.outcome for each in verdicts} == {Outcome.CONFIRMED}


def test_ctrl_c_goes_through_and_what_was_measured_stays(here: Path) -> None:
    """The second launch is interrupted: the first one's file is there, and the next command goes on after it."""
    machine = Machine({"test_a": 3, "test_b": 3, "test_c": 3})

    def interrupted(plan: MeasurePlan) -> Mapping[str, Any]:
        if machine.launched:
            raise KeyboardInterrupt
        return machine.launch(plan)

    at_work = Measuring(here, CLAIMS, 600, lambda _: None, launch=interrupted, clock_s=machine.clock_s)
    with pytest.raises(KeyboardInterrupt):
        at_work.run()
    assert len(list(here.glob("*.json"))) == 1
    later = Machine({"test_a": 3, "test_c": 3})
    measuring(here, later, 600).run()
    assert later.launched == ["test_c", "test_a"]


def test_what_stays_open_gets_more_launches_until_they_speak(here: Path) -> None:
    """1.55 against a bound of 1.5: one launch can't tell, eight can."""
    machine = Machine({"test_a": 3, "test_b": 1.55, "test_c": 3})
    verdicts = measuring(here, machine, 6_000).run()
    assert machine.launched[:3] == ["test_b", "test_c", "test_a"]
    assert machine.launched.count("test_b") == 8
    assert verdicts[1].outcome is Outcome.CONFIRMED


def test_a_benchmark_that_fails_is_told_and_not_tried_again(here: Path) -> None:
    """The others are measured all the same."""
    machine = Machine({"test_a": 3, "test_c": 3})
    at_work = measuring(here, machine, 6_000)
    at_work.run()
    assert machine.launched == ["test_b", "test_c", "test_a"]
    assert [shlex.split(each)[0] for each in at_work.failed] == ["test_b.py::test_b"]


def test_a_launch_whose_tests_all_fail_is_told_with_their_reason(here: Path) -> None:
    """It leaves a file without a figure; the claim is open, and says why."""
    reason = "no such luck"
    content = run(
        [],
        environment=recorded(),
        troubles=[{"benchmark": f"test_a.py::test_a[{model}]", "kind": "failed", "reason": reason} for model in MODELS],
    )

    def failing(plan: MeasurePlan) -> Mapping[str, Any]:
        plan.file.write_bytes(dumps(content).encode())
        return content

    said: list[str] = []
    at_work = Measuring(here, CLAIMS[:1], 600, said.append, launch=failing)
    (verdict,) = at_work.run()
    assert said[1:] == ["fast-test-a: test_a.py::test_a[serial] failed: no such luck"]
    assert "no such luck" in verdict.why.en


def test_a_folder_without_the_benchmarks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are in timetrial's checkout, and not in what is installed."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ClaimError, match=r"test_a\.py is not here.*checkout"):
        measuring(tmp_path / "results", Machine({}), 60).run()


def test_what_is_measured_counts_for_this_machine_and_python() -> None:
    """The place is told as in the files."""
    assert this_place().python.version == environment()["python"]["version"]  # type: ignore[index]
