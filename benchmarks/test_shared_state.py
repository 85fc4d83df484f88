"""A counter and a dictionary that all workers update: the price of a lock, and what happens without one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from ctypes import c_longlong
from functools import partial
from multiprocessing.context import BaseContext
from multiprocessing.managers import SyncManager
from multiprocessing.shared_memory import SharedMemory
from typing import TYPE_CHECKING, Any, Final

import pytest

from fixtures.children import live_and_die_with_the_parent
from fixtures.tallies import (
    LostUpdatesError,
    State,
    Updates,
    each_apart,
    keys_of,
    shared_by_processes,
    shared_in_loop,
    shared_under,
    tallies,
)
from timetrial import Workload

if TYPE_CHECKING:
    from timetrial import Trial

HITS: Final = ("hits",)
WORDS: Final = tuple(f"word {number}" for number in range(16))
PLACES: Final = {word: place for place, word in enumerate(WORDS)}
SHARES: Final = 16  # whatever the concurrency, so that a share is the same work along its curve
SLOW: Final = {"[Manager]": 4e-4, "coroutines[Lock]": 5e-5, "awaiting]": 5e-5}  # seconds an update, about
LONGEST_ROUND_S: Final = 1.0


class Shared:
    """A counter, a dictionary, and what guards them."""

    def __init__(self, guard: Any) -> None:
        self.guard = guard
        self.hits = 0
        self.words: dict[str, int] = {}


def counter_state(make_guard: Callable[[], Any]) -> State:
    """A counter for the workers of one process."""
    shared = Shared(make_guard())
    return State(shared, lambda: setattr(shared, "hits", 0), lambda: {"hits": shared.hits})


def dictionary_state(make_guard: Callable[[], Any]) -> State:
    """A dictionary for the workers of one process."""
    shared = Shared(make_guard())
    return State(shared, shared.words.clear, lambda: shared.words)


def hit(updates: Updates, shared: Shared) -> None:
    """Adds to the counter as if nobody else did; since Python 3.10 a build with a GIL happens to lose nothing here."""
    for _ in keys_of(updates):
        shared.hits += 1


def hit_guarded(updates: Updates, shared: Shared) -> None:
    """Adds to the counter, one at a time: threading.Lock, or RLock."""
    for _ in keys_of(updates):
        with shared.guard:
            shared.hits += 1


def count_words(updates: Updates, shared: Shared) -> None:
    """Counts words as everybody does; between get() and the assignment another thread may have its turn."""
    for word in keys_of(updates):
        shared.words[word] = shared.words.get(word, 0) + 1


def count_words_guarded(updates: Updates, shared: Shared) -> None:
    """Counts words, one at a time."""
    for word in keys_of(updates):
        with shared.guard:
            shared.words[word] = shared.words.get(word, 0) + 1


async def hit_between_awaits(updates: Updates, shared: Shared) -> None:
    """A coroutine gives way only where it awaits: without an await between reading and writing, it needs no lock."""
    hit(updates, shared)
    await asyncio.sleep(0)


async def count_between_awaits(updates: Updates, shared: Shared) -> None:
    """The same for words."""
    count_words(updates, shared)
    await asyncio.sleep(0)


async def hit_awaiting(updates: Updates, shared: Shared) -> None:
    """Awaits something between reading and writing, and overwrites what others have written meanwhile."""
    for _ in keys_of(updates):
        seen = shared.hits
        await asyncio.sleep(0)
        shared.hits = seen + 1


async def hit_awaiting_guarded(updates: Updates, shared: Shared) -> None:
    """The same with an asyncio.Lock around both."""
    for _ in keys_of(updates):
        async with shared.guard:
            seen = shared.hits
            await asyncio.sleep(0)
            shared.hits = seen + 1


async def count_awaiting(updates: Updates, shared: Shared) -> None:
    """The same mistake with words."""
    for word in keys_of(updates):
        seen = shared.words.get(word, 0)
        await asyncio.sleep(0)
        shared.words[word] = seen + 1


async def count_awaiting_guarded(updates: Updates, shared: Shared) -> None:
    """The same for words."""
    for word in keys_of(updates):
        async with shared.guard:
            seen = shared.words.get(word, 0)
            await asyncio.sleep(0)
            shared.words[word] = seen + 1


@contextmanager
def value_state(context: BaseContext) -> Generator[State]:
    """``multiprocessing.Value``: a number in shared memory that brings its lock along."""
    value = context.Value(c_longlong)
    yield State(value, lambda: setattr(value, "value", 0), lambda: {"hits": value.value})


def hit_value(updates: Updates, value: Any) -> None:
    """Reading and writing lock by themselves, each for itself, which is not enough."""
    for _ in keys_of(updates):
        value.value += 1


def hit_value_guarded(updates: Updates, value: Any) -> None:
    """The lock is held from reading to writing."""
    for _ in keys_of(updates):
        with value.get_lock():
            value.value += 1


@contextmanager
def shared_memory_state(context: BaseContext) -> Generator[State]:
    """``SharedMemory`` with a lock of its own: plain bytes, taken for 64-bit numbers."""
    memory = SharedMemory(create=True, size=8)
    assert memory.buf is not None
    cells = memory.buf.cast("q")
    try:
        yield State((memory, context.Lock()), partial(cells.__setitem__, 0, 0), lambda: {"hits": cells[0]})
    finally:
        cells.release()
        memory.close()
        memory.unlink()


def hit_shared_memory(updates: Updates, shared: Any) -> None:
    """The memory belongs to nobody, so the lock is one's own business."""
    memory, lock = shared
    with memory.buf.cast("q") as cells:
        for _ in keys_of(updates):
            with lock:
                cells[0] += 1


@contextmanager
def array_state(context: BaseContext) -> Generator[State]:
    """``multiprocessing.Array``: there is no dictionary in shared memory, but numbers whose places are agreed upon."""
    cells = context.Array(c_longlong, len(WORDS))

    def reset() -> None:
        cells[:] = [0] * len(WORDS)

    yield State(cells, reset, lambda: {word: cells[place] for word, place in PLACES.items()})


def count_in_array(updates: Updates, cells: Any) -> None:
    """Counts words in their places."""
    lock, plain = cells.get_lock(), cells.get_obj()
    for word in keys_of(updates):
        with lock:
            plain[PLACES[word]] += 1


@contextmanager
def manager_state(context: BaseContext) -> Generator[State]:
    """A Manager's dictionary and lock: a process of their own, asked over a socket for everything."""
    manager = SyncManager(ctx=context)
    manager.start(live_and_die_with_the_parent)
    with manager:
        words = manager.dict()
        yield State((words, manager.Lock()), words.clear, words.copy)


def count_by_manager(updates: Updates, shared: Any) -> None:
    """Four messages and four answers an update: lock, get, set, unlock."""
    words, lock = shared
    for word in keys_of(updates):
        with lock:
            words[word] = words.get(word, 0) + 1


def on_counter(update: Any, make_guard: Callable[[], Any] = object) -> Any:
    """Threads on the counter."""
    return shared_under("threads", update, partial(counter_state, make_guard))


def on_dictionary(update: Any, make_guard: Callable[[], Any] = object) -> Any:
    """Threads on the dictionary."""
    return shared_under("threads", update, partial(dictionary_state, make_guard))


COUNTER = Workload(
    "counter",
    reference=tallies,
    implementations={"serial": shared_under("serial", hit, partial(counter_state, object))},
    variants={
        "apart": Workload("apart", implementations={name: each_apart(name) for name in ("threads", "processes")}),
        "Lock": Workload(
            "Lock",
            implementations={
                "threads": on_counter(hit_guarded, threading.Lock),
                "coroutines": shared_in_loop(hit_awaiting_guarded, partial(counter_state, asyncio.Lock)),
            },
        ),
        "RLock": Workload("RLock", implementations={"threads": on_counter(hit_guarded, threading.RLock)}),
        "Value": Workload("Value", implementations={"processes": shared_by_processes(hit_value_guarded, value_state)}),
        "shared-memory": Workload(
            "shared memory with a lock",
            implementations={"processes": shared_by_processes(hit_shared_memory, shared_memory_state)},
        ),
        "no-lock": Workload(
            "no lock",
            implementations={
                "threads": on_counter(hit),
                "processes": shared_by_processes(hit_value, value_state),
                "coroutines": shared_in_loop(hit_between_awaits, partial(counter_state, object)),
            },
        ),
        "no-lock-awaiting": Workload(
            "an await and no lock",
            implementations={"coroutines": shared_in_loop(hit_awaiting, partial(counter_state, object))},
        ),
    },
)

DICTIONARY = Workload(
    "dictionary",
    reference=tallies,
    implementations={"serial": shared_under("serial", count_words, partial(dictionary_state, object))},
    variants={
        "apart": Workload("apart", implementations={name: each_apart(name) for name in ("threads", "processes")}),
        "Lock": Workload(
            "Lock",
            implementations={
                "threads": on_dictionary(count_words_guarded, threading.Lock),
                "coroutines": shared_in_loop(count_awaiting_guarded, partial(dictionary_state, asyncio.Lock)),
            },
        ),
        "RLock": Workload("RLock", implementations={"threads": on_dictionary(count_words_guarded, threading.RLock)}),
        "Array": Workload("Array", implementations={"processes": shared_by_processes(count_in_array, array_state)}),
        "Manager": Workload(
            "Manager", implementations={"processes": shared_by_processes(count_by_manager, manager_state)}
        ),
        "no-lock": Workload(
            "no lock",
            implementations={
                "threads": on_dictionary(count_words),
                "coroutines": shared_in_loop(count_between_awaits, partial(dictionary_state, object)),
            },
        ),
        "no-lock-awaiting": Workload(
            "an await and no lock",
            implementations={"coroutines": shared_in_loop(count_awaiting, partial(dictionary_state, object))},
        ),
    },
)


def shares(keys: Sequence[str], updates: int) -> list[Updates]:
    """The updates in equal shares, from which each worker takes one after the other."""
    return [Updates(tuple(keys), updates // SHARES)] * SHARES


def unfit(model: str, scale: str, updates: int, concurrency: int) -> str | None:
    """Why a model has no place beside the others."""
    del concurrency
    if scale == "gate" and "no-lock" in model and not model.startswith("coroutines[no-lock]"):
        return "what may lose updates is not the same work twice"
    round_s = updates * next((update_s for name, update_s in SLOW.items() if name in model), 0.0)
    return f"{updates:,} updates would take some {round_s:.0f} s a round" if round_s > LONGEST_ROUND_S else None


def run_or_tell_what_was_lost(
    trial: Trial, tell: Callable[..., None], keys: Sequence[str], updates: int, concurrency: int
) -> None:
    """Where nothing guards the state, lost updates are no failure of the suite: they are what it is there to show."""
    try:
        measured = trial(shares(keys, updates), concurrency=concurrency)
    except LostUpdatesError as lost:
        tell(lost_updates=lost.lost)
        if "no-lock" not in trial.model:
            raise
        pytest.skip(f"void without a lock: {lost.reason}")
    if measured.durations_s:
        tell(ns_per_update=1e9 * measured.median_s_per_round / updates, lost_updates=0)


SWEEP: Final = pytest.mark.trial_sweep(
    "concurrency", quick=[1, 2], default=[1, 2, 4, 8], article=[1, 2, 4, 8, 16], at={"updates": 32_000}
)


@pytest.mark.workload(COUNTER, unless=unfit)
@pytest.mark.trial_points(
    "updates, concurrency",
    quick=[(400, 2)],
    default=[(100_000, 4)],
    article=[(800, 4), (400_000, 2), (400_000, 4), (400_000, 8)],
    gate=[(4_000, 4)],
)
@SWEEP
def test_counter(trial: Trial, note: Callable[..., None], updates: int, concurrency: int) -> None:
    """A lock costs more than the update that it guards; between processes, far more. Sharing nothing costs nothing."""
    run_or_tell_what_was_lost(trial, note, HITS, updates, concurrency)


@pytest.mark.workload(DICTIONARY, unless=unfit)
@pytest.mark.trial_points(
    "updates, concurrency",
    quick=[(400, 2)],
    default=[(400, 4), (100_000, 4)],
    article=[(800, 4), (400_000, 2), (400_000, 4), (400_000, 8)],
    gate=[(4_000, 4)],
)
@SWEEP
def test_dictionary(trial: Trial, note: Callable[..., None], updates: int, concurrency: int) -> None:
    """A dictionary that all threads write to needs a lock too, GIL or not: an update is more than one step."""
    run_or_tell_what_was_lost(trial, note, WORDS, updates, concurrency)
