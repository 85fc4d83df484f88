"""What launches of several machines say together."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from tests.unit.gate.stored.stored_files import ENVIRONMENT, content, launches
from timetrial import cli
from timetrial.errors import ClusterError
from timetrial.launches.merge import merge
from timetrial.machines.measuring import _refuse_unlike, disagreements


def file_of(seconds: dict[str, Sequence[float]]) -> dict[str, Any]:
    """A file whose benchmark took so long in each launch of each machine."""
    found = [
        {"machine": machine, "seconds": {"test_x": [s, s, s]}, "void": {}}
        for machine, each in seconds.items()
        for s in each
    ]
    return {"benchmarks": [{"fullname": "test_x"}], "timetrial": {"launches": found}}


def test_machines_that_agree_are_not_spoken_of() -> None:
    """Nor those that differ by chance."""
    assert disagreements(file_of({"a": [1.0, 1.1, 1.2, 1.3, 1.4], "b": [1.05, 1.15, 1.25, 1.35, 1.45]})) == []


def test_a_machine_that_is_slower_is_named_with_both_medians() -> None:
    """And how unlikely that is by chance: 2 of 252 ways to deal ten launches out."""
    apart = file_of({"a": [1.0, 1.01, 1.02, 1.03, 1.04], "b": [1.2, 1.21, 1.22, 1.23, 1.24]})
    assert disagreements(apart) == ["machines disagree on test_x: a 1.02 s, b 1.22 s a round (p = 0.0079)"]


def test_machines_that_are_sure_to_differ_by_little_are_not_spoken_of() -> None:
    """Two per cent is what two of one kind may differ by."""
    assert (
        disagreements(file_of({"a": [1.0, 1.001, 1.002, 1.003, 1.004], "b": [1.02, 1.021, 1.022, 1.023, 1.024]})) == []
    )


def test_another_processor_is_refused_by_name() -> None:
    """Seconds of two kinds of machines mean nothing together; libraries of the workers' own don't matter."""
    one = {"cpu": {"model": "M1"}, "libraries": {"httpx": "1"}}
    with pytest.raises(ClusterError, match=r"here and there are not of one kind.*\n  cpu\.model: 'M1' against 'M2'"):
        _refuse_unlike({"here": one, "there": {**one, "cpu": {"model": "M2"}}})
    _refuse_unlike({"here": one, "there": {**one, "libraries": {"httpx": "2"}}})


def test_machines_of_one_kind_may_differ_by_a_little_memory() -> None:
    """Firmware keeps some; half as much is another kind."""
    one = {"memory": {"total_bytes": 8_000_000_000}}
    _refuse_unlike({"here": one, "there": {"memory": {"total_bytes": 7_900_000_000}}})
    with pytest.raises(ClusterError, match=r"memory\.total_bytes"):
        _refuse_unlike({"here": one, "there": {"memory": {"total_bytes": 4_000_000_000}}})


def test_a_file_of_several_machines_says_which_had_which_launch() -> None:
    """With the environment of each."""
    found = [content(launches(0.5, count=1), environment=ENVIRONMENT) for _ in range(3)]
    for each in found:
        for benchmark in each["benchmarks"]:
            benchmark["stats"]["iterations"] = 1
    about = merge(found, complete=True, machines=["a", "b", "a"])["timetrial"]
    assert [each["machine"] for each in about["launches"]] == ["a", "b", "a"]
    assert about["machines"] == {"a": ENVIRONMENT, "b": ENVIRONMENT}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--on", "dask"], "--on dask needs --dask-scheduler=tcp://HOST:PORT"),
        (["--dask-scheduler=tcp://h:1"], "--dask-scheduler=tcp://h:1 has no use without --on dask"),
    ],
)
def test_one_argument_without_the_other_is_told(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cluster that was started here would have no other machines."""
    assert cli.main(["measure", "-o", "none.json", *words]) == 2
    assert said in capsys.readouterr().err


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent."""
    from timetrial.errors import ModelUnavailableError
    from timetrial.machines import on_dask

    monkeypatch.setattr(on_dask, "find_spec", lambda _name: None)
    with pytest.raises(
        ModelUnavailableError, match=r"dask and distributed can't be imported; install timetrial\[dask\]"
    ):
        on_dask.team("tcp://h:1", lambda _line: None).__enter__()


def test_where_no_scheduler_answers_it_is_told() -> None:
    """With the page that says how to start one."""
    pytest.importorskip("distributed", reason="Dask is not installed: timetrial[dask]")
    from timetrial.machines.on_dask import team

    with (
        pytest.raises(ClusterError, match=r"no Dask scheduler answers at nowhere://1 .*docs/cluster\.md"),
        team("nowhere://1", lambda _line: None),
    ):
        pass


def test_a_cluster_without_the_resource_is_told_how_to_start_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that somebody has for something else is left in peace."""
    pytest.importorskip("distributed", reason="Dask is not installed: timetrial[dask]")
    from timetrial.machines.dask_tasks import DaskTasks
    from timetrial.machines.on_dask import team

    monkeypatch.setattr("timetrial.models.dask_cluster.connected", lambda _scheduler: nullcontext(None))
    monkeypatch.setattr(DaskTasks, "workers", lambda _tasks: [])
    with (
        pytest.raises(
            ClusterError, match=r"no worker of tcp://h:1 has the resource 'timetrial'.*--resources timetrial=1"
        ),
        team("tcp://h:1", lambda _line: None),
    ):
        pass
