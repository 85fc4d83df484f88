"""Tasks that have nothing to wait for, or one turn of the loop: ordinary ones and eager ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from fixtures.executors import Rounds
from timetrial import Workload
from timetrial.models.base import Executor

if TYPE_CHECKING:
    from timetrial import Trial


class Task(NamedTuple):
    """A number, and for how many turns of the loop its coroutine waits."""

    number: int
    waits: int


async def answer(task: Task) -> int:
    """As a cache that mostly has the answer: it may wait, and usually need not."""
    for _ in range(task.waits):
        await asyncio.sleep(0)
    return task.number + 1


def tasks_made(factory: Callable[..., Any] | None) -> Callable[[int], AbstractContextManager[Executor]]:
    """A round makes a task of each item and gathers them, in a loop with this task factory."""

    @contextmanager
    def opened(concurrency: int) -> Generator[Executor]:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            loop.set_task_factory(factory)

            async def all_of(items: Sequence[Task]) -> list[int]:
                return await asyncio.gather(*(loop.create_task(answer(item)) for item in items))

            yield Rounds(lambda items: runner.run(all_of(items)), {"workers": concurrency})

    return opened


EAGER: Final = getattr(asyncio, "eager_task_factory", None)
EAGER_TASKS: Final = Workload(
    "eager_tasks",
    reference=lambda tasks: [task.number + 1 for task in tasks],
    variants={
        "tasks": Workload("ordinary tasks", implementations={"serial": tasks_made(None)}),
        "eager tasks": Workload("eager tasks", implementations={"serial": tasks_made(EAGER)}),
    },
)


def unfit(model: str, scale: str, **parameters: object) -> str | None:
    """Why there are no eager tasks."""
    del scale, parameters
    return "eager tasks came with Python 3.12" if "eager" in model and EAGER is None else None


@pytest.mark.workload(EAGER_TASKS, unless=unfit)
@pytest.mark.trial_points(
    "waits, tasks",
    quick=[(0, 1_000)],
    default=[(0, 5_000), (1, 5_000)],
    article=[(0, 100_000), (1, 100_000)],
    gate=[(0, 1_000)],
)
def test_eager_tasks(trial: Trial, waits: int, tasks: int) -> None:
    """An eager task that is done at its first step never goes through the loop."""
    trial([Task(number, waits) for number in range(tasks)], concurrency=tasks)
