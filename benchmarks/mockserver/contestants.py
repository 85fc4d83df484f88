"""The servers that are compared, each in processes of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from timetrial.measure.cputimes import tree_cpu_s
from timetrial.mockserver import MockServer, View, page_body
from timetrial.mockserver.kinds import LoopKind

_RIVALS = Path(__file__).parent / "rivals"
_START_S = 20.0


@dataclass(frozen=True)
class Contestant:
    """A running server: where its page of 1 KB is, and its processes. ``ours`` has a journal to ask."""

    name: str
    page: str
    pid: int
    ours: View | None = None

    def cpu_s(self) -> float:
        """CPU time of the server's processes so far."""
        used = tree_cpu_s(self.pid)
        if used is None:
            raise RuntimeError(f"{self.name} has ended")
        return used


@dataclass(frozen=True)
class Field:
    """Who takes part, and in words why others don't."""

    present: Sequence[Contestant]
    missing: Sequence[str]


class MissingError(Exception):
    """A contestant is not installed here; the message says how to install it."""


@contextmanager
def mock_server(loop: LoopKind) -> Iterator[Contestant]:
    """Ours, on this event loop."""
    if loop == "uvloop" and find_spec("uvloop") is None:
        raise MissingError("uvloop is not installed; pip install timetrial[uvloop]")
    with MockServer.start(loop=loop) as server:
        yield Contestant(f"timetrial, {loop}", server.page(1024), server.pids[0], server)


@contextmanager
def nginx(folder: Path) -> Iterator[Contestant]:
    """Nginx with one worker, which serves files out of ``folder``/files too."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise MissingError("nginx is not installed; it comes from the system's packages, e.g. apt-get install nginx")
    (folder / "files").mkdir()
    (folder / "files" / "page").write_bytes(page_body(1024))
    text = (_RIVALS / "nginx.conf").read_text()
    port = _free_port()
    # Without it, root's nginx would read files as somebody who may not enter the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    blanks = {"folder": str(folder), "port": str(port), "page": page_body(1024).decode(), "user": user}
    for name, value in blanks.items():
        text = text.replace(f"@{name}@", value)
    (folder / "nginx.conf").write_text(text)
    command = [program, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with _running(command, port) as pid:
        yield Contestant("nginx", f"http://127.0.0.1:{port}/page", pid)


def _in_python(name: str, module: str, package: str) -> Callable[[], Iterator[Contestant]]:
    def start() -> Iterator[Contestant]:
        if find_spec(package) is None:
            raise MissingError(f"{name} is not installed; pip install --group rivals")
        port = _free_port()
        command = [sys.executable, "-m", f"benchmarks.mockserver.rivals.{module}", str(port)]
        with _running(command, port) as pid:
            yield Contestant(name, f"http://127.0.0.1:{port}/page", pid)

    return start


granian = contextmanager(_in_python("granian, RSGI", "granian_rsgi", "granian"))
aiohttp_web = contextmanager(_in_python("aiohttp.web", "aiohttp_web", "aiohttp"))
pytest_httpserver = contextmanager(_in_python("pytest-httpserver", "pytest_httpserver_app", "pytest_httpserver"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[int]:
    """Starts the command, waits until its port answers, and ends it with its children."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL) as process:
        try:
            _await(port, process)
            yield process.pid
        finally:
            process.terminate()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)  # another program's server has no event to wait for
        else:
            return
    raise RuntimeError(f"{process.args!r} did not answer on port {port} within {_START_S:g} s")
