"""Downloads that fail, under every model: a clear error at once, and nothing left behind."""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from fixtures.download_executors import open_coroutines
from fixtures.download_openers import opened
from fixtures.downloads import DownloadError, Order, Progress, part_of
from timetrial.errors import WorkerDiedError
from timetrial.mockserver import stream_sha256
from timetrial.models.base import Executor

if TYPE_CHECKING:
    from timetrial.mockserver import MockServer

pytestmark = pytest.mark.timeout(120)

MB: Final = 2**20
NEEDS_FULL_DISK: Final = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is full"
)


def sha256_of(path: Path) -> str:
    """The file's digest."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.fixture
def refusing_url() -> Iterator[str]:
    """An address at which nobody listens, and nobody can begin to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/body.bin"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"cut_after_bytes": 700_000}, "the body broke off after 700,000 of 1,048,576 bytes"),
        ({"fault": "reset_in_body"}, "the body broke off after 524,288 of 1,048,576 bytes"),
        ({"fault": "reset_before_headers"}, "no answer"),
        ({"status": 500}, "the server answered 500 Internal Server Error"),
        ({"chunked": True}, "the server does not say how long the body is"),
        ({"fault": "bad_encoding"}, "the server compressed the body (gzip)"),
    ],
    ids=["cut_short", "reset", "no_answer", "error_page", "no_length", "compressed"],
)
def test_a_server_that_fails_leaves_a_clear_error_and_no_file(
    mock_server: MockServer, target: Path, model: str, options: dict[str, Any], expected: str
) -> None:
    """The error names the URL, what happened and the order; the next download works as ever."""
    bad = Order(mock_server.stream(MB, **options), target)
    shown: list[Progress] = []
    with opened(model, shown.append) as executor:
        with pytest.raises(DownloadError) as failure:
            executor.run([bad])
        assert bad.url in str(failure.value)
        assert expected in str(failure.value)
        assert "item 0" in failure.value.__notes__[0]
        assert list(target.parent.iterdir()) == []
        assert all(progress.percent < 100 for progress in shown)
        shown.clear()
        executor.run([Order(mock_server.stream(2 * MB), target)])
        assert {progress.total_bytes for progress in shown} == {2 * MB}
    assert sha256_of(target) == stream_sha256(2 * MB)


def test_a_refused_connection_is_a_clear_error(refusing_url: str, target: Path, model: str) -> None:
    """The error names the URL and why; there is no progress to show and no file."""
    shown: list[Progress] = []
    with opened(model, shown.append) as executor, pytest.raises(DownloadError) as failure:
        executor.run([Order(refusing_url, target)])
    assert str(failure.value).startswith(f"{refusing_url}: no answer")
    assert "ConnectionRefusedError" in str(failure.value)
    assert shown == []
    assert list(target.parent.iterdir()) == []


@NEEDS_FULL_DISK
@pytest.mark.parametrize("size_bytes", [10, MB], ids=["when_closed", "when_written"])
def test_a_full_disk_is_a_clear_error(mock_server: MockServer, target: Path, model: str, size_bytes: int) -> None:
    """The error names the URL, the file and what to do; the file never seems complete."""
    part_of(target).symlink_to("/dev/full")
    shown: list[Progress] = []
    url = mock_server.stream(size_bytes)
    with opened(model, shown.append) as executor, pytest.raises(DownloadError, match="No space left") as failure:
        executor.run([Order(url, target)])
    assert f"{url}: can't write {target}" in str(failure.value)
    assert all(progress.percent < 100 for progress in shown)
    assert list(target.parent.iterdir()) == []


def test_a_folder_that_is_missing_is_a_clear_error(mock_server: MockServer, tmp_path: Path, model: str) -> None:
    """It is the disk's error, not the server's."""
    with opened(model, lambda _progress: None) as executor, pytest.raises(DownloadError, match="can't write"):
        executor.run([Order(mock_server.stream(MB), tmp_path / "missing" / "body.bin")])


def test_a_failed_download_leaves_the_file_from_before(mock_server: MockServer, target: Path, model: str) -> None:
    """What stood under that name stays as it was."""
    target.write_bytes(b"from before")
    with opened(model, lambda _progress: None) as executor, pytest.raises(DownloadError):
        executor.run([Order(mock_server.stream(MB, cut_after_bytes=500_000), target)])
    assert target.read_bytes() == b"from before"
    assert list(target.parent.iterdir()) == [target]


def test_a_failed_download_leaves_no_thread_and_no_process(mock_server: MockServer, target: Path, model: str) -> None:
    """The progress ends with the download, and the workers end with the executor."""
    threads, children = set(threading.enumerate()), set(multiprocessing.active_children())
    with opened(model, lambda _progress: None) as executor, pytest.raises(DownloadError):
        executor.run([Order(mock_server.stream(MB, cut_after_bytes=500_000), target)])
    assert set(threading.enumerate()) <= threads
    assert set(multiprocessing.active_children()) <= children


def test_a_failed_download_leaves_no_task_in_the_loop(mock_server: MockServer, target: Path) -> None:
    """The progress task has ended by the time the error is seen."""

    async def fail() -> set[asyncio.Task[Any]]:
        async with open_coroutines(1, show=lambda _progress: None) as executor:
            with pytest.raises(DownloadError):
                await executor.run([Order(mock_server.stream(MB, cut_after_bytes=500_000), target)])
            return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(fail()) == set()


@pytest.mark.parametrize("model", ["processes", "processes+coroutines"])
def test_a_worker_that_is_killed_is_a_clear_error_at_once(mock_server: MockServer, target: Path, model: str) -> None:
    """The parent notices, says so and removes the part of the file that the worker can't remove any more."""
    executors: list[Executor] = []

    def kill_the_worker(_progress: Progress) -> None:
        assert part_of(target).exists()
        os.kill(executors[0].worker_pids()[-1], signal.SIGTERM)

    with opened(model, kill_the_worker) as executor:
        executors.append(executor)
        with pytest.raises(WorkerDiedError, match="while downloading"):
            executor.run([Order(mock_server.stream(MB, rate_bytes_per_s=200_000), target)])
        assert list(target.parent.iterdir()) == []
        with pytest.raises(WorkerDiedError, match="open the model again"):
            executor.run([Order(mock_server.stream(MB), target)])


def test_a_display_that_fails_ends_the_download(mock_server: MockServer, target: Path, model: str) -> None:
    """Its own error is raised, long before the body's end, and nothing is left of the file."""

    def fail(progress: Progress) -> None:
        raise LookupError(f"no screen for {progress}")

    children = set(multiprocessing.active_children())
    with opened(model, fail) as executor, pytest.raises(LookupError, match="no screen"):
        executor.run([Order(mock_server.stream(100 * MB, rate_bytes_per_s=MB), target)])
    assert list(target.parent.iterdir()) == []
    assert set(multiprocessing.active_children()) <= children


def test_the_article_s_way_ends_when_its_download_fails(refusing_url: str, target: Path) -> None:
    """There, the dots would run for ever; here, the error is raised once they have noticed."""
    from benchmarks.test_download import article_threads

    threads = set(threading.enumerate())
    with pytest.raises(OSError, match="refused"):
        article_threads([Order(refusing_url, target)])
    assert set(threading.enumerate()) <= threads
