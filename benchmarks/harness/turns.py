"""Two ways to do the same, one round of each in turn: what a ratio of paired rounds is made of."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

Run = Callable[[Sequence[Any]], list[Any]]


def pair(ours: Callable[[Any], Any], other: Callable[[Any], Any], items: Sequence[Any]) -> tuple[float, float]:
    """How long one round of each took, ours first, in seconds; which one begins is drawn by lot."""
    duration_s: dict[bool, float] = {}
    for is_ours in random.sample([True, False], 2):
        run = ours if is_ours else other
        began_s = time.perf_counter()
        run(items)
        duration_s[is_ours] = time.perf_counter() - began_s
    return duration_s[True], duration_s[False]
