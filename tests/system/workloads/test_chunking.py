"""Every task of every batch is proved, and one that fails is named."""

from __future__ import annotations

from typing import Any, Final

import pytest

from benchmarks.test_chunking import CHUNKING, MODELS, tasks_of
from tests.system.workloads.proving import notes_of, prove
from timetrial import models
from timetrial.errors import VoidTrialError

pytestmark = pytest.mark.timeout(120)

TASKS: Final = tasks_of(25, 10, 1)


def test_every_batch_size_is_a_row_of_the_table() -> None:
    """Beside serial, threads and processes, which makes up its own batches."""
    assert models.model_ids(CHUNKING) == MODELS


@pytest.mark.parametrize("model", MODELS)
def test_every_task_has_its_own_result(model: str) -> None:
    """In the tasks' order, whatever batches they are in."""
    results = prove(CHUNKING, model, TASKS).results
    assert len(set(results)) == len(TASKS)
    assert {size for _, size in results} == {1024}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "wrong", [{"iterations": 9}, {"payload": b""}, {"number": 18}], ids=["work", "payload", "task"]
)
def test_a_wrong_task_voids_the_trial(model: str, wrong: dict[str, Any]) -> None:
    """One iteration less, a payload that got lost, another task's number."""
    done = [*TASKS[:17], TASKS[17]._replace(**wrong), *TASKS[18:]]
    with pytest.raises(VoidTrialError, match=r"the result of item 17, .* differs from the serial reference"):
        prove(CHUNKING, model, TASKS, done=done)


@pytest.mark.parametrize("model", MODELS)
def test_a_task_that_fails_is_named(model: str) -> None:
    """Also in the middle of a batch."""
    no_number: Any = None
    done = [*TASKS[:17], TASKS[17]._replace(iterations=no_number), *TASKS[18:]]
    with pytest.raises(TypeError) as failure:
        prove(CHUNKING, model, TASKS, done=done)
    assert "Task(number=17, iterations=None" in notes_of(failure.value)
