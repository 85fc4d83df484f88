"""A result that is still to be computed is found, whatever it is wrapped in; a value never is."""

from __future__ import annotations

import asyncio
import csv
import itertools
import multiprocessing.pool
import os
import re
import sqlite3
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import numpy as np
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


class Rows:
    """An iterator of somebody's own, that computes each row when it is asked for it."""

    def __iter__(self) -> Iterator[int]:
        """Itself."""
        return self

    def __next__(self) -> int:
        """Never asked here."""
        raise StopIteration


class Messages:
    """An async iterator of somebody's own."""

    def __aiter__(self) -> AsyncIterator[int]:
        """Itself."""
        return self

    async def __anext__(self) -> int:
        """Never asked here."""
        raise StopAsyncIteration


@dataclass
class Page:
    """A result with parts."""

    links: object
    number: Iterator[int] = field(default_factory=itertools.count)


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
    "struct": lambda: struct.iter_unpack("b", b"a"),
    "csv": lambda: csv.reader(["a,b"]),
    "iterator of one's own": Rows,
    "async iterator of one's own": Messages,
    "context manager": contextmanager(numbers),
    "async context manager": asynccontextmanager(pages),
    "future": Future,
    "generator expression": lambda: (each for each in [1]),
}


@pytest.mark.parametrize("make", LAZY.values(), ids=LAZY)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda x: x,
        lambda x: [1, x],
        lambda x: (x,),
        lambda x: {"a": x},
        lambda x: {"a": x}.values(),
        lambda x: deque([x]),
        lambda x: [[*range(500)], (1, {"a": [x]})],
        Page,
        lambda x: np.array([1, x], dtype=object),
    ],
    ids=["alone", "list", "tuple", "dict", "values", "deque", "deep", "dataclass", "array of objects"],
)
def test_what_is_still_to_be_computed_is_found(make: Callable[[], object], wrap: Callable[[object], object]) -> None:
    """Alone, as one of several results, or as a part of one."""
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


def test_a_task_that_its_loop_cancelled_when_it_closed_is_no_result() -> None:
    """Who returns tasks in place of what they come to finds them so."""

    async def begin() -> asyncio.Task[None]:
        return asyncio.create_task(asyncio.sleep(60))

    assert uncomputed([asyncio.run(begin())]) == "a Task that was cancelled: return its result"


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


def test_a_process_of_asyncio_counts_once_it_has_ended() -> None:
    """It is another class than subprocess's own."""

    async def both() -> tuple[str | None, str | None]:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
        before = uncomputed(process)
        await process.wait()
        return before, uncomputed(process)

    assert asyncio.run(both()) == ("a process that still runs: await its wait()", None)


def test_a_call_that_was_only_prepared_is_no_result() -> None:
    """Unlike a callback that a result holds."""
    assert uncomputed(partial(sum, [1])) == (
        "a partial, which nobody called, so nothing was computed: return what it returns"
    )
    assert uncomputed(Page(partial(sum, [1]))) is None


def test_what_was_opened_or_asked_for_counts() -> None:
    """A file, and a query's cursor, which go through their lines too; and a mock, which has every method."""
    with (
        Path(os.devnull).open() as file,
        closing(sqlite3.connect(":memory:")) as database,
        contextmanager(numbers)() as _,
    ):
        values = [file, database.execute("create table a (b)"), MagicMock(), AsyncMock(), itertools.count(), Page([1])]
        assert [uncomputed(each) for each in values] == [None] * len(values)


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
