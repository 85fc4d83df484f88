"""Other tools' rules for "did it get slower", on sessions that were measured one after the other.

A session is what one side gave: for each benchmark its launches, for each launch the durations of its rounds. Every
rule gets the same sessions and says which benchmarks it would call slower. Where a tool looks at one list of rounds
(pytest-benchmark, asv, pyperf), it gets those of all launches: more than it would have by itself in that time.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from benchmatrix import BenchmarkRun

Session = Mapping[str, Sequence[Sequence[float]]]
"""Seconds by benchmark, launch and round."""

Rule = Callable[[Session, Session], set[str]]
"""Base and candidate to the names of the benchmarks that are called slower."""

ASV_FACTOR: Final = 1.1
_ASV_P: Final = 0.002
_ASV_EXACT_UP_TO: Final = 20

_T_95: Final = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t for 1 to 30 degrees of freedom, 95 %, both tails."""

_T_95_FROM: Final = ((200, 1.960), (100, 1.984), (80, 1.990), (60, 2.000), (50, 2.009), (40, 2.021), (30, 2.042))


def compare_fail(field: str, most_percent: float) -> Rule:
    """pytest-benchmark's ``--benchmark-compare-fail=FIELD:N%`` for min, median or mean."""
    folds: dict[str, Callable[[list[float]], float]] = {
        "min": min,
        "median": statistics.median,
        "mean": statistics.fmean,
    }
    fold = folds[field]

    def rule(base: Session, candidate: Session) -> set[str]:
        return _slower(base, candidate, lambda old, new: fold(new) / fold(old) * 100 - 100 > most_percent)

    return rule


def asv(base: Session, candidate: Session) -> set[str]:
    """``asv compare``: the medians differ by a factor of 1.1, and Mann and Whitney's test says p < 0.002."""
    return _slower(base, candidate, _worse_by_asv)


def pyperf(base: Session, candidate: Session) -> set[str]:
    """``pyperf compare_to``: a two-sided t-test at 95 %, its variances pooled, and a higher mean."""
    return _slower(base, candidate, _slower_by_pyperf)


def benchmatrix(base: Session, candidate: Session) -> set[str]:
    """What benchmatrix itself says, by its comparison of run groups with its own defaults, each launch being a run.

    One metric a benchmark, where its own harness would take three: the fewer are tested, the more it can see. Raises
    ImportError where it isn't installed (dependency group ``peers``).
    """
    return {name for name, verdict in benchmatrix_verdicts(base, candidate).items() if verdict == "regressed"}


def benchmatrix_verdicts(base: Session, candidate: Session) -> dict[str, str]:
    """Its classification of each benchmark: regressed, improved, unchanged or inconclusive."""
    from benchmatrix import compare_benchmark_run_groups

    compared = compare_benchmark_run_groups(_runs(base), _runs(candidate))
    return {each.case_name: each.regression for each in compared.comparisons}


RULES: Final[dict[str, Rule]] = {
    "compare-fail mean:10%": compare_fail("mean", 10),
    "compare-fail median:5%": compare_fail("median", 5),
    "compare-fail min:5%": compare_fail("min", 5),
    "asv": asv,
    "pyperf": pyperf,
    "benchmatrix": benchmatrix,
}


def _slower(base: Session, candidate: Session, says: Callable[[list[float], list[float]], bool]) -> set[str]:
    return {name for name in base if name in candidate and says(_pooled(base[name]), _pooled(candidate[name]))}


def _pooled(launches: Sequence[Sequence[float]]) -> list[float]:
    return [each for rounds in launches for each in rounds]


def _worse_by_asv(old: list[float], new: list[float]) -> bool:
    """As asv 0.6.6 has it (``asv/commands/compare.py``, ``asv/_stats.py``), with raw samples and the default factor."""
    return mann_whitney_p(old, new) < _ASV_P and statistics.median(old) < statistics.median(new) / ASV_FACTOR


def mann_whitney_p(one: Sequence[float], other: Sequence[float]) -> float:
    """Two-sided, as asv has it: exact up to 20 values a side, else by the normal distribution; ties count against.

    Mann and Whitney, Annals of Mathematical Statistics 18, 1947. Raises ValueError for so few values that no
    difference could reach 0.002, where asv takes another way.
    """
    m, n = len(one), len(other)
    if 1 / math.comb(m + n, min(m, n)) >= _ASV_P:
        raise ValueError(f"{m} and {n} rounds are too few for asv's test: measure at least 6 a side")
    u = _least_telling_u(one, other)
    if max(m, n) > _ASV_EXACT_UP_TO:
        z = (u - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12)
        return math.erfc(-z / math.sqrt(2))
    ways = _orderings(m, n)
    lower = sum(ways[: u + 1])
    upper = sum(ways[max(m * n // 2, m * n - u - 1) + 1 :])
    return (lower + upper) / math.comb(m + n, m)


def _least_telling_u(one: Sequence[float], other: Sequence[float]) -> int:
    """How often a value of one side exceeds one of the other, its ties set so that it says least."""
    ordered, product = sorted(other), len(one) * len(other)
    above = sum(bisect_left(ordered, each) for each in one)
    ties = sum(bisect_right(ordered, each) for each in one) - above
    middle = product // 2
    if above <= middle <= above + ties:
        return middle
    return max(min(each, product - each) for each in (above, above + ties))


def _orderings(m: int, n: int) -> list[int]:
    """In how many orders of m and n values each u occurs: the coefficients of a Gaussian binomial."""
    ways = [1] + [0] * (m * n)
    for size in range(1, m + 1):
        for index in range(m * n, n + size - 1, -1):
            ways[index] -= ways[index - n - size]
        for index in range(size, m * n + 1):
            ways[index] += ways[index - size]
    return ways


def _slower_by_pyperf(old: list[float], new: list[float]) -> bool:
    """As pyperf 2.11 has it (``is_significant`` in ``pyperf/_utils.py``): unequal sides are always significant."""
    old_mean, new_mean = statistics.fmean(old), statistics.fmean(new)
    if len(old) != len(new):
        return new_mean > old_mean
    pooled = (statistics.variance(old) + statistics.variance(new)) / 2
    if not pooled:
        return new_mean > old_mean
    t = (new_mean - old_mean) / math.sqrt(2 * pooled / len(old))
    return t >= critical_t(2 * len(old) - 2)


def critical_t(degrees: int) -> float:
    """Student's t at 95 %, both tails, in the steps in which pyperf takes it."""
    return next((value for least, value in _T_95_FROM if degrees >= least), None) or _T_95[degrees - 1]


def _runs(session: Session) -> list[BenchmarkRun]:
    """One run a launch, as benchmatrix has them when it reads a file of pytest-benchmark's."""
    from benchmatrix import BenchmarkRun, ParsedBenchmarkRow

    def row(name: str, rounds: Sequence[float]) -> ParsedBenchmarkRow:
        middle, mean, least = statistics.median(rounds), statistics.fmean(rounds), min(rounds)
        return ParsedBenchmarkRow(
            benchmark_name=name,
            metric_name="single_call_latency",
            implementation_name="workload",
            case_name=name,
            stats={"mean": mean, "median": middle, "min": least, "rounds": len(rounds), "iterations": 1},
            extra_info={"case_fresh_inputs": False},
            derived={"latency_mean": mean, "latency_median": middle, "latency_min": least},
            samples=tuple(rounds),
        )

    launches = max(map(len, session.values()))
    return [
        BenchmarkRun(tuple(row(name, each[index]) for name, each in session.items() if index < len(each)), {})
        for index in range(launches)
    ]
