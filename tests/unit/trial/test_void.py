"""The closed set of reasons why a trial is void."""

from __future__ import annotations

import errno
import json
import pickle
from pathlib import Path

import pytest

from timetrial.errors import VoidTrialError
from timetrial.trial.void import FIXES, WRONG_WORK, Kind, Void, void_of

DOCS = Path(__file__).parents[3] / "docs" / "fairness.md"


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_knows_what_to_do_about_it(kind: Kind) -> None:
    """A reason without a way out is half a reason."""
    void = Void(kind, "something happened")
    assert str(void) == f"something happened; {FIXES[kind]}"
    assert json.loads(json.dumps(void.as_dict())) == {
        "kind": kind.value,
        "reason": "something happened",
        "fix": FIXES[kind],
    }


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_explained_in_the_docs(kind: Kind) -> None:
    """With a section of its own."""
    assert f"### `{kind.value}`" in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", sorted(WRONG_WORK))
def test_wrong_work_is_an_error_that_says_who_did_it(kind: Kind) -> None:
    """And it is the same void again where the error is looked at."""
    void = Void(kind, "2 results for 3 items")
    error = void.error("'squares' under 'threads'")
    assert str(error) == f"'squares' under 'threads': {void}"
    assert void_of(error) == void
    assert void_of(pickle.loads(pickle.dumps(error))) == void


def test_an_error_without_a_kind_is_about_results() -> None:
    """Whoever raises VoidTrialError by hand need not know the kinds."""
    assert void_of(VoidTrialError("no good")) == Void(Kind.RESULTS, "no good")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EMFILE, "may open no more files"),
        (errno.ENFILE, "the system may open no more files"),
        (errno.EADDRNOTAVAIL, "no port left"),
        (errno.ENOBUFS, "no more room for sockets"),
    ],
)
def test_a_limit_that_was_reached_is_found_behind_a_client_s_own_error(number: int, told: str) -> None:
    """Clients wrap what the system says."""
    try:
        try:
            raise OSError(number, "as the system says it")
        except OSError as error:
            raise RuntimeError("can't connect") from error
    except RuntimeError as error:
        void = void_of(error)
    assert void is not None
    assert void.kind == Kind.LIMIT
    assert told in void.reason
    assert void.reason.endswith("RuntimeError: can't connect")


def test_a_limit_that_a_worker_process_reached_is_found_in_its_traceback() -> None:
    """Causes don't travel between processes; their texts do, in a note."""
    error = ConnectionError("no answer")
    error.add_note("timetrial: in the worker:\nOSError: [Errno 24] Too many open files")
    void = void_of(error)
    assert void is not None
    assert void.kind == Kind.LIMIT


@pytest.mark.parametrize(
    "error", [ValueError("no"), ConnectionResetError(errno.ECONNRESET, "reset"), KeyboardInterrupt()]
)
def test_other_errors_are_the_task_s_own(error: BaseException) -> None:
    """A bug is no unfairness."""
    assert void_of(error) is None
