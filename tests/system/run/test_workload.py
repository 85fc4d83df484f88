"""A Workload object in a module is run as it is: its task, what a worker opens, and how its results are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.run.conftest import Ran, Run, run_in

_WAITING = """
import itertools, time
from contextlib import contextmanager
from timetrial import Workload

CALLS = itertools.count()

def nap(item, pause_s):
    time.sleep(pause_s)
    return item, next(CALLS)

@contextmanager
def pause(count):
    yield 0.004

WAITING = Workload("waiting", task=nap, resource=pause, comparable=lambda result: result[0])
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run of such an object, with a test to be written."""
    folder = tmp_path_factory.mktemp("workload")
    words = ("--models", "serial,threads", "--concurrency", "2,8", "--write-test", "test_speed.py")
    ran = run_in(folder, _WAITING, *words, name="WAITING", budget_s=3)
    assert not folder.joinpath("test_speed.py").exists()
    return ran


def test_it_gets_an_answer_by_its_own_task_resource_and_comparison(ran: Ran) -> None:
    """Its results differ from call to call, but for what it compares."""
    assert ran.status == 0, ran.output + ran.complaint
    assert (ran.answer["model"], ran.answer["concurrency"]) == ("threads", 8)
    assert ran.record["profile"]["waiting"] == pytest.approx(1, abs=0.05)
    assert "jobs.py:WAITING with 200 items" in ran.output


def test_a_test_of_it_needs_no_writing(ran: Ran) -> None:
    """The marker takes the object itself."""
    assert "a Workload: a test of it needs no writing" in ran.complaint


def test_what_it_brings_itself_cannot_be_said_again(run: Run, tmp_path: Path) -> None:
    """It is refused by the option's name."""
    ran = run(_WAITING, "--resource", "jobs.py:pause", name="WAITING")
    assert ran.status == 2
    assert "--resource has no say in a Workload" in ran.complaint
    assert not tmp_path.joinpath("answer.json").exists()
