"""coroutines[eager]: a task begins at once, and goes to the event loop only if it has to wait (Python 3.12)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from timetrial.languages import Text
from timetrial.models.base import AsyncExecutor, ModelSettings
from timetrial.models.coroutines import CoroutinesModel
from timetrial.workload import Workload


class EagerModel(CoroutinesModel):
    """Worker coroutines in a loop with asyncio's eager task factory, which the task's own tasks get as well."""

    def unavailable(self) -> str | None:
        """Older Pythons have no eager tasks."""
        if sys.version_info < (3, 12):
            this = sys.version.split()[0]
            return Text(
                f"asyncio has eager tasks from Python 3.12 on, and this is {this}",
                f"asyncio 从 Python 3.12 起才有即时执行的任务，而这里是 {this}",
            )
        return super().unavailable()

    def open_in_loop(self, workload: Workload, concurrency: int) -> AbstractAsyncContextManager[AsyncExecutor]:
        """As InLoopModel.open_in_loop; the loop's own task factory comes back when it is closed."""
        return _eagerly(super().open_in_loop(workload, concurrency))


def create(settings: ModelSettings) -> EagerModel:
    """The model on that event loop."""
    return EagerModel(settings)


@asynccontextmanager
async def _eagerly(opening: AbstractAsyncContextManager[AsyncExecutor]) -> AsyncGenerator[AsyncExecutor]:
    loop = asyncio.get_running_loop()
    before = loop.get_task_factory()
    eager: Any = getattr(asyncio, "eager_task_factory")  # noqa: B009 - the type check is Python 3.11's
    loop.set_task_factory(eager)
    try:
        async with opening as executor:
            yield executor
    finally:
        loop.set_task_factory(before)
