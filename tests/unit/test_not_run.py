"""The last lines of a run of all tests: what it did not run."""

from __future__ import annotations

import sys

from tests.not_run import model_lines, python_lines, pythons_of, skip_lines

TOX = "env_list = lint, types, py{311,315,313t}-test, known\n"


def test_models_that_can_not_run_here_are_named_with_their_reason() -> None:
    """Those with the same reason in one line."""
    reasons = {"interpreters": "too old", "greenlets": "no gevent", "interpreters+coroutines": "too old"}
    assert list(model_lines(reasons)) == [
        "models: interpreters, interpreters+coroutines: too old",
        "models: greenlets: no gevent",
    ]


def test_pythons_that_tests_did_not_run_under_are_named_by_whether_they_are_here() -> None:
    """Those of tox.ini; this one is none of them."""
    assert pythons_of(TOX) == ["3.11", "3.15", "3.13t"]
    this = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert list(python_lines([this, "2.6", "2.7", "2.8t"], {"2.6", "2.8t"}.__contains__)) == [
        "Pythons that are here too: 2.6, 2.8t: tox run -e py26-test,py28t-test",
        "Pythons that are not on this machine: 2.7",
    ]


def test_skipped_tests_are_counted_by_their_reason() -> None:
    """The most frequent first; what was said of models is not said again."""
    assert list(skip_lines(["no curl", "no\nshell", "no curl", "too old"], {"too old"})) == [
        "2 tests: no curl",
        "1 test: no shell",
    ]
