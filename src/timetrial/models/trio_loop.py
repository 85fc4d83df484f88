"""coroutines[trio]: worker coroutines in trio's event loop, for tasks that are written with anyio (extra: trio)."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from typing import Any

from timetrial.errors import ModelUnavailableError, blame
from timetrial.languages import Text
from timetrial.models.base import Executor, ModelSettings
from timetrial.models.calling import (
    AsyncCall,
    explain,
    opened_async_task,
    require_async_task,
    require_concurrency,
)
from timetrial.models.pool.start_methods import require
from timetrial.workload import Workload

_OF_ASYNCIO = ("no running event loop", "trio got unexpected", "unrecognized yield message")
"""What asyncio says without its loop, and trio of what it can't await."""


class TrioModel:
    """As many worker coroutines as items in flight, in a loop of trio's that runs in a thread of its own."""

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name

    def unavailable(self) -> str | None:
        """The extra may be missing."""
        try:
            import_module("anyio.from_thread")
            import_module("trio")
        except ImportError as error:
            return Text(
                f"trio and anyio can't be imported ({error}); install timetrial[trio]",
                f"无法导入 trio 与 anyio（“{error}”）；请安装 timetrial[trio]",
            )
        return None

    def suits(self, workload: Workload) -> bool:
        """Whether there is an async_task to await."""
        return workload.async_task is not None or self.name in workload.implementations

    def open(self, workload: Workload, concurrency: int) -> AbstractContextManager[Executor]:
        """As ConcurrencyModel.open."""
        own: Callable[[int], AbstractContextManager[Executor]] | None = workload.implementations.get(self.name)
        return own(concurrency) if own is not None else self._open(workload, require_concurrency(concurrency))

    @contextmanager
    def _open(self, workload: Workload, concurrency: int) -> Generator[Executor]:
        async_task = require_async_task(workload, self.name)
        require(self.unavailable())
        opening = opened_async_task(async_task, workload.async_resource, concurrency)
        start_blocking_portal: Any = import_module("anyio.from_thread").start_blocking_portal
        with start_blocking_portal("trio") as portal, ExitStack() as stack:
            try:
                call = stack.enter_context(portal.wrap_async_context_manager(opening))
            except Exception as error:
                _refuse_asyncio(error, self.name)
                raise
            yield TrioExecutor(portal, async_task, call, concurrency, self.name)


def create(settings: ModelSettings) -> TrioModel:
    """The model; its event loop is trio's."""
    return TrioModel(settings)


class TrioExecutor:
    """An Executor: rounds in trio's loop, driven from the calling thread."""

    def __init__(
        self, portal: Any, async_task: Callable[..., Any], call: AsyncCall, concurrency: int, model: str
    ) -> None:
        self._portal = portal
        self._async_task = async_task
        self._call = call
        self._concurrency = concurrency
        self._model = model

    @property
    def details(self) -> Mapping[str, object]:
        """As in Executor: ``workers``, the number of coroutines, and ``event_loop``."""
        return {"workers": self._concurrency, "event_loop": "trio"}

    def worker_pids(self) -> Sequence[int]:
        """As in Executor: this process."""
        return [os.getpid()]

    def run(self, items: Sequence[Any]) -> list[Any]:
        """As in Executor."""
        results, failures = self._portal.call(self._round, items)
        for index, error in failures[:1]:
            _refuse_asyncio(error, self._model)
            blame(error, index=index, item=items[index], model=self._model)
            raise error
        done: list[Any] = results
        return done

    async def _round(self, items: Sequence[Any]) -> tuple[list[Any], list[tuple[int, BaseException]]]:
        """The results, and what failed: the first failure cancels the rest."""
        import anyio

        results: list[Any] = [None] * len(items)
        failures: list[tuple[int, BaseException]] = []
        todo = enumerate(items)
        call, cancelled = self._call, anyio.get_cancelled_exc_class()

        async def work() -> None:
            for index, item in todo:
                awaitable = None
                try:
                    awaitable = call(item)
                    results[index] = await awaitable
                except cancelled:
                    raise
                except BaseException as error:  # noqa: BLE001 - the caller raises it, whatever it is
                    failures.append((index, explain(error, self._async_task, awaitable)))
                    deque(todo, maxlen=0)  # so that nothing that has not begun is begun
                    group.cancel_scope.cancel()
                    return

        async with anyio.create_task_group() as group:
            for _ in range(min(self._concurrency, len(items))):
                group.start_soon(work)
        return results, failures


def _refuse_asyncio(error: BaseException, model: str) -> None:
    """Raises ModelUnavailableError where a workload that is written for asyncio has found that this is trio."""
    if any(sign in str(error) for sign in _OF_ASYNCIO):
        raise ModelUnavailableError(
            f"{model}: the workload uses asyncio itself ({error}); under trio it may use anyio, or trio"
        ) from error
