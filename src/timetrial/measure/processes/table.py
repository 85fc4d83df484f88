"""The table of this machine's processes: which reader it takes here, who descends from whom, and who is a helper."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from timetrial.errors import AccountingError
from timetrial.measure.processes.readings import ProcessTable


def open_table() -> ProcessTable:
    """The table of this machine's processes; raises AccountingError where psutil is needed and missing."""
    if sys.platform == "linux":
        from timetrial.measure.processes.procfs import ProcFiles

        return ProcFiles()
    try:
        from timetrial.measure.processes.psutil_table import PsutilTable

        return PsutilTable()
    except ModuleNotFoundError as error:
        raise AccountingError(
            f"reading what processes use on {sys.platform} needs psutil, which is not installed; "
            f"install timetrial[accounting]"
        ) from error


def descendants(parents: Mapping[int, int], ancestors: Mapping[int, object]) -> dict[int, int]:
    """Every process below one of the ancestors that is none itself, with the nearest ancestor it has among them."""
    found: dict[int, int] = {}
    for pid in parents:
        if pid in ancestors:
            continue
        above: int | None = pid
        for _ in range(len(parents)):
            above = None if above is None else parents.get(above)
            if above is None or above in ancestors:
                break
        if above is not None and above in ancestors:
            found[pid] = above
    return found


def is_helper(command: str) -> bool:
    """Whether a process is one of those that stay by design: a fork server, a resource tracker, a sampler."""
    helpers = (
        "multiprocessing.forkserver",
        "multiprocessing.resource_tracker",
        "timetrial.measure.processes.sampler_process",
    )
    return any(name in command for name in helpers)
