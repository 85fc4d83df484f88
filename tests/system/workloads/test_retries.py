"""The retries workload: every job is answered exactly once whatever goes wrong, and what can't be is named."""

from __future__ import annotations

import time

import pytest
import urllib3

from benchmarks.test_retries import FAULTS, RETRIES, TRIES, RefusedError, fingerprints, job_urls
from tests.system.workloads.proving import notes_of, prove
from timetrial import MockServer, models
from timetrial.errors import VoidTrialError
from timetrial.mockserver import View

pytestmark = pytest.mark.timeout(120)

MODELS = models.model_ids(RETRIES)


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_lost_and_nothing_done_twice(mock_space: View, model: str) -> None:
    """Each fault is met once in each round, and each job then gets its page once."""
    name, variant = models.split(model)
    urls, answers = job_urls(mock_space, 10, 0.5, list(FAULTS))
    pages = fingerprints(urls)
    with models.get(name).open(RETRIES.variant(variant), 4) as executor:
        for _ in range(2):
            with mock_space.expect(
                by_status={200: 10, 429: 1, 503: 1},
                by_fault={"hang": 1, "reset_before_headers": 1, "reset_in_body": 1},
                requests_completed=answers,
            ):
                assert executor.run(urls) == pages


@pytest.mark.parametrize("model", MODELS)
def test_no_connection_is_left_open(mock_space: View, model: str) -> None:
    """Of those that broke neither, whatever still holds on to their errors."""
    name, variant = models.split(model)
    urls, _ = job_urls(mock_space, 12, 0.5, ["reset", "broken", "error"])
    with mock_space.expect(connections_open=0), models.get(name).open(RETRIES.variant(variant), 4) as executor:
        executor.run(urls)


@pytest.mark.parametrize("model", MODELS)
def test_another_page_voids_the_trial(mock_server: MockServer, model: str) -> None:
    """A page that came after a fault is proved like every other."""
    items = [mock_server.page(key=1), mock_server.page(key=2)]
    with pytest.raises(VoidTrialError, match="the result of item 1"):
        prove(RETRIES, model, items, done=[items[0], mock_server.page(key=3)])


@pytest.mark.parametrize("model", MODELS)
def test_a_job_that_can_not_be_done_is_named(mock_space: View, model: str) -> None:
    """After so many tries where another one might have helped, and after one where none can."""
    items = [mock_space.page(key=1), mock_space.page(key=2)]
    for status, tries in ((503, TRIES), (410, 1)):
        wrong = mock_space.page(key=2, status=status)
        before = mock_space.counters()
        with pytest.raises((RefusedError, urllib3.exceptions.MaxRetryError), match=str(status)) as failure:
            prove(RETRIES, model, items, done=[items[0], wrong])
        assert wrong in notes_of(failure.value)
        assert (mock_space.counters() - before).by_status[status] == tries


@pytest.mark.parametrize("model", ["serial", "coroutines", "serial[urllib3]"])
def test_a_server_that_names_a_time_is_left_alone_until_then(mock_space: View, model: str) -> None:
    """Retry-After counts, and not the shorter pause that the client would have made."""
    name, variant = models.split(model)
    url = mock_space.page(status=429, retry_after_s=1, first=1)
    with models.get(name).open(RETRIES.variant(variant), 1) as executor:
        began_s = time.perf_counter()
        executor.run([url])
    assert time.perf_counter() - began_s >= 1


def test_faults_are_spread_evenly_and_in_turn(mock_server: MockServer) -> None:
    """So many of the jobs fail as was asked for, and each fault has its turn."""
    urls, answers = job_urls(mock_server, 40, 0.25, list(FAULTS))
    failing = [number for number, url in enumerate(urls) if "first=1" in url]
    assert failing == list(range(3, 40, 4))
    assert [sum(each in url for url in urls) for each in ("status=503", "status=429", "fault=")] == [2, 2, 6]
    assert answers == 44
