"""The other tools' rules, as the power study applies them, are those tools' own."""

from __future__ import annotations

import importlib
import random
from typing import Any

import pytest

from benchmarks.gate_power.rules import (
    RULES,
    asv,
    benchmatrix,
    benchmatrix_verdicts,
    compare_fail,
    critical_t,
    mann_whitney_p,
    pyperf,
)


def session(effect: float, seed: int, launches: int = 6, rounds: int = 10, spread: float = 0.02) -> list[list[float]]:
    """Launches about 10 ms, this much slower."""
    rng = random.Random(seed)
    return [[0.010 * (1 + effect) * rng.lognormvariate(0, spread) for _ in range(rounds)] for _ in range(launches)]


SAME = {"a": session(0.0, 1), "b": session(0.0, 2)}
SLOWER = {"a": session(0.0, 3), "b": session(0.3, 4)}


@pytest.mark.parametrize("name", [each for each in RULES if each != "benchmatrix"])
def test_every_rule_sees_thirty_percent_and_only_that(name: str) -> None:
    """On quiet launches of which one benchmark is slower; it never takes a faster one for slower."""
    assert RULES[name](SAME, SLOWER) == {"b"}
    assert RULES[name](SLOWER, SAME) == set()


def test_a_benchmark_of_one_side_is_nobody_s_business() -> None:
    """As in those tools: what is missing passes."""
    assert compare_fail("mean", 10)({"a": [[1.0]]}, {"b": [[2.0]]}) == set()


@pytest.mark.parametrize(
    ("field", "candidate"), [("min", [1.06, 9.0, 9.0]), ("median", [0.5, 1.06, 9.0]), ("mean", [1.0, 1.0, 1.18])]
)
def test_compare_fail_looks_at_one_figure(field: str, candidate: list[float]) -> None:
    """Past 5 %, of all rounds together; pytest-benchmark's own class agrees."""
    utils = importlib.import_module("pytest_benchmark.utils")
    theirs = utils.parse_compare_fail(f"{field}:5%")
    assert theirs.fails({field: {"min": 1.06, "median": 1.06, "mean": 1.06}[field]}, {field: 1.0})
    assert compare_fail(field, 5)({"a": [[1.0], [1.0, 1.0]]}, {"a": [candidate]}) == {"a"}
    assert compare_fail(field, 7)({"a": [[1.0], [1.0, 1.0]]}, {"a": [candidate]}) == set()


@pytest.mark.parametrize(("m", "n"), [(6, 6), (7, 9), (20, 20), (21, 8), (60, 60)])
@pytest.mark.parametrize("seed", range(4))
def test_asv_s_test_is_asv_s(m: int, n: int, seed: int) -> None:
    """With ties and without, exact and not."""
    theirs: Any = pytest.importorskip("asv._stats")
    rng = random.Random(seed)
    digits = 1 if seed % 2 else 12
    one = [round(rng.gauss(0, 1), digits) for _ in range(m)]
    other = [round(rng.gauss(0.7, 1), digits) for _ in range(n)]
    assert mann_whitney_p(one, other) == pytest.approx(theirs.mann_whitney_u(one, other)[1], rel=1e-9)


def test_mann_whitney_s_p_of_six_against_six_apart() -> None:
    """Two of 924 orders."""
    assert mann_whitney_p([1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]) == pytest.approx(2 / 924)
    with pytest.raises(ValueError, match="5 and 5 rounds are too few"):
        mann_whitney_p([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])


@pytest.mark.parametrize("seed", range(6))
def test_asv_s_verdict_is_asv_s(seed: int) -> None:
    """Its own function, on the same rounds, with the effect near its factor."""
    compare: Any = pytest.importorskip("asv.commands.compare")
    compute_stats: Any = pytest.importorskip("asv_runner.statistics").compute_stats
    base, candidate = session(0.0, seed), session(0.11, seed + 100)
    old, new = ([each for rounds in side for each in rounds] for side in (base, candidate))
    (old_result, old_stats), (new_result, new_stats) = compute_stats(old, 1), compute_stats(new, 1)
    worse = compare._is_result_better(old_result, new_result, (old_stats, old), (new_stats, new), 1.1)
    assert (asv({"a": base}, {"a": candidate}) == {"a"}) is worse


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rounds", [2, 10, 40])
def test_pyperf_s_verdict_is_pyperf_s(seed: int, rounds: int) -> None:
    """Significant by its own function, and slower."""
    theirs: Any = pytest.importorskip("pyperf._utils")
    base, candidate = session(0.0, seed, rounds=rounds), session(0.006, seed + 100, rounds=rounds)
    old, new = ([each for part in side for each in part] for side in (base, candidate))
    significant, t = theirs.is_significant(old, new)
    assert (pyperf({"a": base}, {"a": candidate}) == {"a"}) is (significant and t < 0)


def test_pyperf_takes_unequal_or_constant_sides_for_different() -> None:
    """As its comparison does where its test can't be made."""
    assert pyperf({"a": [[1.0, 1.0]]}, {"a": [[1.1, 1.1]]}) == {"a"}
    assert pyperf({"a": [[1.0, 1.1, 0.9]]}, {"a": [[1.0, 1.1]]}) == {"a"}


@pytest.mark.parametrize("degrees", [*range(1, 60), 75, 99, 150, 500])
def test_the_critical_t_is_student_s_within_pyperf_s_steps(degrees: int) -> None:
    """A table in steps, up to one percent too wide."""
    stats = pytest.importorskip("scipy.stats")
    exact = float(stats.t.ppf(0.975, degrees))
    assert exact - 0.001 <= critical_t(degrees) * 1.003
    assert critical_t(degrees) <= exact * 1.011


def test_benchmatrix_is_asked_itself() -> None:
    """Its own classification: a clear slowdown is regressed, quiet equal sides are not."""
    pytest.importorskip("benchmatrix")
    assert benchmatrix(SAME, SLOWER) == {"b"}
    assert benchmatrix_verdicts(SAME, SLOWER)["a"] in ("unchanged", "inconclusive")
    assert benchmatrix_verdicts(SLOWER, SAME)["b"] == "improved"


def test_benchmatrix_finds_fewer_than_five_launches_too_few() -> None:
    """Its own evidence policy."""
    pytest.importorskip("benchmatrix")
    few = {"a": session(0.0, 1, launches=4)}
    assert benchmatrix_verdicts(few, {"a": session(0.3, 2, launches=4)}) == {"a": "inconclusive"}
