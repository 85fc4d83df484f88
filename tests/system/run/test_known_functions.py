"""Forty functions whose answer is known: the advised model is right, and so is where their time goes.

Shares are told on a busy machine too. The model is asked for where nothing else runs (``tox run -e known``, or pytest
without xdist): whether processes gain anything over serial takes a second core that is free.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.system.run.conftest import Run
from tests.system.run.known_functions import KNOWN, Known
from timetrial.system.affinity import count_usable_cpus

_POINTS = 0.05
SHARED = [known for known in KNOWN if known.waiting is not None or known.with_gil is not None]

# All of them take seven minutes; an everyday run takes every fifth, which are of all kinds.
ASKED = KNOWN if os.environ.get("TIMETRIAL_KNOWN_FUNCTIONS") == "all" else KNOWN[::5]


def test_there_are_forty() -> None:
    """And each has a name of its own."""
    assert len({known.name for known in KNOWN}) == len(KNOWN) >= 40


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Where the time of all known functions goes, by their names."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.system.run.profiles"],
        input=str(tmp_path_factory.mktemp("known")),
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
    )
    return {profile["name"]: profile for profile in map(json.loads, ended.stdout.splitlines())}


@pytest.mark.parametrize("known", SHARED, ids=[known.name for known in SHARED])
def test_the_shares_are_the_known_ones(profiles: dict[str, dict[str, Any]], known: Known) -> None:
    """All three within five points."""
    profile = profiles[known.name]
    if known.waiting is not None:
        assert profile["waiting"] == pytest.approx(known.waiting, abs=_POINTS)
    if known.with_gil is not None and profile["gil"]:
        assert profile["with_gil"] == pytest.approx(known.with_gil, abs=_POINTS)
        assert profile["waiting"] + profile["with_gil"] + profile["without_gil"] == pytest.approx(1)


@pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="it takes a machine to itself: tox run -e known")
@pytest.mark.parametrize("known", ASKED, ids=[known.name for known in ASKED])
def test_the_advised_model_is_the_known_one(run: Run, known: Known) -> None:
    """One of those that win by how the function is built, or tie with the one that does."""
    ran = run(known.script, *known.words, budget_s=8)
    if known.needs_cores and (count_usable_cpus() < 2 or ran.record["disturbance"]):
        return
    assert ran.status == 0, ran.output + ran.complaint
    assert ran.answer["model"] in known.models, ran.output
