"""What a worker has never awaited is noted at its end, and read when it is gone."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from timetrial.measure.leftovers.notes import Notes, open_notes

KEPT: list[Any] = []

pytestmark = pytest.mark.filterwarnings("ignore:.*is multi-threaded, use of fork:DeprecationWarning")


async def forgotten() -> None:
    """Nobody awaits this."""


def forget(notes: bytes, dropped: int, kept: int) -> None:
    """A worker's life: it gets the notes, and does not await what it makes."""
    pickle.loads(notes)
    for _ in range(dropped):
        forgotten()  # type: ignore[unused-coroutine]  # the mistake that is looked for
    KEPT.extend(forgotten() for _ in range(kept))


def told_by_a_worker(dropped: int, kept: int, start_method: str) -> tuple[int | None, list[str]]:
    """Its process's id, and what it has noted."""
    with open_notes() as notes:
        context: Any = multiprocessing.get_context(start_method)
        worker = context.Process(target=forget, args=(pickle.dumps(notes), dropped, kept))
        worker.start()
        worker.join(60)
        return worker.pid, notes.read()


@pytest.fixture(params=multiprocessing.get_all_start_methods())
def start_method(request: pytest.FixtureRequest) -> str:
    """However a worker starts."""
    return str(request.param)


def test_what_a_worker_drops_or_keeps_unawaited_is_told_with_how_many_they_were(start_method: str) -> None:
    """A line for each place, and whose it is."""
    pid, (dropped, kept) = told_by_a_worker(3, 1, start_method)
    assert dropped.startswith("coroutine 'forgotten' was never awaited (")
    assert dropped.endswith(f") (3 times) in worker process {pid}")
    assert kept.startswith("coroutine 'forgotten' (")
    assert kept.endswith(f" was never awaited in worker process {pid}")


def test_a_worker_that_awaits_what_it_makes_has_nothing_to_say(start_method: str) -> None:
    """Nor has one that was forked from a process which holds a coroutine of its own."""
    mine = forgotten()
    try:
        assert told_by_a_worker(0, 0, start_method)[1] == []
    finally:
        mine.close()


def test_what_this_process_notes_is_told_as_it_is() -> None:
    """Nobody asks which one it was; the folder goes with the notes."""
    with open_notes() as notes:
        notes.add([])
        assert notes.read() == []
        notes.add(["one thing", "another"])
        (notes.folder / str(os.getpid() + 1)).write_text("a third\n")
        assert notes.read() == ["one thing", "another", f"a third in worker process {os.getpid() + 1}"]
    assert not Path(notes.folder).exists()


def test_notes_in_this_process_listen_to_nothing() -> None:
    """Only where they arrive by pickle."""
    import warnings

    before = warnings.showwarning
    with open_notes() as notes:
        assert notes == Notes(notes.folder)
    assert warnings.showwarning is before
