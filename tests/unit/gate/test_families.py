"""Variants of one test are judged together, beside each by itself, from the same launches."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

from timetrial.gate.families import families_of, judge_families, open_families
from timetrial.gate.findings import Verdict, exit_code
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, Trouble
from timetrial.gate.variants import family_of
from timetrial.gate.verdicts import judge, looked_at_again

POLICY = GatePolicy(confirm_launches=20)


def records_of(
    effect: Callable[[int], float], launches: int, *, variants: int = 20, sd: float = 0.06, numbered: bool = True
) -> list[BenchmarkRecord]:
    """Variants of ``test_wrapper`` that scatter much, the first seven launches of them in the screen."""
    rng = random.Random(11)
    made = [BenchmarkRecord(f"t.py::test_wrapper[{each}]") for each in range(variants)]
    for number in range(1, launches + 1):
        phase = Phase.SCREEN if number <= 7 else Phase.FAMILY
        for index, record in enumerate(made):
            slower = math.exp(effect(index) + rng.gauss(0, sd))
            record.launches.append(
                LaunchPair(phase, (0.01,), (0.01 * slower,), (False,), number=number if numbered else None)
            )
    return made


def test_a_test_that_got_slower_is_named_though_no_variant_is_proved() -> None:
    """And the gate fails."""
    records = records_of(lambda _: 0.08, launches=20)
    (family,) = judge_families(records, POLICY)
    assert (family.benchmark, family.verdict, family.variants) == ("t.py::test_wrapper", Verdict.REGRESSED, 20)
    assert family.effect is not None
    assert 0.06 < family.effect < 0.11
    findings = judge(records, POLICY)
    assert Verdict.REGRESSED not in {each.verdict for each in findings}
    assert (exit_code(findings), exit_code(findings, [family])) == (3, 1)


def test_what_leans_gets_fresh_launches_until_it_is_settled() -> None:
    """All variants that can be measured; a test that doesn't lean gets none."""
    leaning = records_of(lambda _: 0.08, launches=7)
    leaning[0].trouble = Trouble("void", None, "disturbed")
    assert open_families(leaning, POLICY) == {"t.py::test_wrapper": [each.name for each in leaning[1:]]}
    assert open_families(records_of(lambda _: 0.08, launches=20), POLICY) == {}
    assert open_families(records_of(lambda _: 0.0, launches=7, sd=0.02), POLICY) == {}


def test_a_test_that_got_slower_on_one_machine_only_is_not_told_as_slower() -> None:
    """Its launches on the other machine say otherwise, though most are of the first."""
    records = records_of(lambda _: 0.0, launches=20)
    for record in records:
        record.launches = [
            replace(each, candidate_s=(each.candidate_s[0] * (1.0 if on_b else 1.3),), machine="b" if on_b else "a")
            for number, each in enumerate(record.launches)
            for on_b in [number % 10 in (0, 3, 6)]
        ]
    alike = [replace(each, launches=[replace(one, machine="a") for one in each.launches]) for each in records]
    assert [each.verdict for each in judge_families(alike, POLICY)] == [Verdict.REGRESSED]
    assert judge_families(records, POLICY) == []


def test_one_slow_variant_is_not_its_whole_test() -> None:
    """Its own verdict says so."""
    records = records_of(lambda index: 0.5 if index == 3 else 0.0, launches=20, sd=0.01)
    assert judge_families(records, POLICY) == []


def test_launches_for_the_test_s_sake_are_no_second_look_at_a_variant() -> None:
    """Else all of them would share alpha, and be judged by launches that nobody asked for."""
    records = records_of(lambda _: 0.03, launches=20, sd=0.004)
    assert looked_at_again(records, POLICY) == {each.name for each in records}  # past the flag by themselves
    quiet = records_of(lambda _: 0.0, launches=20, sd=0.004)
    assert looked_at_again(quiet, POLICY) == set()
    assert {each.launches for each in judge(quiet, POLICY)} == {7}


def test_gates_that_did_not_number_their_launches_are_judged_as_they_were() -> None:
    """With all of alpha for the benchmarks, and no word on families; so are a few variants."""
    assert families_of(records_of(lambda _: 0.08, launches=20, numbered=False)) == {}
    assert judge_families(records_of(lambda _: 0.08, launches=20, numbered=False), POLICY) == []
    assert families_of(records_of(lambda _: 0.08, launches=20, variants=3)) == {}


def test_variants_differ_in_what_stands_between_the_brackets() -> None:
    """Brackets of their own are part of that."""
    assert family_of("a/b.py::TestC::test_d[x[1]-y]") == "a/b.py::TestC::test_d"
    assert family_of("a/[b].py::test_d") == "a/[b].py::test_d"
