"""Downloads under every model: every byte of the file, and its progress ten times a second."""

from __future__ import annotations

import hashlib
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from benchmarks.test_download import DOWNLOAD
from fixtures.download_openers import opened
from fixtures.download_progress import print_line
from fixtures.downloads import Order, Progress
from tests.system.workloads.proving import prove
from timetrial.errors import VoidTrialError
from timetrial.mockserver import stream_sha256

if TYPE_CHECKING:
    from timetrial.mockserver import MockServer

pytestmark = pytest.mark.timeout(120)

MB: Final = 2**20
UPDATES_PER_S: Final = 10


def sha256_of(path: Path) -> str:
    """The file's digest."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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


def test_another_file_voids_the_trial(mock_server: MockServer, target: Path, model: str) -> None:
    """The digest is of what stands on the disk."""
    order = Order(mock_server.stream(50_000), target)
    prove(DOWNLOAD, model, [order])
    with pytest.raises(VoidTrialError, match="the result of item 0"):
        prove(DOWNLOAD, model, [order], done=[Order(mock_server.stream(50_001), target)])


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


def test_the_terminal_shows_one_line_that_is_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes and percent, and a new line only after the last one."""
    print_line(Progress(512, 1024))
    print_line(Progress(1024, 1024))
    assert capsys.readouterr().out == "\r 50.0 % (512 of 1,024 bytes)\r100.0 % (1,024 of 1,024 bytes)\n"
