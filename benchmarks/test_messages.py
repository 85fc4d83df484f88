"""Messages from a producer to a consumer, counted and hashed on receipt: what talking between workers costs."""

from __future__ import annotations

import asyncio
import queue
import random
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from functools import lru_cache
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from fixtures import shared_block
from fixtures.children import Child
from fixtures.executors import AsyncRounds, Rounds, stateless
from fixtures.handover import Consumer, Receipt, consume, receipts, send_all, settled, take_all
from fixtures.pools import worker_context
from timetrial import Workload
from timetrial.models.base import AsyncExecutor, Executor

if TYPE_CHECKING:
    from timetrial import Trial

KB: Final = 1024
MB: Final = 1024 * KB


class Channel(NamedTuple):
    """The way between two processes: what the producer calls, what the consumer calls, and what closes each end."""

    send: Callable[[Any], None]
    receive: Callable[[], Any]
    close_receiving_end: Callable[[], None]
    close: Callable[[], None]


def mp_queue(context: BaseContext) -> Channel:
    """``multiprocessing.Queue``: put() returns at once, and a thread behind it pickles and writes to a pipe."""
    messages = context.Queue()

    def close() -> None:
        messages.cancel_join_thread()
        messages.close()

    return Channel(messages.put, messages.get, lambda: None, close)


def mp_simple_queue(context: BaseContext) -> Channel:
    """``multiprocessing.SimpleQueue``: a pipe with a lock on either end, and no thread."""
    messages = context.SimpleQueue()
    reader: Any = messages._reader  # type: ignore[attr-defined] # noqa: SLF001 - or put() would wait for a dead consumer
    return Channel(messages.put, messages.get, reader.close, messages.close)


def mp_pipe(context: BaseContext, *, duplex: bool = False) -> Channel:
    """``Pipe(duplex=False)`` is a pipe; ``Pipe()``, which talks both ways, a pair of sockets."""
    receiving, sending = context.Pipe(duplex)
    return Channel(sending.send, receiving.recv, receiving.close, sending.close)


def mp_pipe_duplex(context: BaseContext) -> Channel:
    """The default, although most use it one way."""
    return mp_pipe(context, duplex=True)


def mp_send_bytes(context: BaseContext) -> Channel:
    """What bytes need: the same pipe without pickling, which copies them once more on either side."""
    receiving, sending = context.Pipe(duplex=False)
    return Channel(sending.send_bytes, receiving.recv_bytes, receiving.close, sending.close)


def mp_shared_memory(context: BaseContext) -> Channel:
    """One copy into a block that is kept, none out of it; a pipe tells where each message lies, and what is free."""
    ours, theirs = context.Pipe()
    writer, reader = shared_block.Writer(ours), shared_block.Reader(theirs)
    return Channel(writer.send, reader.receive, theirs.close, writer.close)


def between_processes(make: Callable[[BaseContext], Channel]) -> Callable[[int], AbstractContextManager[Executor]]:
    """The producer here, the consumer in a process that is there before the first message."""

    @contextmanager
    def opened(concurrency: int) -> Generator[Executor]:
        del concurrency
        channel = make(worker_context())
        try:
            with Child("processes", consume, channel.receive) as consumer:
                channel.close_receiving_end()  # so that sending fails when the consumer has died

                def run(messages: Sequence[bytes]) -> list[Receipt]:
                    consumer.send(len(messages))
                    sent = send_all(channel.send, messages)
                    return settled(sent, consumer.receive("taking messages"), messages, "processes")

                yield Rounds(run, {"workers": 1, **consumer.details}, [consumer.pid])
        finally:
            channel.close()

    return opened


def between_threads(make: Callable[[], Any]) -> Callable[[int], AbstractContextManager[Executor]]:
    """The producer here, the consumer in a thread: what goes through the queue is a reference, not a copy."""

    @contextmanager
    def opened(concurrency: int) -> Generator[Executor]:
        del concurrency
        messages_on_their_way = make()
        with ThreadPoolExecutor(1, "consumer") as consumer:

            def run(messages: Sequence[bytes]) -> list[Receipt]:
                taken = consumer.submit(take_all, messages_on_their_way.get, len(messages))
                sent = send_all(messages_on_their_way.put, messages)
                return settled(sent, taken.result(), messages, "threads")

            yield Rounds(run, {"workers": 1})

    return opened


@asynccontextmanager
async def between_coroutines(concurrency: int) -> AsyncGenerator[AsyncExecutor]:
    """Two tasks of one event loop with an ``asyncio.Queue`` between them."""
    del concurrency
    messages_on_their_way: asyncio.Queue[bytes] = asyncio.Queue()

    async def take_all_awaited(count: int) -> Consumer:
        consumer = Consumer()
        for _ in range(count):
            consumer.take(await messages_on_their_way.get())
        return consumer

    async def run(messages: Sequence[bytes]) -> list[Receipt]:
        taking = asyncio.create_task(take_all_awaited(len(messages)))
        for message in messages:
            await messages_on_their_way.put(message)
        return settled(None, (await taking).report(), messages, "coroutines")

    yield AsyncRounds(run, {"workers": 1})


MESSAGES = Workload(
    "messages",
    reference=receipts,
    implementations={"serial": stateless(receipts, workers=1)},
    variants={
        "Queue": Workload(
            "Queue",
            implementations={
                "threads": between_threads(queue.Queue),
                "processes": between_processes(mp_queue),
                "coroutines": between_coroutines,
            },
        ),
        "SimpleQueue": Workload(
            "SimpleQueue",
            implementations={
                "threads": between_threads(queue.SimpleQueue),
                "processes": between_processes(mp_simple_queue),
            },
        ),
        "Pipe": Workload("one-way Pipe", implementations={"processes": between_processes(mp_pipe)}),
        "Pipe-duplex": Workload("duplex Pipe", implementations={"processes": between_processes(mp_pipe_duplex)}),
        "send_bytes": Workload("Pipe.send_bytes", implementations={"processes": between_processes(mp_send_bytes)}),
        "shared-memory": Workload("shared memory", implementations={"processes": between_processes(mp_shared_memory)}),
    },
)


@lru_cache(maxsize=1)
def written(count: int, size_bytes: int) -> list[bytes]:
    """So many messages, no two alike."""
    dice = random.Random(size_bytes)
    return [dice.randbytes(size_bytes) for _ in range(count)]


@pytest.mark.workload(MESSAGES)
@pytest.mark.trial_points(
    "messages, size_bytes",
    quick=[(100, 16 * KB)],
    default=[(2_000, 64), (8, 4 * MB)],
    article=[(20_000, 64), (1_000, 64 * KB), (100, MB), (4, 64 * MB)],
    gate=[(500, 64), (4, MB)],
)
def test_messages(trial: Trial, messages: int, size_bytes: int) -> None:
    """Small messages cost what a queue costs; in large ones it is how often they are copied that counts."""
    trial(written(messages, size_bytes))


@pytest.mark.workload(MESSAGES)
@pytest.mark.trial_sweep(
    "size_bytes",
    quick=[64, MB],
    default=[64, KB, 16 * KB, 256 * KB, 4 * MB],
    article=[64, KB, 16 * KB, 256 * KB, 4 * MB, 64 * MB],
)
def test_messages_over_size(trial: Trial, size_bytes: int) -> None:
    """From which size on shared memory beats pickling, and threads beat them all by copying nothing."""
    trial(written(max(4, min(1_000, 16 * MB // size_bytes)), size_bytes))
