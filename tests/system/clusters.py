"""Dask clusters of real processes, started by the commands of docs/cluster.md."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from distributed import Client

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
HERE, WAIT_S = "127.0.0.1", 30
PINNED = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execvp(sys.argv[2], sys.argv[2:])"


def shell_block(having: str) -> str:
    """The first block of shell lines in the docs that has this in it."""
    blocks: list[str] = re.findall(r"```bash\n(.*?)```", DOCS, flags=re.DOTALL)
    return next(block for block in blocks if having in block)


def documented(start: str, block: str = "dask scheduler") -> list[str]:
    """The commands with this in them, of the first block that has ``block`` in it."""
    return [line for line in shell_block(block).splitlines() if start in line]


def free_port(host: str) -> int:
    """One that nobody listens on there."""
    with socket.create_server((host, 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def running(command: str, host: str, port: int, folder: Path, *prefix: str) -> Generator[subprocess.Popen[bytes]]:
    """A documented command with this address in its place, in a group of its own, ended with all that it started."""
    words = shlex.split(command.replace("10.0.0.5", host).replace("8786", str(port)))
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(folder),
    }
    if words[0] == "PYTHONPATH=.":
        env["PYTHONPATH"] = str(ROOT)
        words = words[1:]
    words = [str(folder / each) if each.endswith(".pem") else each for each in words]
    child = subprocess.Popen([*prefix, *words], cwd=ROOT, env=env, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@contextmanager
def cluster(
    host: str, folder: Path, *where_workers_run: str, block: str = "dask scheduler", cpus: Sequence[int] = ()
) -> Generator[str]:
    """The address of a scheduler with two workers, by the commands of that block.

    With ``cpus``, each has the processor of its place alone.
    """
    port = free_port(host)
    address = f"tcp://{host}:{port}"
    with ExitStack() as stack:
        (scheduler,) = documented("dask scheduler", block)
        stack.enter_context(running(scheduler, host, port, folder))
        for number, command in enumerate(documented("dask worker", block)):
            pinned = (sys.executable, "-c", PINNED, str(cpus[number])) if cpus else ()
            stack.enter_context(running(command, host, port, folder, *where_workers_run, *pinned))
        with Client(address, set_as_default=False, timeout=WAIT_S) as client:
            client.wait_for_workers(2, timeout=WAIT_S)
        yield address
