"""Whether an async function blocks its event loop: for how long, and how often, while items run side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from timetrial.measure.looplag import LoopLag
from timetrial.models.coroutines import open_workers
from timetrial.workload import Workload

BLOCK_S: Final = 0.02
"""Whatever else is in the loop notices that it had to wait so long."""

_TOGETHER: Final = 8
_MOST_ITEMS: Final = 64


@dataclass(frozen=True)
class LoopBlocks:
    """How often the loop was blocked for BLOCK_S and longer, the longest of these, and in how many items."""

    count: int
    longest_s: float
    items: int


def loop_blocks(workload: Workload, items: Sequence[Any]) -> LoopBlocks:
    """Runs items side by side in a loop that is watched."""
    chosen = list(islice(items, _MOST_ITEMS))
    samples_ns = asyncio.run(_watched(workload, chosen))
    blocks_s = [each / 1e9 for each in samples_ns if each / 1e9 >= BLOCK_S]
    return LoopBlocks(len(blocks_s), max(blocks_s, default=0.0), len(chosen))


async def _watched(workload: Workload, items: Sequence[Any]) -> list[int]:
    async with open_workers(workload, _TOGETHER, "coroutines") as executor, LoopLag() as lag:
        await executor.run(items)
    return lag.samples_ns
