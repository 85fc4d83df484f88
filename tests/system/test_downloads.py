"""Downloads under every model: the whole file and its progress, or a clear error and nothing left behind."""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil
import pytest

from fixtures.download_executors import open_coroutines, open_serial, open_threads
from fixtures.download_processes import open_processes, open_processes_of_coroutines
from fixtures.download_progress import print_line
from fixtures.downloads import DownloadError, Order, Progress, part_of
from timetrial import Workload, models
from timetrial.errors import WorkerDiedError
from timetrial.mockserver import stream_sha256
from timetrial.models.base import Executor

if TYPE_CHECKING:
    from timetrial.mockserver import MockServer

pytestmark = pytest.mark.timeout(120)

MB: Final = 2**20
OPENERS: Final[dict[str, Callable[..., Any]]] = {
    "serial": open_serial,
    "threads": open_threads,
    "processes": open_processes,
    "coroutines": open_coroutines,
    "processes+coroutines": open_processes_of_coroutines,
}
UPDATES_PER_S: Final = 10
LINUX_ONLY: Final = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is full")
POSIX_ONLY: Final = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and limits")


def opened(model: str, show: Callable[[Progress], None]) -> AbstractContextManager[Executor]:
    """The model's executor, whose progress goes to ``show``."""
    workload = Workload("download", implementations={model: partial(OPENERS[model], show=show)})
    return models.get(model).open(workload, 1)


def sha256_of(path: Path) -> str:
    """The file's digest."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.fixture(params=OPENERS)
def model(request: pytest.FixtureRequest) -> str:
    """Each model's name."""
    name: str = request.param
    return name


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the file is to appear, in a folder of its own."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder / "body.bin"


@pytest.fixture
def refusing_url() -> Iterator[str]:
    """An address at which nobody listens, and nobody can begin to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/body.bin"


def test_the_file_is_what_the_server_sent(mock_server: MockServer, target: Path, model: str) -> None:
    """Every byte arrives, under the final name alone, over one connection for all rounds."""
    order = Order(mock_server.stream(3 * MB + 1), target)
    before = mock_server.counters()
    with opened(model, lambda _progress: None) as executor:
        for _ in range(3):
            assert executor.run([order]) == [target]
            assert sha256_of(target) == stream_sha256(3 * MB + 1)
            assert list(target.parent.iterdir()) == [target]
            target.unlink()
    counted = mock_server.counters() - before
    assert (counted.requests_completed, counted.connections_opened) == (3, 1)


def test_each_progress_begins_anew_and_ends_at_100(mock_server: MockServer, target: Path, model: str) -> None:
    """A second download does not begin with the end of the first one."""
    shown: list[Progress] = []
    with opened(model, shown.append) as executor:
        for size_bytes in (2 * MB, MB):
            shown.clear()
            executor.run([Order(mock_server.stream(size_bytes), target)])
            received = [progress.received_bytes for progress in shown]
            assert received == sorted(received)
            assert {progress.total_bytes for progress in shown} == {size_bytes}
            assert shown[-1].percent == 100


def test_a_slow_body_shows_its_progress_ten_times_a_second(mock_server: MockServer, target: Path, model: str) -> None:
    """The updates come at least that often, never go back, and end at exactly 100 %."""
    shown: list[tuple[float, Progress]] = []
    url = mock_server.stream(300_000, rate_bytes_per_s=400_000)
    with opened(model, lambda progress: shown.append((time.monotonic(), progress))) as executor:
        for _ in range(3):  # another try for a machine that had something else to do
            shown.clear()
            executor.run([Order(url, target)])
            percents = [progress.percent for _, progress in shown]
            assert percents == sorted(percents)
            assert percents[-1] == 100
            assert len(set(percents)) > 2
            if len(shown) - 1 >= UPDATES_PER_S * (shown[-1][0] - shown[0][0]):
                return
    pytest.fail(f"only {len(shown)} updates in {shown[-1][0] - shown[0][0]:.2f} s")


def test_an_empty_file_is_a_file(mock_server: MockServer, target: Path, model: str) -> None:
    """Nothing to download is downloaded, and shown as 100 %."""
    shown: list[Progress] = []
    with opened(model, shown.append) as executor:
        executor.run([Order(mock_server.stream(0), target)])
    assert target.read_bytes() == b""
    assert shown[-1].percent == 100


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


@LINUX_ONLY
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


@pytest.mark.parametrize("model", ["serial", "threads", "coroutines"])
def test_memory_does_not_grow_with_the_file(mock_server: MockServer, target: Path, model: str) -> None:
    """32 MB pass through less than 4 MB; worker processes run the same code, out of this measurement's sight."""
    with opened(model, lambda _progress: None) as executor:
        executor.run([Order(mock_server.stream(MB), target)])
        tracemalloc.start()
        try:
            executor.run([Order(mock_server.stream(32 * MB), target)])
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak_bytes < 4 * MB


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


SLOW_SCRIPT: Final = """
import sys
from pathlib import Path
from tests.system.test_downloads import opened
from fixtures.downloads import Order

if __name__ == "__main__":
    model, url, target = sys.argv[1:]
    with opened(model, lambda progress: print(progress, flush=True)) as executor:
        executor.run([Order(url, Path(target))])
"""


@POSIX_ONLY
def test_ctrl_c_leaves_no_file_and_no_process(mock_server: MockServer, target: Path, model: str) -> None:
    """Pressed in the middle of a slow download, it ends the program at once."""
    with slow_download(mock_server, target, model) as program:
        os.killpg(program.pid, signal.SIGINT)  # as a terminal does: to the workers too
        _, errors = program.communicate(timeout=60)
        assert "KeyboardInterrupt" in errors
        assert group_is_gone(program.pid)
    assert list(target.parent.iterdir()) == []


@POSIX_ONLY
@pytest.mark.parametrize("model", ["processes", "processes+coroutines"])
def test_a_program_that_is_killed_takes_its_worker_along(mock_server: MockServer, target: Path, model: str) -> None:
    """Nothing goes on downloading for nobody."""
    with slow_download(mock_server, target, model) as program:
        program.kill()
        assert group_is_gone(program.pid)
    assert not target.exists()


@contextmanager
def slow_download(mock_server: MockServer, target: Path, model: str) -> Iterator[subprocess.Popen[str]]:
    """A program in the middle of a download that would take 100 seconds; whatever is left of it ends with the block."""
    url = mock_server.stream(100 * MB, rate_bytes_per_s=MB)
    with running(SLOW_SCRIPT, model, url, target) as program:
        try:
            assert program.stdout is not None
            assert "of 104,857,600 bytes" in program.stdout.readline()
            yield program
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)


LIMIT_SCRIPT: Final = """
import resource, sys
from pathlib import Path
from tests.system.test_downloads import opened
from fixtures.downloads import Order

if __name__ == "__main__":
    model, url, target = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    with opened(model, lambda progress: None) as executor:
        executor.run([Order(url, Path(target))])
"""


@POSIX_ONLY
def test_a_file_that_may_not_grow_is_a_clear_error(mock_server: MockServer, target: Path) -> None:
    """A limit that is met in the middle of a chunk is no different from a disk that is full."""
    url = mock_server.stream(MB)
    with running(LIMIT_SCRIPT, "serial", url, target) as program:
        _, errors = program.communicate(timeout=60)
    assert f"{url}: can't write {target}" in errors
    assert list(target.parent.iterdir()) == []


def running(script: str, *arguments: object) -> subprocess.Popen[str]:
    """The script in an interpreter and a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def group_is_gone(group: int) -> bool:
    """Whether nothing runs in a process group any more, given ten seconds; zombies are gone too."""
    for _ in range(200):
        if not any(runs_in(group, process) for process in psutil.process_iter()):
            return True
        time.sleep(0.05)
    return False


def runs_in(group: int, process: psutil.Process) -> bool:
    """Whether this process belongs to the group and is no zombie."""
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


def test_the_article_s_way_ends_when_its_download_fails(refusing_url: str, target: Path) -> None:
    """There, the dots would run for ever; here, the error is raised once they have noticed."""
    from benchmarks.test_download import article_threads

    threads = set(threading.enumerate())
    with pytest.raises(OSError, match="refused"):
        article_threads([Order(refusing_url, target)])
    assert set(threading.enumerate()) <= threads


def test_the_terminal_shows_one_line_that_is_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes and percent, and a new line only after the last one."""
    print_line(Progress(512, 1024))
    print_line(Progress(1024, 1024))
    assert capsys.readouterr().out == "\r 50.0 % (512 of 1,024 bytes)\r100.0 % (1,024 of 1,024 bytes)\n"
