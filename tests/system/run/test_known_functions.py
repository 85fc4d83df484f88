"""Forty functions whose answer is known: the advised model is right, and so is where their time goes.

A busy machine fails nothing wrongly: shares are ratios within one run, in which the time that others had the cores is
taken out; the two kinds of computing are compared where the run says that it could tell them apart; and what takes a
second free core is asserted where nobody else used it.
"""

from __future__ import annotations

import os

import pytest

from tests.system.run.conftest import Run, patience
from tests.system.run.known_functions import KNOWN, Known
from timetrial.system.affinity import count_usable_cpus

_POINTS = 0.05
_POINTS_BESIDE_OTHERS = 0.25
"""Where others have the cores, part of the time that they took can't be told from waiting."""
_BUSY = 1.5
_CLEAR = 0.10
"""How uncertain the share that needs no GIL may be, to be told at all."""

# All of them take a quarter of an hour; an everyday run takes every fifth, which are of all kinds.
ASKED = KNOWN if os.environ.get("TIMETRIAL_KNOWN_FUNCTIONS") == "all" else KNOWN[::5]


def test_there_are_forty() -> None:
    """And each has a name of its own."""
    assert len({known.name for known in KNOWN}) == len(KNOWN) >= 40


@pytest.mark.parametrize("known", ASKED, ids=[known.name for known in ASKED])
def test_the_answer_is_the_known_one(run: Run, known: Known, pytestconfig: pytest.Config) -> None:
    """The model, and the three shares within five points."""
    ran = run(known.script, *known.words, budget_s=8)
    alone = not hasattr(pytestconfig, "workerinput")  # a worker of pytest-xdist has others beside it
    quiet = alone and ran.record["disturbance"] is None and patience() < _BUSY
    _compare_shares(known, ran.record["profile"], _POINTS if quiet else _POINTS_BESIDE_OTHERS)
    if not quiet and ran.status == 3:
        pytest.skip("the machine is too busy for an answer; the shares were right")
    assert ran.status == 0, ran.output + ran.complaint
    if (quiet and count_usable_cpus() > 1) or not known.needs_cores:
        assert ran.answer["model"] in known.models, ran.output


def _compare_shares(known: Known, profile: dict[str, float], points: float) -> None:
    if known.waiting is not None:
        assert profile["waiting"] == pytest.approx(known.waiting, abs=points)
    if known.with_gil is not None and profile["gil"] and profile["uncertain"] <= _CLEAR:
        assert profile["with_gil"] == pytest.approx(known.with_gil, abs=points)
        assert profile["waiting"] + profile["with_gil"] + profile["without_gil"] == pytest.approx(1)
