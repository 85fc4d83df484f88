"""A verdict is an interval against a bound that was stated before; what is missing is said with what measures it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.claims.made_up import ENVIRONMENT, PYTHON, run, trial
from timetrial.claims import Claim, Finding, Look, Outcome, Stored, Verdict, claim, judge, stored_of, tally
from timetrial.errors import ClaimError, ResultsError
from timetrial.results.schema import KEY


def half_again() -> Claim:
    """What the tests here judge; no claim of this module, where timetrial claims would find it."""

    @claim(
        "half-again",
        "Threads are half again as fast",
        of="serial / threads",
        because="made up",
        at_least=1.5,
        measured_by="test_made_up.py",
        takes_s=5,
    )
    def found(look: Look) -> Finding:
        return look.holds(look.ratio("test_x", "serial", "threads"))

    return found


def two(ratio: float, **how: Any) -> list[dict[str, Any]]:
    """Serial takes so many times as long as threads."""
    return [trial("test_x", "serial", 0.001 * ratio, **how), trial("test_x", "threads", 0.001, **how)]


def verdict_on(stored: Stored) -> Verdict:
    """On the one claim."""
    return judge(stored, [half_again()])[0]


@pytest.mark.parametrize(
    ("ratio", "outcome"),
    [(2.0, Outcome.CONFIRMED), (1.0, Outcome.REFUTED), (1.55, Outcome.INCONCLUSIVE), (1.45, Outcome.INCONCLUSIVE)],
)
def test_a_verdict_takes_an_interval_that_lies_on_one_side(ratio: float, outcome: Outcome) -> None:
    """What lies within one launch's luck of the bound stays open, and says how many launches would settle it."""
    verdict = verdict_on(stored_of({"a.json": run(two(ratio))}))
    assert verdict.outcome is outcome
    (evidence,) = verdict.evidence
    assert evidence.value == pytest.approx(ratio, rel=0.02)
    assert evidence.interval is not None
    assert evidence.interval.low < ratio < evidence.interval.high
    assert [each.file for each in evidence.trials] == ["a.json", "a.json"]
    assert (verdict.level == 0.99) == outcome.decided
    assert (verdict.settle is None) == outcome.decided
    if verdict.settle is not None:
        assert (verdict.settle.launches, verdict.settle.duration_s) == (7, 35)


def test_eight_launches_speak_for_themselves() -> None:
    """They need no allowance for one launch's luck: 1.55 is then known to be above 1.5."""
    launches = {f"{number}.json": run(two(1.55, seed=number)) for number in range(8)}
    verdict = verdict_on(stored_of(launches))
    assert verdict.outcome is Outcome.CONFIRMED
    assert verdict.evidence[0].launches == 8
    assert "launch" not in verdict.why.zh


def test_rounds_that_took_no_turns_tell_only_large_differences() -> None:
    """A machine has moods: what was run one after the other may have met two of them."""
    assert verdict_on(stored_of({"a.json": run(two(2.0, interleaved=False))})).outcome is Outcome.INCONCLUSIVE
    large = verdict_on(stored_of({"a.json": run(two(6.0, interleaved=False))}))
    assert (large.outcome, large.level) == (Outcome.CONFIRMED, None)
    assert tally([large]).without_level == 1


def test_what_is_missing_is_named_with_what_measures_it() -> None:
    """A model that was not measured leaves the claim open."""
    verdict = verdict_on(stored_of({"a.json": run(two(2.0)[:1])}))
    assert (verdict.outcome, verdict.missing) == (Outcome.INCONCLUSIVE, True)
    assert "serial / threads" in verdict.why.en
    assert verdict.settle is not None
    assert verdict.settle.command == "pytest --benchmark-only --benchmark-min-rounds=10 test_made_up.py"


def test_what_was_skipped_is_not_testable_here() -> None:
    """With the reason for which it was."""
    skipped = {"benchmark": "benchmarks/test_x.py::test_x[threads]", "kind": "skipped", "reason": "no threads here"}
    verdict = verdict_on(stored_of({"a.json": run(two(2.0)[:1], troubles=[skipped])}))
    assert verdict.outcome is Outcome.NOT_TESTABLE
    assert "no threads here" in verdict.why.en


def test_void_trials_decide_nothing() -> None:
    """Their reason is told."""
    verdict = verdict_on(stored_of({"a.json": run(two(9.0, void="others used the machine"))}))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "others used the machine" in verdict.why.en


def test_figures_of_two_machines_or_pythons_are_never_pooled() -> None:
    """The newest run's place counts; another one can be asked for."""
    other = {**ENVIRONMENT, "python": {**PYTHON, "version": "3.13.1"}}
    stored = stored_of(
        {
            "new.json": run(two(1.0), at="2026-11-29T02:00:00"),
            "old.json": run(two(2.0), at="2026-11-29T01:00:00", environment=other),
        }
    )
    assert verdict_on(stored).outcome is Outcome.REFUTED
    assert judge(stored, [half_again()], stored.places[1])[0].outcome is Outcome.CONFIRMED


def test_a_merged_file_s_launches_are_launches() -> None:
    """As timetrial measure writes them."""
    content = run(two(1.55))
    seconds = [{each["fullname"]: each["stats"]["data"] for each in two(1.55, seed=number)} for number in range(8)]
    content[KEY]["launches"] = [{"seconds": each} for each in seconds]
    verdict = verdict_on(stored_of({"a.json": content}))
    assert (verdict.outcome, verdict.evidence[0].launches) == (Outcome.CONFIRMED, 8)


def test_files_without_a_word_of_timetrial_are_an_error_that_says_what_to_do() -> None:
    """pytest-benchmark's own files hold no trial."""
    stored = stored_of({"a.json": {"benchmarks": [{"fullname": "test_y", "stats": {"data": [1.0]}}]}})
    assert stored.foreign == 1
    with pytest.raises(ResultsError, match="measure with pytest --benchmark-only"):
        verdict_on(stored)


def test_a_claim_that_fails_is_named() -> None:
    """So that whoever wrote it finds it."""

    @claim("broken", "x", of="x", because="x", at_least=1, measured_by="x", takes_s=1)
    def broken(look: Look) -> Finding:
        raise KeyError(look.place.python.version)

    with pytest.raises(ClaimError, match=r"'broken' failed.*KeyError"):
        judge(stored_of({"a.json": run(two(1.0))}), [broken])


@pytest.mark.parametrize(("name", "at_least"), [("Capital", 1.0), ("fine", None)])
def test_a_claim_needs_an_id_that_can_be_typed_and_a_threshold(name: str, at_least: float | None) -> None:
    """Said when it is written."""
    with pytest.raises(ClaimError):
        claim(name, "x", of="x", because="x", measured_by="x", takes_s=1, at_least=at_least)
