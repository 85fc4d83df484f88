"""A workload's task as each worker calls it: with the worker's own resource, opened once and closed there."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import Any

from timetrial.errors import NeverAwaitedError, NothingComputedError, WorkloadError
from timetrial.models.uncomputed import let_go, uncomputed
from timetrial.workload import Workload

Call = Callable[[Any], Any]
AsyncCall = Callable[[Any], Awaitable[Any]]


def require_task(workload: Workload, model: str) -> Callable[..., Any]:
    """The workload's task; raises WorkloadError where it has none."""
    if workload.task is None:
        raise WorkloadError(f"workload {workload.name!r} can't run under {model!r}: give it a task")
    return workload.task


def require_async_task(workload: Workload, model: str) -> Callable[..., Awaitable[Any]]:
    """The workload's async_task; raises WorkloadError where it has none."""
    if workload.async_task is None:
        raise WorkloadError(f"workload {workload.name!r} can't run under {model!r}: give it an async_task")
    return workload.async_task


def require_concurrency(concurrency: int) -> int:
    """The concurrency, once it is known to be a number of items; raises WorkloadError otherwise."""
    if concurrency < 1:
        raise WorkloadError(f"concurrency is a whole number of items in flight, 1 or more, not {concurrency!r}")
    return concurrency


@contextmanager
def opened_task(
    task: Callable[..., Any], resource: Callable[[int], Any] | None, concurrency: int
) -> Generator[Call, None, None]:
    """The task as a function of its item alone, with this worker's resource open behind it.

    The resource is closed as after success whatever happened in between, so that it can swallow no error.
    """
    if resource is None:
        yield task
        return
    with noting("opening"):
        stack = ExitStack()
        value = stack.enter_context(resource(concurrency))
    try:
        yield lambda item: task(item, value)
    finally:
        with noting("closing"):
            stack.close()


@asynccontextmanager
async def opened_async_task(
    async_task: Callable[..., Awaitable[Any]], resource: Callable[[int], Any] | None, concurrency: int
) -> AsyncGenerator[AsyncCall, None]:
    """As opened_task, for an async_task and its async_resource."""
    if resource is None:
        yield async_task
        return
    with noting("opening"):
        stack = AsyncExitStack()
        value = await stack.enter_async_context(resource(concurrency))
    try:
        yield lambda item: async_task(item, value)
    finally:
        with noting("closing"):
            await stack.aclose()


@contextmanager
def noting(doing: str) -> Generator[None, None, None]:
    """Notes on an error from opening or closing a resource that this is where it comes from."""
    try:
        yield
    except Exception as error:
        error.add_note(f"timetrial: raised while {doing} the workload's resource")
        raise


def check_computed(results: Sequence[Any], task: Callable[..., Any]) -> None:
    """Raises where a result is no result yet: NeverAwaitedError or NothingComputedError, with what to return instead.

    Executors call this once, for the first run that they make.
    """
    for result in results:
        if not never_awaited(result) and (reason := uncomputed(result)) is not None:
            let_go(result)
            raise NothingComputedError(f"the task {name_of(task)} returned {reason}")
    lazy = [result for result in results if never_awaited(result)]
    if not lazy:
        return
    for result in lazy:
        if inspect.iscoroutine(result):
            result.close()
    raise never_awaited_error(task, lazy[0])


def never_awaited(result: object) -> bool:
    """Whether a result is work that has yet to be awaited."""
    return inspect.iscoroutine(result) or (inspect.isawaitable(result) and not hasattr(result, "done"))


def never_awaited_error(task: Callable[..., Any], result: object) -> NeverAwaitedError:
    """The error for a sync task that returned an awaitable."""
    return NeverAwaitedError(
        f"the task {name_of(task)} returned a {type(result).__name__}, which nobody awaits, so no work was done; "
        f"pass it to the workload as async_task="
    )


def explain(error: BaseException, async_task: Callable[..., Any], returned: object) -> BaseException:
    """The error to raise for an item: a clear one where the async_task returned something that can't be awaited."""
    if not isinstance(error, TypeError) or returned is None or inspect.isawaitable(returned):
        return error
    return WorkloadError(
        f"the async_task {name_of(async_task)} returned a {type(returned).__name__}, which can't be awaited; "
        f"write it as async def, or pass it to the workload as task="
    )


def was_cancelled(error: BaseException) -> bool:
    """Whether the running task is being cancelled, as opposed to a CancelledError that its own work raised."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def name_of(function: Callable[..., Any]) -> str:
    """A function's name as a reader would look for it: ``module.function``."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    return f"{module}.{name}" if module and name else repr(function)
