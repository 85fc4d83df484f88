"""When the system refuses another worker: which of its limits that was, with their values, instead of a bare errno."""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from timetrial.environment.facts import ROOT, known, number_in
from timetrial.environment.limits import UNLIMITED, limit_facts, resource_limits
from timetrial.errors import LimitError

_REFUSED: Final = "can't start new thread"
_FILES: Final = (errno.EMFILE, errno.ENFILE)
_WORKERS: Final = (errno.EAGAIN, errno.ENOMEM)


@contextmanager
def starting(what: str, number: int, wanted: int) -> Generator[None]:
    """Turns the system's refusal to start one more worker into a LimitError; other errors pass as they are.

    ``number`` workers of ``wanted`` are there already, and ``what`` they are is told in the plural.
    """
    try:
        yield
    except (OSError, EOFError, RuntimeError, MemoryError) as error:
        limits = _limits_behind(error)
        if limits is None:
            raise
        reason = "the fork server gave up" if isinstance(error, EOFError) else f"{error}"
        raise LimitError(
            f"only {number:,} of {wanted:,} {what} could be started ({reason}). What can stop it here: {limits}. "
            f"Raise the limit that is too low, or ask for a lower concurrency"
        ) from error


def _limits_behind(error: BaseException) -> str | None:
    """The limits that an error may come from, in words; None for an error of another kind."""
    code = getattr(error, "errno", None)
    if code in _FILES:
        return f"RLIMIT_NOFILE (ulimit -n), now {_value(limit_facts()['open_files'])} open files for each process"
    if code in _WORKERS or isinstance(error, EOFError | MemoryError) or _REFUSED in str(error):
        return ", ".join(f"{name} {_value(value)}" for name, value in _limits_of_workers().items() if value is not None)
    return None


def _limits_of_workers(root: Path = ROOT) -> dict[str, int | str | None]:
    facts = limit_facts(root)
    address_space = known(lambda: resource_limits("RLIMIT_AS"))
    return {
        "RLIMIT_NPROC (ulimit -u)": facts["processes"],
        "pids.max of the cgroup": facts["processes_of_cgroup"] or UNLIMITED,
        "RLIMIT_AS (ulimit -v) in bytes": address_space[0] if address_space else None,
        "kernel.threads-max": number_in(root / "proc/sys/kernel/threads-max"),
        "kernel.pid_max": number_in(root / "proc/sys/kernel/pid_max"),
        "vm.max_map_count": number_in(root / "proc/sys/vm/max_map_count"),
        "memory available in kB": _available_kb(root),
    }


def _available_kb(root: Path) -> int | None:
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")), None)


def _value(limit: int | str | None) -> str:
    return f"{limit:,}" if isinstance(limit, int) else limit or "unknown"
