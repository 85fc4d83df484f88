"""A claim of one's own stands in a suite like a test: the run's last lines count it, timetrial claims tells it."""

from __future__ import annotations

import sys

import pytest

from tests.plugin.suites import ONE, Suite

OWN = """
    import time
    from timetrial.claims import Finding, Look, claim

    def nap(item):
        time.sleep(0.005)
        return item

    @pytest.mark.workload(Workload("naps", task=nap), models=["serial", "threads"])
    def test_naps(trial):
        trial(range(24), concurrency=24)

    @claim(
        "naps-overlap",
        "Threads nap at the same time",
        of="the time under serial, divided by that under threads",
        because="a fifth is worth it",
        at_least=1.2,
        measured_by="test_suite.py::test_naps",
        takes_s=2,
    )
    def naps_overlap(look: Look) -> Finding:
        return look.holds(look.ratio("test_suite.py::test_naps", "serial", "threads"))
"""


ANY_MACHINE = ("-o", "trial_foreign_cpu_limit=1", "-o", "trial_steal_limit=1")  # a busy one is none the less right


def test_a_run_counts_the_claims_that_it_tested(suite: Suite) -> None:
    """In one line, with the command that tells of each."""
    result = suite(OWN, *ANY_MACHINE)
    result.stdout.fnmatch_lines(
        ["claims that this run tested: 1 confirmed, 0 refuted; *timetrial claims results/*.json"]
    )


def test_a_run_that_tests_no_claim_says_nothing_of_them(suite: Suite) -> None:
    """Most suites have none."""
    assert "claims" not in suite(ONE, "--trial-models=serial").stdout.str()


def test_a_claim_that_fails_is_told_and_harms_no_run(suite: Suite) -> None:
    """The results are there all the same."""
    result = suite(OWN.replace("look.ratio(", "look.rate("), "--trial-models=serial")
    result.stdout.fnmatch_lines(["claims: the claim 'naps-overlap' failed (AttributeError*", "results: results/*.json"])


def test_timetrial_claims_finds_those_of_a_suite(suite: Suite, pytester: pytest.Pytester) -> None:
    """Among its own, or alone; a module that can't be collected is told, and the others count."""
    suite(OWN, *ANY_MACHINE)
    pytester.makepyfile(test_broken="raise OSError('no such luck')\n\n@claim()\ndef nothing(): ...")
    done = pytester.run(sys.executable, "-m", "timetrial.cli", "claims", "results", "--only", "naps-overlap")
    assert done.ret == 1
    done.stdout.fnmatch_lines(["naps-overlap: Threads nap at the same time", "  confirmed: *"])
    done.stderr.fnmatch_lines(["left out: test_broken.py: *no such luck*"])
