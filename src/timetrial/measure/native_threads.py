"""Threads that a task's libraries compute in and Python knows nothing of: those of BLAS, OpenMP, Rayon and others."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timetrial.environment.facts import ROOT, text_of
from timetrial.measure.cputimes import ticks_per_s

LEAST_CPU_S: Final = 0.1
"""The counters step by 10 ms; what used less in all rounds together decides nothing."""

LEAST_SHARE: Final = 0.2
"""Of the CPU time of all threads: below it, libraries only wake up now and then."""

_BY_LIBRARY: Final = {
    "openblas": "OPENBLAS_NUM_THREADS",
    "libmkl": "MKL_NUM_THREADS",
    "libblis": "BLIS_NUM_THREADS",
    "libgomp": "OMP_NUM_THREADS",
    "libiomp": "OMP_NUM_THREADS",
    "libomp": "OMP_NUM_THREADS",
}
_BY_MODULE: Final = {"numexpr": "NUMEXPR_NUM_THREADS", "numba": "NUMBA_NUM_THREADS", "polars": "POLARS_MAX_THREADS"}


@dataclass(frozen=True)
class NativeThreads:
    """``most_in_a_process``: how many computed in the process with most; ``cpu_share``: theirs of all CPU time."""

    most_in_a_process: int = 0
    cpu_share: float = 0.0


class NativeThreadWatch:
    """Looks at the threads of these processes when it is made, and again in ``stop()``; in between it does nothing.

    Python's own threads are known in this process alone, and where models take turns in it (``shared``) a thread may be
    another model's. So elsewhere, and in a shared one, threads count only if a library that has such is loaded there.
    """

    def __init__(self, pids: Collection[int], root: Path = ROOT, *, shared: bool = False) -> None:
        self._pids = pids
        self._root = root
        self._sure = set() if shared else {os.getpid()}
        self._before = cpu_s_by_thread(pids, root)

    def stop(self) -> NativeThreads:
        """What such threads did meanwhile; nothing where the system doesn't tell (it takes /proc)."""
        after = cpu_s_by_thread(self._pids, self._root)
        used = {thread: cpu_s - self._before.get(thread, 0.0) for thread, cpu_s in after.items()}
        known = pythons_own(after)
        native = {
            (pid, number): cpu_s
            for (pid, number), cpu_s in used.items()
            if cpu_s >= LEAST_CPU_S and (pid, number) not in known and self._may_have_some(pid)
        }
        share = sum(native.values()) / (sum(used.values()) or 1.0)
        if share < LEAST_SHARE:
            return NativeThreads()
        return NativeThreads(max(sum(owner == pid for owner, _ in native) for pid in self._pids), share)

    def _may_have_some(self, pid: int) -> bool:
        loaded = _loaded(self._root, str(pid))
        return pid in self._sure or any(name in loaded for name in (*_BY_LIBRARY, *_BY_MODULE))


def cpu_s_by_thread(pids: Collection[int], root: Path = ROOT) -> dict[tuple[int, int], float]:
    """CPU seconds so far of each thread, by its process and its number."""
    found = {}
    for pid in pids:
        for folder in (root / f"proc/{pid}/task").glob("[0-9]*"):
            fields = (text_of(folder / "stat") or "").rpartition(")")[2].split()
            if fields:
                found[pid, int(folder.name)] = sum(map(int, fields[11:13])) / ticks_per_s()
    return found


def pythons_own(threads: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those that Python has started: here all that it knows of; in a worker the first two, the second is ours."""
    here = os.getpid()
    own = {(here, thread.native_id) for thread in threading.enumerate() if thread.native_id is not None}
    for pid in {pid for pid, _ in threads} - {here}:
        own |= {(pid, number) for number in sorted(number for owner, number in threads if owner == pid)[:2]}
    return own


def variables_that_limit_them(root: Path = ROOT, modules: Mapping[str, object] = sys.modules) -> list[str]:
    """The variables that the libraries read which are loaded in this process; OMP_NUM_THREADS where none is known."""
    loaded = _loaded(root, "self")
    found = [variable for library, variable in _BY_LIBRARY.items() if library in loaded]
    found += [variable for module, variable in _BY_MODULE.items() if module in modules]
    return list(dict.fromkeys(found)) or ["OMP_NUM_THREADS"]


def _loaded(root: Path, pid: str) -> str:
    """The files that a process has mapped, libraries among them; empty where the system doesn't tell."""
    return (text_of(root / f"proc/{pid}/maps") or "").lower()
