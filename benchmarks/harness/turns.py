"""Two ways to do the same, one round of each in turn: what a ratio of paired rounds is made of."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from timetrial.stats.paired_ratio import paired_ratio

_PAIRS = 40
_MOST = 1.03

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


def held_against(
    script: Run,
    ours: Run,
    items: Sequence[Any],
    benchmark: Any,
    name: str,
    comparable: Callable[[Any], object] | None = None,
) -> None:
    """Fails where the interval leaves no doubt that our rounds take more than 3 % longer than the script's.

    Both have to come to the same; ``comparable`` keeps of each result what has to be equal. Our rounds are what the
    table of ``benchmark`` shows; its extra_info holds the ratio.
    """
    kept = comparable or (lambda result: result)
    for _ in range(2):
        assert list(map(kept, ours(items))) == list(map(kept, script(items)))
    pairs = [pair(ours, script, items) for _ in range(_PAIRS)]
    benchmark.pedantic(ours, args=(items,), rounds=1)
    ratio = paired_ratio([one for one, _ in pairs], [other for _, other in pairs])
    assert ratio is not None
    benchmark.group = "harness, workloads against scripts"
    benchmark.extra_info["script"] = {"case": name, "ratio_to_script": asdict(ratio)}
    more, low, high = (100 * (each - 1) for each in (ratio.ratio, ratio.low, ratio.high))
    print(f"\n{name:>30}: {more:+.1f} % ({low:+.1f} to {high:+.1f} %)")
    assert ratio.low < _MOST, f"{name} takes {more:.1f} % longer than the script"
