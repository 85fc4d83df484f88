"""The server on one core, the load on another: what is started inside ``on_core`` stays on that core."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def two_cores() -> tuple[int, int] | None:
    """The server's core and the load's; None where there are no two, or they can't be chosen."""
    if sys.platform != "linux":
        return None
    usable = sorted(os.sched_getaffinity(0))
    # The first and the last: neighbours are often two threads of one physical core.
    return (usable[0], usable[-1]) if len(usable) > 1 else None


def allow_many_files() -> None:
    """Processes that are started from now on may open as many sockets as this user is allowed to."""
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Processes that this thread starts in the block run on this core, for good."""
    assert sys.platform == "linux"
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
