"""The event_loop workload: what it proves, whom it blames, and that a blocking call really holds up the others."""

from __future__ import annotations

import pytest

from benchmarks.test_event_loop import EVENT_LOOP, MODELS, Request, requests
from tests.system.workloads.proving import notes_of, prove
from timetrial import models
from timetrial.errors import VoidTrialError
from timetrial.stats.percentiles import percentile

pytestmark = pytest.mark.timeout(120)

BLOCK_S = 0.1
ITEMS = [Request("short"), Request("long", burn_iterations=1000)]


@pytest.mark.parametrize("model", MODELS)
def test_a_wrong_total_voids_the_trial(model: str) -> None:
    """The digest is of what was computed, whoever computed it; how long it took may differ."""
    prove(EVENT_LOOP, model, ITEMS)
    with pytest.raises(VoidTrialError, match="the result of item 1"):
        prove(EVENT_LOOP, model, ITEMS, done=[ITEMS[0], Request("long", burn_iterations=999)])


@pytest.mark.parametrize("model", MODELS)
def test_a_request_that_fails_is_named(model: str) -> None:
    """With the model under which it failed."""
    wrong = Request("wrong", burn_iterations="many")  # type: ignore[arg-type]
    with pytest.raises(TypeError) as failure:
        prove(EVENT_LOOP, model, ITEMS, done=[ITEMS[0], wrong])
    assert repr(wrong) in notes_of(failure.value)


@pytest.mark.parametrize("way", EVENT_LOOP.variants)
def test_only_a_blocking_call_holds_up_the_others(way: str) -> None:
    """In the loop it costs the others its whole length; elsewhere, not nearly as much."""
    with models.get("coroutines").open(EVENT_LOOP.variant(way), 8) as executor:
        executor.run([Request("warm", blocks_s=0.001)])
        answers = executor.run(requests(2, BLOCK_S, 0))
    slowest_s = percentile((each.latency_s for each in answers if not each.blocked), 1_000)
    assert (slowest_s > 0.9 * BLOCK_S) == (way == "blocking"), slowest_s


def test_the_requests_that_block_are_one_of_each_group() -> None:
    """And they are not the first ones, so that others are under way when they begin."""
    blocking = [number for number, each in enumerate(requests(3, 0.5, 0)) if each.blocks_s]
    assert blocking == [5, 25, 45]
