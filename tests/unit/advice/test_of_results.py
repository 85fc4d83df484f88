"""Advice from what is stored: each workload of a file, with its trials paired as they were run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from timetrial.advice.of_results import advise_on, answer_of_trials, workloads
from timetrial.cli import main
from timetrial.environment.identity import NO_FAIR_BASELINE
from timetrial.errors import ResultsError
from timetrial.results.ways import Way


def _trial(model: str, rounds_s: list[float], concurrency: int = 8, **figures: Any) -> dict[str, Any]:
    """A benchmark's entry, as a results file holds it."""
    about = {
        "workload": "fetch",
        "model": model,
        "concurrency": concurrency,
        "items": 10,
        "startup_s": 0.1,
        "parameters": {"concurrency": concurrency, "pages": 3},
        **figures,
    }
    return {
        "fullname": f"test_fetch.py::test_fetch[{model}-{concurrency}]",
        "stats": {"median": sorted(rounds_s)[len(rounds_s) // 2], "data": rounds_s},
        "extra_info": {"timetrial": about},
    }


def _file(folder: Path, name: str, *benchmarks: dict[str, Any], python: dict[str, Any] | None = None) -> Path:
    path = folder / name
    about = {"timetrial": {"environment": {"python": python}}} if python else {}
    path.write_text(json.dumps({"benchmarks": list(benchmarks), "datetime": "2026-11-28T10:00:00", **about}))
    return path


def test_several_pythons_have_an_answer_each_and_one_with_its_gil_back_on_is_flagged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of one Python the newest run counts; those of another are never taken for it."""
    one: dict[str, Any] = {"version": "3.13.1", "implementation": "cpython"}
    other: dict[str, Any] = {
        "version": "3.14.0",
        "implementation": "cpython",
        "free_threaded_build": True,
        "gil_enabled": True,
    }
    for number, python in enumerate((one, one, other)):
        trials = _trial("serial", [1.0] * 8), _trial("threads", [0.5] * 8)
        _file(tmp_path, f"2026_0{number}.json", *trials, python=python)
    assert main(["advise", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert told.count("Use threads, 8 at once") == 2
    assert "2026_01.json, 2026-11-28 10:00, CPython 3.13.1\n" in told
    assert "2026_02.json, 2026-11-28 10:00, CPython 3.14.0t with the GIL\n" in told
    assert told.count(f"CPython 3.14.0t with the GIL is {NO_FAIR_BASELINE}.") == 1
    assert main(["advise", str(tmp_path), "--json"]) == 0
    workloads = json.loads(capsys.readouterr().out)["workloads"]
    assert [(each["python"]["version"], each["no_fair_baseline"]) for each in workloads] == [
        ("3.14.0", True),
        ("3.13.1", False),
    ]


def test_serial_is_the_reference_at_every_concurrency() -> None:
    """It runs at one only."""
    found = answer_of_trials(
        [_trial("serial", [8.0] * 6, 2), _trial("threads", [4.0] * 6, 2), _trial("threads", [1.0] * 6, 8)]
    )
    assert found is not None
    assert found.choice.advised == Way("threads", 8)
    assert found.choice.reference == Way("serial", 1)
    assert found.choice.speedup is not None
    assert found.choice.speedup.ratio == 8
    assert not found.choice.speedup.paired


def test_trials_that_took_turns_are_compared_in_pairs() -> None:
    """A machine that slows down for a while moves both."""
    pace = [1.0, 1.0, 3.0, 3.0, 1.0, 2.0]
    turns: dict[str, Any] = {"interleaved": {"against": "threads"}}
    found = answer_of_trials([_trial("serial", [2 * each for each in pace], **turns), _trial("threads", pace, **turns)])
    assert found is not None
    assert found.choice.speedup is not None
    assert found.choice.speedup.paired
    assert (found.choice.speedup.low, found.choice.speedup.high) == (2, 2)


def test_rounds_of_a_run_pair_up_by_the_turns_that_are_stored() -> None:
    """Not every way takes part in every turn."""
    found = answer_of_trials(
        [
            _trial("serial", [9.0, *[2.0] * 6], turns=[1, 3, 4, 5, 6, 7, 8]),
            _trial("threads", [1.0] * 6, turns=[3, 4, 5, 6, 7, 8]),
        ]
    )
    assert found is not None
    assert found.choice.speedup is not None
    assert (found.choice.speedup.rounds, found.choice.speedup.ratio) == (6, 2)


def test_costs_come_from_the_accounting_round() -> None:
    """CPU by the item, and memory of client and workers, without the server's."""
    usage = {"cpu_user_s": 1.0, "cpu_system_s": 1.0, "memory_peak_bytes": 10, "memory_kind": "pss"}
    account = {"rounds": 2, "roles": {"client": usage, "worker": usage, "server": usage}}
    found = answer_of_trials([_trial("serial", [8.0] * 6), _trial("threads", [1.0] * 6, accounting=account)])
    assert found is not None
    cost = found.costs[Way("threads", 8)]
    assert (cost.cpu_s_per_item, cost.memory_bytes, cost.startup_s) == (0.2, 20, 0.1)


def test_a_workload_is_told_apart_by_its_test_and_its_other_parameters() -> None:
    """Concurrency is what is asked for; benchmarks of pytest-benchmark alone are no trials."""
    plain = {"fullname": "test_plain", "stats": {"data": [1.0]}, "extra_info": {}}
    other = _trial("threads", [1.0], parameters={"concurrency": 8, "pages": 100})
    assert list(workloads([_trial("serial", [1.0], 2), _trial("threads", [1.0], 8), other, plain])) == [
        "fetch pages=3 (test_fetch.py::test_fetch)",
        "fetch pages=100 (test_fetch.py::test_fetch)",
    ]


def test_of_several_runs_of_a_workload_the_newest_counts(tmp_path: Path) -> None:
    """A file's name sorts by its time."""
    _file(tmp_path, "2026_01.json", _trial("serial", [1.0] * 6), _trial("threads", [9.0] * 6))
    _file(tmp_path, "2026_02.json", _trial("serial", [9.0] * 6), _trial("threads", [1.0] * 6))
    (advised,), broken = advise_on(tmp_path)
    assert (advised.file, broken) == ("2026_02.json", [])
    assert advised.answer is not None
    assert advised.answer.choice.advised.model == "threads"


def test_void_trials_have_no_part_in_it_and_are_counted(tmp_path: Path) -> None:
    """However fast they were."""
    void = [{"kind": "results", "reason": "other work", "fix": "do the same"}]
    path = _file(
        tmp_path,
        "a.json",
        _trial("serial", [4.0] * 6),
        _trial("threads", [2.0] * 6),
        _trial("coroutines", [0.1] * 6, void=void),
    )
    (advised,), _ = advise_on(path)
    assert advised.voids == 1
    assert advised.answer is not None
    assert advised.answer.choice.advised.model == "threads"


def test_nothing_to_read_is_an_error_that_says_how_to_get_some(tmp_path: Path) -> None:
    """For a folder without files, and for a broken file that was named."""
    with pytest.raises(ResultsError, match="holds no files of results: run pytest --benchmark-only"):
        advise_on(tmp_path)
    tmp_path.joinpath("broken.json").write_text("[")
    with pytest.raises(ResultsError, match="is not JSON"):
        advise_on(tmp_path / "broken.json")
