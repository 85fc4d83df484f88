"""Each claim on made-up results: confirmed where it holds, refuted where it doesn't, open where nobody knows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.claims.made_up import ENVIRONMENT, PYTHON, run, trial
from tests.unit.claims.planted import PLANTED, Planted, contents
from timetrial.claims import Outcome, Verdict, all_claims, judge, stored_of
from timetrial.claims.all_claims import named
from timetrial.errors import ClaimError
from timetrial.results.schema import KEY

CLAIMS = {each.id: each for each in all_claims()}
TIMED = [each for each, planted in PLANTED.items() if planted.timed]


def verdict(claim_id: str, files: dict[str, dict[str, Any]]) -> Verdict:
    """On one claim, where the newest run was measured."""
    return judge(stored_of(files), [CLAIMS[claim_id]])[0]


def test_no_claim_goes_without_planted_results() -> None:
    """Forty claims, and as many plantings."""
    assert sorted(PLANTED) == sorted(CLAIMS)
    assert len(CLAIMS) == 40


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_a_claim_that_holds_is_confirmed(claim_id: str) -> None:
    """With figures that meet their bounds and can be traced to a file and a test."""
    found = verdict(claim_id, contents(PLANTED[claim_id], holds=True))
    assert found.outcome is Outcome.CONFIRMED, found.why
    bound = [each for each in found.evidence if each.outcome is not None]
    assert bound
    assert all(each.trials for each in bound)


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_a_claim_that_does_not_hold_is_refuted(claim_id: str) -> None:
    """By at least one figure that misses its bound."""
    found = verdict(claim_id, contents(PLANTED[claim_id], holds=False))
    assert found.outcome is Outcome.REFUTED, found.why


@pytest.mark.parametrize("claim_id", TIMED)
def test_rounds_that_scatter_widely_leave_a_claim_open(claim_id: str) -> None:
    """And it is said how many launches would settle it."""
    planted = PLANTED[claim_id]
    one = Planted(planted.holds, planted.fails, environments=planted.environments)
    found = verdict(claim_id, contents(one, holds=True, noise=2.0))
    assert found.outcome is Outcome.INCONCLUSIVE, found.why
    assert found.settle is not None
    assert found.settle.launches > 0


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_what_was_not_measured_is_open_or_can_not_be_tested(claim_id: str) -> None:
    """An open claim names the command that measures it and how long that takes; the other says what it would take."""
    found = verdict(claim_id, {"a.json": run([trial("test_something_else", "serial", 0.001)])})
    assert found.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_TESTABLE)
    if claim_id.startswith("ft-"):
        assert found.outcome is Outcome.NOT_TESTABLE
        return
    assert found.missing
    assert found.settle is not None
    assert "benchmarks/" in found.settle.command
    assert found.settle.duration_s > 0


@pytest.mark.parametrize("claim_id", [each for each in CLAIMS if not each.startswith("ft-")])
def test_what_was_skipped_can_not_be_tested_here(claim_id: str) -> None:
    """A library, a platform or a Python that lacks what the benchmark needs."""
    planted = PLANTED[claim_id]
    skipped = [
        {"benchmark": name["fullname"], "kind": "skipped", "reason": "there is none here"}
        for point in (*planted.holds, *planted.fails)
        for name in point.benchmarks()
    ]
    found = verdict(claim_id, {"a.json": run([], troubles=skipped)})
    assert found.outcome is Outcome.NOT_TESTABLE
    assert "there is none here" in found.why.en


@pytest.mark.parametrize(
    ("claim_id", "section", "change"),
    [
        ("cpu-processes", "cpu", {"usable_cores": 1}),
        ("independent-tasks", "cpu", {"usable_cores": 1}),
        ("shortest-task", "cpu", {"usable_cores": 1}),
        ("cpu-threads-useless", "python", {"gil_enabled": False, "free_threaded_build": True}),
        ("cpu-threads-slower", "python", {"gil_enabled": False, "free_threaded_build": True}),
        ("gil-switch-interval", "python", {"gil_enabled": False, "free_threaded_build": True}),
        ("eager-tasks", "python", {"version": "3.11.7"}),
        ("interp-start", "python", {"version": "3.13.1"}),
    ],
)
def test_a_place_that_lacks_what_a_claim_is_about_is_told(claim_id: str, section: str, change: dict[str, Any]) -> None:
    """One core, no GIL, or a Python that is too old."""
    environment = {**ENVIRONMENT, section: {**ENVIRONMENT[section], **change}}
    planted = PLANTED[claim_id]
    there = Planted(planted.holds, planted.fails, environments=[environment])
    assert verdict(claim_id, contents(there, holds=True)).outcome is Outcome.NOT_TESTABLE


def test_older_free_threaded_builds_are_held_to_what_is_said_of_them() -> None:
    """40 % in 3.13."""
    planted = PLANTED["ft-single-cost"]
    older = [{**each, "python": {**each["python"], "version": "3.13.2"}} for each in planted.environments]
    there = Planted(planted.fails, planted.holds, environments=older, launches=6)
    assert verdict("ft-single-cost", contents(there, holds=True)).outcome is Outcome.CONFIRMED
    assert verdict("ft-single-cost", contents(there, holds=False)).outcome is Outcome.REFUTED


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_a_claim_speaks_both_languages(claim_id: str) -> None:
    """Its sentence, what is measured, why this threshold, and what others published."""
    claim = CLAIMS[claim_id]
    texts = [claim.sentence, claim.threshold.of, claim.threshold.because]
    assert all(any("一" <= sign <= "鿿" for sign in each.zh) for each in texts)
    assert all(each.en and each.en.isascii() for each in texts if "µ" not in each.en)
    assert claim.published
    assert all(each.source for each in claim.published)


def test_every_claim_is_in_the_documentation_with_its_sentence() -> None:
    """A row each, and no row of another one."""
    page = (Path(__file__).parents[3] / "docs" / "claims.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|", page, re.MULTILINE))
    assert rows == {each.id: each.sentence.en for each in CLAIMS.values()}


def test_a_slip_of_the_pen_is_told_with_what_was_meant() -> None:
    """--only cpu-thread-useless."""
    with pytest.raises(ClaimError, match="did you mean cpu-threads-useless"):
        named(["cpu-thread-useless"], CLAIMS.values())


def test_python_facts_are_the_schema_s() -> None:
    """What is made up has the keys that files have."""
    assert run([])[KEY]["environment"]["python"] == PYTHON
