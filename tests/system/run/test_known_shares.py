"""Functions of which it is known what they do with their time: the three shares are told.

Asked for where nothing else runs (``tox run -e known``, or pytest without xdist): beside other tests a share is off
by more than five points now and then.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.system.run.known_functions import KNOWN, Known

_POINTS = 0.05
SHARED = [known for known in KNOWN if known.waiting is not None or known.with_gil is not None]


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


@pytest.mark.skipif("hasattr(config, 'workerinput')", reason="it takes a machine to itself: tox run -e known")
@pytest.mark.parametrize("known", SHARED, ids=[known.name for known in SHARED])
def test_the_shares_are_the_known_ones(profiles: dict[str, dict[str, Any]], known: Known) -> None:
    """All three within five points."""
    profile = profiles[known.name]
    if known.waiting is not None:
        assert profile["waiting"] == pytest.approx(known.waiting, abs=_POINTS)
    if known.with_gil is not None and profile["gil"]:
        assert profile["with_gil"] == pytest.approx(known.with_gil, abs=_POINTS)
        assert profile["waiting"] + profile["with_gil"] + profile["without_gil"] == pytest.approx(1)
