"""A result that is still to be computed is found, whatever it is wrapped in; a value never is."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing.pool
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetrial.models.uncomputed import let_go, uncomputed


async def fetch() -> int:
    """Never awaited here."""
    return 1


def numbers() -> Iterator[int]:
    """Never run here."""
    yield 1


async def pages() -> AsyncIterator[int]:
    """Never run here."""
    yield 1


class Later:
    """An awaitable of somebody's own."""

    def __await__(self) -> Iterator[Any]:
        """Awaits nothing."""
        yield


LAZY: dict[str, Callable[[], object]] = {
    "coroutine": fetch,
    "generator": numbers,
    "async generator": pages,
    "awaitable": Later,
    "map": lambda: map(str, [1]),
    "zip": lambda: zip([1], [2], strict=True),
    "filter": lambda: filter(None, [1]),
    "enumerate": lambda: enumerate([1]),
    "chain": lambda: itertools.chain([1], [2]),
    "islice": lambda: itertools.islice([1], 1),
    "finditer": lambda: re.finditer("a", "a"),
    "future": Future,
    "generator expression": lambda: (each for each in [1]),
}


@pytest.mark.parametrize("make", LAZY.values(), ids=LAZY)
@pytest.mark.parametrize(
    "wrap", [lambda x: x, lambda x: [1, x], lambda x: (x,), lambda x: {"a": x}], ids=["alone", "list", "tuple", "dict"]
)
def test_what_is_still_to_be_computed_is_found(make: Callable[[], object], wrap: Callable[[object], object]) -> None:
    """Alone, or as one of several results."""
    result = wrap(make())
    assert uncomputed(result) is not None
    let_go(result)


def test_a_task_counts_once_it_is_done() -> None:
    """Asyncio's own: what is done has computed something."""

    async def both() -> tuple[str | None, str | None]:
        task = asyncio.ensure_future(fetch())
        before = uncomputed(task)
        await task
        return before, uncomputed(task)

    before, after = asyncio.run(both())
    assert before == "a Task that is not done: return its result"
    assert after is None


def test_what_runs_elsewhere_counts_once_it_has_ended() -> None:
    """Threads, processes, and the jobs of pools."""
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)
    thread.start()
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with ThreadPoolExecutor(1) as pool, multiprocessing.pool.ThreadPool(1) as other:
        future, job = pool.submit(gate.wait), other.apply_async(gate.wait)
        running: list[Any] = [thread, process, future, job]
        assert all(uncomputed(each) for each in running)
        gate.set()
        thread.join()
        process.communicate()
        future.result()
        job.get()
    assert [uncomputed(each) for each in running] == [None] * 4


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_value_never_is(value: object) -> None:
    """Whatever plain data a task returns."""
    assert uncomputed(value) is None


@pytest.mark.parametrize("value", [range(9), iter([1]), BytesIO(b"a"), reversed([1]), re.compile("a"), fetch, Future])
def test_things_that_only_look_lazy_are_values(value: object) -> None:
    """Sequences, iterators over what is there, files, functions and classes."""
    assert uncomputed(value) is None
