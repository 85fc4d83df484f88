"""The figures that pytest-benchmark keeps of a benchmark's rounds, for rounds that come from several runs of it."""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any


def round_stats(data_s: Sequence[float], iterations: int) -> dict[str, Any]:
    """What stands under ``stats`` in its JSON, for at least one round; seconds per iteration.

    The quartiles are its own (methods 2 and 3 of Wikipedia's article on quartiles), so that its tables agree.
    """
    ordered = sorted(data_s)
    mean, total = statistics.fmean(ordered), sum(ordered)
    stddev = statistics.stdev(ordered) if len(ordered) > 1 else 0
    q1, q3 = _quartiles(ordered)
    iqr = q3 - q1
    beyond_stddev = sum(abs(each - mean) > stddev for each in ordered)
    beyond_iqr = sum(not q1 - 1.5 * iqr <= each <= q3 + 1.5 * iqr for each in ordered)
    return {
        "min": ordered[0],
        "max": ordered[-1],
        "mean": mean,
        "stddev": stddev,
        "rounds": len(ordered),
        "median": statistics.median(ordered),
        "iqr": iqr,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": beyond_iqr,
        "stddev_outliers": beyond_stddev,
        "outliers": f"{beyond_stddev};{beyond_iqr}",
        "ld15iqr": ordered[bisect_left(ordered, q1 - 1.5 * iqr)],
        "hd15iqr": ordered[bisect_right(ordered, q3 + 1.5 * iqr) - 1],
        "ops": len(ordered) / total if total else 0,
        "total": total,
        "data": list(data_s),
        "iterations": iterations,
    }


def _quartiles(ordered: Sequence[float]) -> tuple[float, float]:
    count = len(ordered)
    if count == 1:
        return ordered[0], ordered[0]
    if count % 2 == 0:
        return statistics.median(ordered[: count // 2]), statistics.median(ordered[count // 2 :])
    n = count // 4
    if count % 4 == 1:
        return 0.25 * ordered[n - 1] + 0.75 * ordered[n], 0.75 * ordered[3 * n] + 0.25 * ordered[3 * n + 1]
    return 0.75 * ordered[n] + 0.25 * ordered[n + 1], 0.25 * ordered[3 * n + 1] + 0.75 * ordered[3 * n + 2]
