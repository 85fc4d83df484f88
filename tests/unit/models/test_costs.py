"""What a model costs by itself: the slope of its memory and the dispatch of an empty item."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from timetrial import cli
from timetrial.errors import TimetrialError
from timetrial.models import costs
from timetrial.models.costs import BATCHES, ModelCosts, costs_of, dispatch_of, slope
from timetrial.report.costs import cost_lines


def test_what_the_process_holds_anyway_is_no_part_of_the_slope() -> None:
    """A thousand bytes each, on top of a million."""
    found = slope("thing", [(count, 1_000_000 + 1_000 * count, "pss") for count in (1, 2, 4, 8)])
    assert (found.bytes_per_unit, found.kind, found.counts) == (1_000, "pss", (1, 2, 4, 8))


def test_one_bad_reading_does_not_move_the_slope_far() -> None:
    """A median of pairs, unlike least squares, passes over it."""
    readings = [(count, 1_000 * count, "pss") for count in (1, 2, 3, 4, 5, 6)]
    readings[2] = (3, 900_000, "pss")
    assert slope("thing", readings).bytes_per_unit == pytest.approx(1_000)


def test_dispatch_is_the_difference_of_paired_rounds_per_item() -> None:
    """Whatever slows both of a pair does not count."""
    found = dispatch_of(10, [(0.030, 0.010), (0.130, 0.110), (0.035, 0.015)])
    assert found.overhead_s_per_item == pytest.approx(0.002)
    assert (found.items_per_batch, found.pairs) == (10, 3)


@pytest.mark.parametrize("name", ["serial", "coroutines"])
def test_a_models_costs_are_measured_and_survive_their_json_form(name: str) -> None:
    """At every batch size; a task that waits takes some hundreds of bytes to some thousands."""
    found = costs_of(name)
    assert [each.items_per_batch for each in found.dispatch] == list(BATCHES)
    assert all(each.s_per_item > 0 and each.plain_s_per_item > 0 for each in found.dispatch)
    if name == "coroutines":
        (task,) = found.memory
        assert task.unit == "idle task"
        assert 300 < task.bytes_per_unit < 20_000
    assert ModelCosts.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_an_event_loop_that_is_missing_is_told_and_nothing_is_measured_in_its_place() -> None:
    """No silent fallback."""
    assert costs_of("coroutines", event_loop="lightning").unavailable is not None


def test_the_command_shows_the_costs_and_stores_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As two small tables and as JSON with where it was measured."""
    measured = costs_of("serial")
    absent = ModelCosts("threads", "this platform has no threads")
    monkeypatch.setattr(costs, "costs_apart", lambda name: measured if name != "threads" else absent)
    path = tmp_path / "costs.json"
    assert cli.main(["models", "--costs", "--json", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "10,000" in shown
    assert "threads: this platform has no threads" in shown
    stored: dict[str, Any] = json.loads(path.read_text())
    assert stored["environment"]["python"]["version"]
    assert ModelCosts.from_dict(stored["models"][0]) == measured


def test_the_table_for_a_page_has_a_row_for_each_model_and_the_others_below_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the figures that a page shows: start-up, memory, an empty item at three sizes of batch, copying."""
    found = {
        "threads": ModelCosts(
            "threads",
            None,
            0.005,
            (slope("idle thread", [(1, 0, "pss"), (2, 19_000, "pss")]),),
            tuple(dispatch_of(batch, [(2.5e-5 * batch, 0.0)] * 3) for batch in BATCHES),
            0.0,
            copies=False,
        ),
        "dask": ModelCosts("dask", "no | Dask"),
    }
    monkeypatch.setattr(costs, "costs_apart", found.__getitem__)
    assert cli.main(["models", "--costs", "--models=threads,dask", "--format=markdown"]) == 0
    head, rule, *rest = capsys.readouterr().out.splitlines()
    assert head.count("|") == rule.count("|") == 8
    assert rest == [
        "| `threads` | 5.00 ms | 19.0 kB (thread) | 25.0 µs | 25.0 µs | 25.0 µs | not copied |",
        "",
        "- `dask`: no \\| Dask",
    ]


def test_a_model_that_can_not_be_measured_costs_the_others_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told with its error, and the rest is shown; ``--models`` says which to measure."""
    measured = costs_of("serial")

    def measure(name: str) -> ModelCosts:
        if name == "threads[pool]":
            raise TimetrialError("it could not be measured: MemoryError")
        return measured

    monkeypatch.setattr(costs, "costs_apart", measure)
    assert cli.main(["models", "--costs", "--models=serial,threads[pool]"]) == 0
    shown = capsys.readouterr().out
    assert "threads[pool]: it could not be measured: MemoryError" in shown
    assert "not copied" in shown
    assert cli.main(["models", "--costs", "--models=fibres"]) == 2
    assert "no concurrency model 'fibres'" in capsys.readouterr().err


def test_json_without_costs_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """There would be nothing to write."""
    assert cli.main(["models", "--json", "costs.json"]) == 2
    assert "--costs" in capsys.readouterr().err


def test_memory_and_dispatch_of_threads_and_processes_are_measured_in_a_process_of_their_own() -> None:
    """Threads take kilobytes and processes megabytes."""
    threads, processes = costs.costs_apart("threads"), costs.costs_apart("processes")
    assert 2_000 < threads.memory[0].bytes_per_unit < 500_000
    assert 2_000_000 < processes.memory[0].bytes_per_unit < 100_000_000
    text = "\n".join(cost_lines([threads, processes]))
    assert "idle thread" in text
    assert "idle worker process" in text


def test_a_file_that_can_t_be_written_is_told_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as a folder."""
    monkeypatch.setattr(costs, "costs_apart", lambda name: pytest.fail(f"{name} was measured"))
    assert cli.main(["models", "--costs", "--json", str(tmp_path)]) == 2
    assert f"can't write {tmp_path}: it is a folder; name a file in it" in capsys.readouterr().err
