"""The waiting_beside_work workload: what it proves, whom it blames, and that the switch interval is put back."""

from __future__ import annotations

import sys

import aiohttp
import pytest

from benchmarks.test_waiting_beside_work import MODELS, WAITING_BESIDE_WORK, Visit, switching_every
from tests.system.workloads.proving import notes_of, prove
from timetrial import MockServer
from timetrial.errors import VoidTrialError

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("model", MODELS)
def test_another_page_or_sum_voids_the_trial(mock_server: MockServer, model: str) -> None:
    """The digest is of what was answered and of what was computed; how long it took may differ."""
    items = [Visit(mock_server.page(key=1), 1000), Visit(mock_server.page(key=2))]
    prove(WAITING_BESIDE_WORK, model, items)
    with pytest.raises(VoidTrialError, match="the result of item 1"):
        prove(WAITING_BESIDE_WORK, model, items, done=[items[0], Visit(mock_server.page(key=3))])
    with pytest.raises(VoidTrialError, match="the result of item 0"):
        prove(WAITING_BESIDE_WORK, model, items, done=[Visit(mock_server.page(key=1), 999), items[1]])


@pytest.mark.parametrize("model", MODELS)
def test_a_page_that_fails_is_named(mock_server: MockServer, model: str) -> None:
    """With the model under which it failed."""
    items = [Visit(mock_server.page(key=1)), Visit(mock_server.page(key=2))]
    wrong = Visit(mock_server.page(status=500))
    with pytest.raises((OSError, aiohttp.ClientResponseError)) as failure:
        prove(WAITING_BESIDE_WORK, model, items, done=[items[0], wrong])
    assert repr(wrong) in notes_of(failure.value)


def test_the_switch_interval_is_put_back() -> None:
    """Whatever happens in between."""
    before_s = sys.getswitchinterval()
    with switching_every(0.5):
        assert sys.getswitchinterval() == pytest.approx(0.0005)
    assert sys.getswitchinterval() == before_s
    with pytest.raises(ZeroDivisionError):
        fail_while_switching()
    assert sys.getswitchinterval() == before_s


def fail_while_switching() -> None:
    """As a trial might."""
    with switching_every(0.5):
        raise ZeroDivisionError
