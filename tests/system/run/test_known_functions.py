"""Forty functions whose answer is known: the advised model is right.

It is asked for where nothing else runs (``tox run -e known``, or pytest without xdist): whether processes gain anything
over serial takes a second core that is free.
"""

from __future__ import annotations

import os

import pytest

from tests.system.run.conftest import Run
from tests.system.run.known_functions import KNOWN, Known
from timetrial.system.affinity import count_usable_cpus

# All of them take seven minutes; an everyday run takes every fifth, which are of all kinds.
ASKED = KNOWN if os.environ.get("TIMETRIAL_KNOWN_FUNCTIONS") == "all" else KNOWN[::5]


def test_there_are_forty() -> None:
    """And each has a name of its own."""
    assert len({known.name for known in KNOWN}) == len(KNOWN) >= 40


@pytest.mark.skipif("hasattr(config, 'workerinput')", reason="it takes a machine to itself: tox run -e known")
@pytest.mark.parametrize("known", ASKED, ids=[known.name for known in ASKED])
def test_the_advised_model_is_the_known_one(run: Run, known: Known) -> None:
    """One of those that win by how the function is built, or tie with the one that does."""
    ran = run(known.script, *known.words, budget_s=8)
    if ran.record["disturbance"] is not None:
        ran = run(known.script, *known.words, budget_s=8)
    if known.needs_cores and count_usable_cpus() < 2:
        pytest.skip("there is one core")
    if (known.needs_cores or ran.status == 3) and ran.record["disturbance"] is not None:
        pytest.skip(ran.record["disturbance"])
    assert ran.status == 0, ran.output + ran.complaint
    assert ran.answer["model"] in known.models, ran.output
