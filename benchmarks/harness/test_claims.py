"""Claims judged where the truth is planted: models that are really 1.3 times as fast, really equal, really slower.

What is planted beside it is what we measured of a shared virtual machine: launches of the same code that differ by 2 to
5 %, rounds that scatter, now and then one that is hit, and spells of seconds in which everything takes twice as long.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from timetrial.claims import Claim, Finding, Look, Outcome, all_claims, claim, judge, stored_of
from timetrial.results.schema import FILE_SCHEMA_VERSION, KEY

TRUTHS: Final = (1.3, 1.0, 1 / 1.3)
"""How many times as long the first model takes."""
EACH: Final = 60
"""Results made up for each truth, each way of measuring and each bound."""
MOST_WRONG: Final = 0.01
_SLOW_SPELL: Final = 2.1
_SHARE_OF_SPELLS: Final = 0.3


class Way(NamedTuple):
    """How it was measured: fresh interpreters, rounds in each, and whether models took turns."""

    name: str
    launches: int
    rounds: int
    in_turns: bool
    until_decided: bool = False
    """Whether there is a look after each launch, and no more once it is decided."""


WAYS: Final = (
    Way("one launch in turns, 10 rounds", 1, 10, in_turns=True),
    Way("one launch in turns, 40 rounds", 1, 40, in_turns=True),
    Way("one launch in turns, 6 rounds", 1, 6, in_turns=True),
    Way("three launches in turns", 3, 12, in_turns=True),
    Way("eight launches in turns", 8, 12, in_turns=True),
    Way("in turns, until decided", 12, 10, in_turns=True, until_decided=True),
    Way("twelve launches, no turns", 12, 12, in_turns=False),
    Way("one launch, no turns", 1, 12, in_turns=False),
)


def bounds() -> list[tuple[float | None, float | None]]:
    """Those that claims really have, of ratios."""
    thresholds = [each.threshold for each in all_claims() if each.threshold.unit == "x"]
    return sorted({(each.at_least, each.at_most) for each in thresholds}, key=str)


def claim_with(at_least: float | None, at_most: float | None) -> Claim:
    """One figure against these bounds."""

    @claim("planted", "x", of="x", because="x", at_least=at_least, at_most=at_most, measured_by="x.py", takes_s=1)
    def found(look: Look) -> Finding:
        return look.holds(look.ratio("test_planted", "one", "other"))

    return found


def results(dice: random.Random, truth: float, way: Way) -> dict[str, dict[str, Any]]:
    """A file for each launch."""
    spread = dice.uniform(0.02, 0.047)
    return {f"{number}.json": _launch(dice, truth, way, spread) for number in range(way.launches)}


def _launch(dice: random.Random, truth: float, way: Way, spread: float) -> dict[str, Any]:
    luck = dice.gauss(0, spread)
    turns = list(_moods(dice, way.rounds)) if way.in_turns else None
    benchmarks = []
    for model, seconds in (("one", truth * math.exp(luck)), ("other", 1.0)):
        moods = turns or [_SLOW_SPELL if dice.random() < _SHARE_OF_SPELLS else 1.0] * way.rounds
        data = [seconds * mood * _noise(dice) for mood in moods]
        benchmarks.append(_entry(model, data, in_turns=way.in_turns))
    return {"benchmarks": benchmarks, KEY: {"schema_version": FILE_SCHEMA_VERSION, "environment": {}}}


def _moods(dice: random.Random, rounds: int) -> Iterator[float]:
    """Of turns: what hits one of a pair mostly hits the other."""
    slow = False
    for _ in range(rounds):
        slow = dice.random() < (_SHARE_OF_SPELLS if not slow else 1 - _SHARE_OF_SPELLS)
        yield _SLOW_SPELL if slow else 1.0


def _noise(dice: random.Random) -> float:
    """A few per cent, and one round in twenty is hit by something."""
    hit = dice.expovariate(3) if dice.random() < 0.05 else 0.0
    return math.exp(dice.gauss(0, 0.04)) + hit


def _entry(model: str, data: Sequence[float], *, in_turns: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {"model": model, "items": 1, "parameters": {}, "void": []}
    if in_turns:
        facts["interleaved"] = {}
    name = f"x.py::test_planted[{model}]"
    return {"fullname": name, "stats": {"data": data}, "extra_info": {KEY: facts}}


def wrong(outcome: Outcome, truth: float, at_least: float | None, at_most: float | None) -> bool:
    """Whether a verdict says what isn't so."""
    holds = (at_least is None or truth >= at_least) and (at_most is None or truth <= at_most)
    return outcome is (Outcome.REFUTED if holds else Outcome.CONFIRMED)


def judge_one_by_one(files: Mapping[str, Mapping[str, Any]], planted: Claim, *, until_decided: bool) -> Outcome:
    """The verdict on all files, or as --measure goes about it: after each launch, until there is one."""
    names = list(files)
    for count in range(1 if until_decided else len(names), len(names) + 1):
        (verdict,) = judge(stored_of({name: files[name] for name in names[:count]}), [planted])
        if verdict.outcome.decided:
            return verdict.outcome
    return Outcome.INCONCLUSIVE


def judge_all(seed: int) -> Mapping[str, Counter[str]]:
    """Counts of right, wrong and open verdicts for each way of measuring."""
    dice, counts = random.Random(seed), {way.name: Counter[str]() for way in WAYS}
    for at_least, at_most in bounds():
        planted = claim_with(at_least, at_most)
        for way in WAYS:
            for truth in TRUTHS:
                for _ in range(EACH):
                    outcome = judge_one_by_one(results(dice, truth, way), planted, until_decided=way.until_decided)
                    is_wrong = wrong(outcome, truth, at_least, at_most)
                    said = "wrong" if is_wrong else "right" if outcome.decided else "open"
                    counts[way.name][said] += 1
    return counts


def table(counts: Mapping[str, Counter[str]]) -> list[str]:
    """A line for each way of measuring, and one for all."""
    total: Counter[str] = sum(counts.values(), Counter())
    lines = [f"{'':32}{'right':>7}{'wrong':>7}{'open':>7}"]
    for name, found in (*counts.items(), ("all", total)):
        lines.append(f"{name:32}{found['right']:7}{found['wrong']:7}{found['open']:7}")
    return lines


def test_claims_on_planted_truths(benchmark: Any) -> None:
    """At most one verdict in a hundred is wrong, in any way of measuring; what can't be told stays open."""
    once: Callable[..., Mapping[str, Counter[str]]] = benchmark.pedantic
    counts = once(judge_all, args=(20261129,), rounds=1)
    benchmark.extra_info["verdicts"] = {name: dict(found) for name, found in counts.items()}
    print("\n" + "\n".join(table(counts)))
    for name, found in counts.items():
        decided = found["right"] + found["wrong"]
        assert found["wrong"] <= MOST_WRONG * decided, name
