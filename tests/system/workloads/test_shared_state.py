"""What many workers add up is proved: an update that is lost, or counted wrongly, voids the trial."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from benchmarks.test_shared_state import COUNTER, DICTIONARY, HITS, SHARES, WORDS, shares
from fixtures.tallies import LostUpdatesError, Updates, proved
from tests.system.workloads.proving import notes_of, prove
from timetrial import Workload, models
from timetrial.errors import VoidTrialError

pytestmark = pytest.mark.timeout(120)

ROOT: Final = Path(__file__).parents[3]
LOSES: Final = ("processes[no-lock]", "coroutines[no-lock-awaiting]")
EVERY_WAY: Final = pytest.mark.parametrize(
    ("workload", "keys", "model"),
    [
        pytest.param(workload, keys, model, id=f"{workload.name}-{model}")
        for workload, keys in ((COUNTER, HITS), (DICTIONARY, WORDS))
        for model in models.model_ids(workload)
        if model not in LOSES
    ],
)


@EVERY_WAY
def test_every_way_counts_all_updates(workload: Workload, keys: tuple[str, ...], model: str) -> None:
    """Each key as often as all workers together added to it."""
    results = prove(workload, model, shares(keys, 256)).results
    assert results == [dict.fromkeys(keys, 256 // len(keys))] * SHARES


@EVERY_WAY
def test_too_few_updates_void_the_trial(workload: Workload, keys: tuple[str, ...], model: str) -> None:
    """One worker that does one less than it should."""
    items = shares(keys, 256)
    with pytest.raises(VoidTrialError, match=r"the result of item 0, .* differs from the serial reference"):
        prove(workload, model, items, done=[*items[:-1], items[-1]._replace(times=items[-1].times - 1)])


@EVERY_WAY
def test_a_share_that_can_t_be_done_is_named(workload: Workload, keys: tuple[str, ...], model: str) -> None:
    """With its keys and its number."""
    items = shares(keys, 256)
    with pytest.raises(ValueError, match="islice") as failure:
        prove(workload, model, items, done=[*items[:-1], Updates(("nothing",), -1)])
    assert "('nothing',), times=-1" in notes_of(failure.value)


def test_coroutines_that_await_between_reading_and_writing_lose_updates() -> None:
    """Two at a time overwrite each other's every time, so that half of all is lost."""
    for workload, keys in ((COUNTER, HITS), (DICTIONARY, WORDS)):
        with pytest.raises(LostUpdatesError, match="200 of 400 updates were lost"):
            prove(workload, "coroutines[no-lock-awaiting]", shares(keys, 400))


def test_a_lost_update_is_counted() -> None:
    """Whatever the state is."""
    items = shares(WORDS, 256)
    complete = dict.fromkeys(WORDS, 16)
    assert proved(items, complete) == [complete] * SHARES
    with pytest.raises(LostUpdatesError, match="1 of 256 updates were lost"):
        proved(items, complete | {WORDS[3]: 15})


def test_the_suite_tells_how_many_updates_were_lost_and_goes_on(tmp_path: Path) -> None:
    """Such a trial has no time, no rank and no failure: its number stands in the run's table and in its file."""
    command = [sys.executable, "-m", "pytest", "benchmarks/test_shared_state.py", "--benchmark-only", "-rs"]
    options = ["--trial-scale=quick", f"--trial-results={tmp_path}", "-k", "counter and (awaiting or serial)"]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "void without a lock: 200 of 400 updates were lost" in done.stdout
    (file,) = tmp_path.glob("*.json")
    run = json.loads(file.read_text(encoding="utf-8"))
    assert [each["extra_info"]["timetrial"]["model"] for each in run["benchmarks"]] == ["serial"]
    assert [each["reason"] for each in run["timetrial"]["troubles"]] == [
        "void without a lock: 200 of 400 updates were lost"
    ]
