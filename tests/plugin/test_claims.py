"""A claim of one's own stands in a suite like a test: the run's last lines count it, timetrial claims tells it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.plugin.suites import ONE, Suite

ROOT = Path(__file__).parents[2]
(OWN,) = re.findall(
    r"```python\n# test_naps\.py\n(.*?)```", (ROOT / "docs" / "claims.md").read_text("utf-8"), re.DOTALL
)
ANY_MACHINE = ("-o", "trial_foreign_cpu_limit=1", "-o", "trial_steal_limit=1")  # a busy one is none the less right


def run_naps(pytester: pytest.Pytester, source: str = OWN, *options: str) -> pytest.RunResult:
    """The example of the documentation."""
    pytester.makepyfile(test_naps=source)
    return pytester.runpytest_subprocess("--benchmark-only", "--benchmark-max-time=0.001", *ANY_MACHINE, *options)


def test_a_run_counts_the_claims_that_it_tested(pytester: pytest.Pytester) -> None:
    """In one line, with the command that tells of each."""
    result = run_naps(pytester)
    result.stdout.fnmatch_lines(
        ["claims that this run tested: 1 confirmed, 0 refuted; *timetrial claims results/*.json"]
    )


def test_a_run_that_tests_no_claim_says_nothing_of_them(suite: Suite) -> None:
    """Most suites have none."""
    assert "claims" not in suite(ONE, "--trial-models=serial").stdout.str()


def test_a_claim_that_fails_is_told_and_harms_no_run(pytester: pytest.Pytester) -> None:
    """The results are there all the same."""
    result = run_naps(pytester, OWN.replace("look.ratio(", "look.rate("), "--trial-models=serial")
    result.stdout.fnmatch_lines(["claims: the claim 'naps-overlap' failed (AttributeError*", "results: results/*.json"])


def test_timetrial_claims_finds_those_of_a_suite(pytester: pytest.Pytester) -> None:
    """Among its own, or alone; a module that can't be collected is told, and the others count."""
    pytester.makeini("[pytest]")
    run_naps(pytester)
    pytester.makepyfile(test_broken="raise OSError('no such luck')\n\n@claim()\ndef nothing(): ...")
    done = pytester.run(sys.executable, "-m", "timetrial.cli", "claims", "results", "--only", "naps-overlap")
    assert done.ret == 1
    done.stdout.fnmatch_lines(["naps-overlap: Threads nap at the same time", "  confirmed: *"])
    done.stderr.fnmatch_lines(["left out: test_broken.py: *no such luck*"])
