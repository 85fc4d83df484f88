"""Threads of BLAS and the like are seen by what they computed, and told from Python's own."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from timetrial.measure.cputimes import ticks_per_s
from timetrial.measure.native_threads import (
    NativeThreads,
    NativeThreadWatch,
    cpu_s_by_thread,
    pythons_own,
    variables_that_limit_them,
)

BLAS = "/lib/libopenblas.so.0"


def _lay(root: Path, pid: int, cpu_s: dict[int, float], loaded: str = BLAS) -> None:
    for number, seconds in cpu_s.items():
        folder = root / f"proc/{pid}/task/{number}"
        folder.mkdir(parents=True, exist_ok=True)
        ticks = round(seconds * ticks_per_s())
        (folder / "stat").write_text(f"{number} (a name) S 1 1 1 0 -1 4194304 0 0 0 0 {ticks} 0 0 0 20 0 1 0 100\n")
    (root / f"proc/{pid}/maps").write_text(loaded)


@pytest.mark.parametrize(
    ("main_s", "library_s", "found"),
    [
        (1.0, [1.0], NativeThreads(1, 0.5)),
        (1.0, [0.5, 0.5], NativeThreads(2, 0.5)),
        (1.0, [0.05], NativeThreads()),
        (9.0, [0.5], NativeThreads()),
        (1.0, [], NativeThreads()),
    ],
    ids=["one", "two", "too little to tell", "a small share", "none"],
)
def test_of_a_worker_all_but_its_first_two_threads_are_its_librarys(
    tmp_path: Path, main_s: float, library_s: list[float], found: NativeThreads
) -> None:
    """Its main thread, and ours that hears the parent."""
    pid = 4_000_000
    numbers = range(pid + 2, pid + 2 + len(library_s))
    before = dict.fromkeys([pid, pid + 1, *numbers], 2.0)
    _lay(tmp_path, pid, before)
    watch = NativeThreadWatch([pid], tmp_path)
    after = {pid: main_s, **dict(zip(numbers, library_s, strict=True))}
    _lay(tmp_path, pid, {number: 2.0 + seconds for number, seconds in after.items()})
    assert watch.stop() == found


@pytest.mark.parametrize(
    ("pid", "shared", "loaded", "most"),
    [
        (4_000_000, False, "/lib/libc.so.6", 0),
        (os.getpid(), True, "/lib/libc.so.6", 0),
        (os.getpid(), True, BLAS, 1),
        (os.getpid(), False, "/lib/libc.so.6", 1),
    ],
    ids=["a worker's own pool", "another model's", "shared, of a library", "this process alone"],
)
def test_whose_threads_they_are_is_not_guessed(tmp_path: Path, pid: int, shared: bool, loaded: str, most: int) -> None:
    """A worker's to_thread starts threads too, and so does another model that takes turns in this process."""
    _lay(tmp_path, pid, {pid: 2.0, 1: 2.0, 4_100_000: 2.0}, loaded)
    watch = NativeThreadWatch([pid], tmp_path, shared=shared)
    _lay(tmp_path, pid, {pid: 3.0, 1: 2.0, 4_100_000: 3.0}, loaded)
    assert watch.stop().most_in_a_process == most


def test_of_this_process_the_threads_that_python_started_are_its_own() -> None:
    """However many: they are the model's, or the task's by its own choice."""
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait)
    thread.start()
    try:
        own = pythons_own([(os.getpid(), thread.native_id or 0)])
        assert (os.getpid(), thread.native_id) in own
    finally:
        go_on.set()
        thread.join()


def test_where_the_system_tells_nothing_there_are_none(tmp_path: Path) -> None:
    """As outside of Linux."""
    assert cpu_s_by_thread([1], tmp_path) == {}
    assert NativeThreadWatch([1], tmp_path).stop() == NativeThreads()


@pytest.mark.parametrize(
    ("loaded", "modules", "variables"),
    [
        ("/lib/libscipy_openblas64_-abc.so", {}, ["OPENBLAS_NUM_THREADS"]),
        ("/lib/libmkl_rt.so.2\n/lib/libiomp5.so", {}, ["MKL_NUM_THREADS", "OMP_NUM_THREADS"]),
        ("/lib/libc.so.6", {"polars": object(), "numexpr": object()}, ["NUMEXPR_NUM_THREADS", "POLARS_MAX_THREADS"]),
        ("/lib/libc.so.6", {}, ["OMP_NUM_THREADS"]),
    ],
    ids=["OpenBLAS", "MKL", "modules", "unknown"],
)
def test_the_variable_is_that_of_the_library_that_is_loaded(
    tmp_path: Path, loaded: str, modules: dict[str, object], variables: list[str]
) -> None:
    """OMP_NUM_THREADS where nobody knows: most of them read it too."""
    maps = tmp_path / "proc/self/maps"
    maps.parent.mkdir(parents=True)
    maps.write_text(loaded)
    assert variables_that_limit_them(tmp_path, modules) == variables
