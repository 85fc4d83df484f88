"""What two halves of this machine are worth to a gate, measured: ``python -m benchmarks.gate_scale.halves``.

A real scheduler and real workers, each with one processor for itself, on Linux. Halves share caches, memory and clock
rates, so this shows what the machinery costs, and not what machines that are really apart would do.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from distributed import Client

from timetrial.gate.effects import effect_of
from timetrial.gate.store import read_gate
from timetrial.stats.signed_rank import as_ratio, shift_interval
from timetrial.system.signals import endings_unwind

_PINNED: Final = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execvp(sys.argv[2], sys.argv[2:])"
_LINK: Final = """
import pathlib, sys, sysconfig
file = pathlib.Path(sysconfig.get_path("purelib"), "linked.pth")
file.write_text(f"import site; site.addsitedir({sys.argv[1]!r})")
"""
_SUITE: Final = """
import pytest

@pytest.mark.parametrize("number", range({benchmarks}))
def test_spin(benchmark, number):
    benchmark(lambda: sum(each * each for each in range(20_000 + number)))
"""
_WAIT_S: Final = 30


def main() -> None:
    """Prints what a gate takes on one half, and on both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--launches", type=int, default=12)
    parser.add_argument("--benchmarks", type=int, default=4)
    options = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        sys.exit("two halves take two processors")
    with endings_unwind(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = _project(folder / "project", options.launches, options.benchmarks)
        alone_s = None
        for halves in (cpus[:1], cpus[:2]):
            with _cluster(folder, halves) as scheduler:
                took_s, width = _gate(project, scheduler)
            alone_s = alone_s or took_s
            print(
                f"MEASURED: launches on {len(halves)} of two halves of this machine took {took_s:.0f} s, "
                f"{took_s / alone_s:.0%} of one's; interval {as_ratio(width):.2%} wide"
            )


def _project(top: Path, launches: int, benchmarks: int) -> Path:
    top.mkdir()
    script = top.parent / "link.py"
    script.write_text(_LINK)
    install = json.dumps(["{python}", str(script), sysconfig.get_path("purelib")])
    policy = f"screen_launches = {launches}\nbudget_s = 3600\ninstall = {install}"
    (top / "pyproject.toml").write_text(f"[tool.timetrial.gate]\n{policy}\n")
    (top / "test_spin.py").write_text(_SUITE.format(benchmarks=benchmarks))
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "A suite")):
        subprocess.run(["git", *who, *words], cwd=top, check=True)
    return top


@contextmanager
def _cluster(folder: Path, cpus: Sequence[int]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    address, dask = f"tcp://127.0.0.1:{port}", shutil.which("dask", path=str(Path(sys.executable).parent)) or "dask"
    scheduler = [dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = [dask, "worker", address, "--nthreads", "1", "--resources", "timetrial=1", "--no-dashboard"]
    pinned = [[sys.executable, "-c", _PINNED, str(cpu), *worker] for cpu in cpus]
    with ExitStack() as stack:
        for command in (scheduler, *pinned):
            process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait, _WAIT_S)
            stack.callback(process.terminate)
        with Client(address, set_as_default=False, timeout=_WAIT_S) as client:
            client.wait_for_workers(len(cpus), timeout=_WAIT_S)
        yield address


def _gate(project: Path, scheduler: str) -> tuple[float, float]:
    """How long its launches took, in seconds, and how wide the interval of its median benchmark is."""
    results = project.parent / f"results-{time.monotonic_ns()}"
    where = ("--on", "dask", f"--dask-scheduler={scheduler}", f"--results={results}")
    subprocess.run(
        [sys.executable, "-m", "timetrial.cli", "gate", "--base", "HEAD", *where],
        cwd=project,
        check=False,
        stdout=subprocess.DEVNULL,
    )
    (file,) = results.glob("*.json")
    gate = read_gate(file)
    intervals = [shift_interval([effect_of(each) for each in record.launches]) for record in gate.records]
    return gate.seconds, statistics.median(each.high - each.low for each in intervals)


if __name__ == "__main__":
    main()
