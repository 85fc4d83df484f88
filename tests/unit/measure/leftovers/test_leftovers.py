"""Whatever a round leaves behind is named in words; a clean round leaves an empty list."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from timetrial.measure.leftovers.leftovers import Leftovers


async def forgotten() -> None:
    """Nobody awaits this."""


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Ends whatever waits for it, at the latest with the test."""
    event = threading.Event()
    yield event
    event.set()


def test_a_clean_round_leaves_nothing(tmp_path: Path) -> None:
    """Threads that were joined, loops and sockets that were closed, files that were removed: all fine."""
    leftovers = Leftovers.before(directory=tmp_path)
    thread = threading.Thread(target=str)
    thread.start()
    thread.join()
    asyncio.run(forgotten())
    socket.socket().close()
    (tmp_path / "gone").write_text("x")
    (tmp_path / "gone").unlink()
    assert leftovers.after() == []


def test_a_leaked_thread_is_named(release: threading.Event) -> None:
    """By the name it was given."""
    leftovers = Leftovers.before()
    thread = threading.Thread(target=release.wait, name="leaky-7", daemon=True)
    thread.start()
    assert leftovers.after(patience_s=0.05) == ["thread 'leaky-7' (daemon) is still running"]
    release.set()
    thread.join()


def test_a_thread_that_is_about_to_end_is_waited_for(release: threading.Event) -> None:
    """Within the patience, it is no leftover."""
    leftovers = Leftovers.before()
    thread = threading.Thread(target=release.wait, args=(60,))
    thread.start()
    timer = threading.Timer(0.05, release.set)
    timer.start()
    assert leftovers.after(patience_s=30) == []


def test_a_process_left_running_is_named() -> None:
    """With its command."""
    leftovers = Leftovers.before()
    child = subprocess.Popen([sys.executable, "-c", "input('leaked child')"], stdin=subprocess.PIPE)
    try:
        (line,) = leftovers.after(patience_s=0.05)
    finally:
        child.kill()
        child.communicate()
    assert f"process {child.pid} (" in line
    assert "is still there" in line


def test_an_open_socket_is_named_with_its_peer() -> None:
    """The other end helps to find who opened it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        leftovers = Leftovers.before()
        with socket.create_connection(server.getsockname()) as client:
            found = leftovers.after(patience_s=0.05)
            assert found == [f"socket {client.fileno()} to {server.getsockname()} is still open"]


def test_a_file_that_was_not_removed_is_named(tmp_path: Path) -> None:
    """Also in a folder below; what was there before is not."""
    (tmp_path / "old").touch()
    leftovers = Leftovers.before(directory=tmp_path)
    (tmp_path / "new").touch()
    assert leftovers.after(patience_s=0) == [f"file {tmp_path / 'new'} was not removed"]


def test_a_coroutine_that_is_kept_and_never_awaited_is_named() -> None:
    """With where it is defined."""
    leftovers = Leftovers.before()
    kept = forgotten()
    (line,) = leftovers.after(patience_s=0)
    kept.close()
    assert line.startswith("coroutine 'forgotten' (")
    assert line.endswith("was never awaited")


def test_a_coroutine_that_was_dropped_unawaited_is_named() -> None:
    """Python's own warning is taken up, and turns into a line instead of an error."""
    leftovers = Leftovers.before()
    forgotten()  # type: ignore[unused-coroutine]  # the mistake that is looked for
    gc.collect()
    (line,) = leftovers.after(patience_s=0)
    assert line.startswith("coroutine 'forgotten' was never awaited (")


def test_a_task_that_is_still_pending_is_named_once() -> None:
    """By its name and its coroutine, whichever loop it is in."""

    async def main() -> list[str]:
        leftovers = Leftovers.before()
        task = asyncio.create_task(forgotten(), name="stray")
        found = leftovers.after(patience_s=0)
        await task
        return found

    (line,) = asyncio.run(main())
    assert line.startswith("task 'stray' ('forgotten' (")
    assert line.endswith(" is still pending")


def test_other_warnings_are_given_as_if_nobody_had_listened() -> None:
    """They arrive at whoever listens outside."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        leftovers = Leftovers.before()
        warnings.warn("unrelated", UserWarning, stacklevel=1)
        assert leftovers.after(patience_s=0) == []
    assert [str(each.message) for each in heard] == ["unrelated"]
