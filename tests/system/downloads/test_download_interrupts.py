"""Programs that are stopped in the middle of a download leave nothing that runs, and no file that looks whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
import pytest

if TYPE_CHECKING:
    from timetrial.mockserver import MockServer

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and limits"),
]

MB: Final = 2**20


SLOW_SCRIPT: Final = """
import sys
from pathlib import Path
from fixtures.download_openers import opened
from fixtures.downloads import Order

if __name__ == "__main__":
    model, url, target = sys.argv[1:]
    with opened(model, lambda progress: print(progress, flush=True)) as executor:
        executor.run([Order(url, Path(target))])
"""


def test_ctrl_c_leaves_no_file_and_no_process(mock_server: MockServer, target: Path, model: str) -> None:
    """Pressed in the middle of a slow download, it ends the program at once."""
    with slow_download(mock_server, target, model) as program:
        os.killpg(program.pid, signal.SIGINT)  # as a terminal does: to the workers too
        _, errors = program.communicate(timeout=60)
        assert "KeyboardInterrupt" in errors
        assert group_is_gone(program.pid)
    assert list(target.parent.iterdir()) == []


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
from fixtures.download_openers import opened
from fixtures.downloads import Order

if __name__ == "__main__":
    model, url, target = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    with opened(model, lambda progress: None) as executor:
        executor.run([Order(url, Path(target))])
"""


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
        cwd=Path(__file__).parents[3],
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
