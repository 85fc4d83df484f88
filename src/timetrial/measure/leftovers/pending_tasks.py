"""Tasks that were left in an event loop: whoever closes the loop cancels them, so they have to be looked for before."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Collection
from typing import Any, Final

from timetrial.measure.leftovers.unawaited import counted, place_of
from timetrial.system import own_package
from timetrial.system.clocks import clocks

_OURS: Final = f"{own_package.FOLDER}{os.sep}"
_LOOK_AGAIN_S: Final = 0.01


async def pending_since(known: Collection[asyncio.Task[Any]], *, patience_s: float = 0.5) -> list[str]:
    """One sentence for each coroutine of which the running loop has tasks that are pending and not among the known.

    Waits up to ``patience_s`` for those that are about to end. The task that asks and timetrial's own are left out.
    """
    deadline_s = clocks.monotonic() + patience_s
    while (left := _others(known)) and clocks.monotonic() < deadline_s:
        await asyncio.sleep(_LOOK_AGAIN_S)
    return counted(Counter(f"a task of {place_of(each.get_coro())} is still pending" for each in left))


def _others(known: Collection[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    me = asyncio.current_task()
    return [task for task in asyncio.all_tasks() if task is not me and task not in known and not _is_ours(task)]


def _is_ours(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and code.co_filename.startswith(_OURS)
