"""zlib: computing in C that lets go of the GIL, a little for each item."""

from __future__ import annotations

import random
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pytest

from timetrial import Workload

if TYPE_CHECKING:
    from timetrial import Trial

CONCURRENCY: Final = 2
TEXTS: Final = 8


def compress(text: bytes) -> tuple[int, int]:
    """How small it gets, and a checksum of that."""
    small = zlib.compress(text)
    return len(small), zlib.crc32(small)


@lru_cache(maxsize=1)
def texts(size_kb: int) -> list[bytes]:
    """Made of few letters, so that there is something to find."""
    dice = random.Random(size_kb)
    return [bytes(dice.choices(b"abcdefgh \n", k=size_kb * 1024)) for _ in range(TEXTS)]


@pytest.mark.workload(Workload("compressing", task=compress), models=["serial", "threads", "processes"])
@pytest.mark.trial_points("size_kb", quick=[16], default=[256], article=[4096], gate=[16])
def test_compressing(trial: Trial, size_kb: int) -> None:
    """Threads share the work as well as processes do, which have to be sent the texts."""
    trial(texts(size_kb), concurrency=CONCURRENCY)
