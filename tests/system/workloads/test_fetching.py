"""Workloads that fetch pages: a wrong length voids the trial, a failing page is named, over TLS and in a loop too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.test_fetch_pages import FETCH_PAGES, FETCH_SECURE_PAGES, MOST_THREADS, SecurePage, unfit_in_a_sweep
from benchmarks.test_fetching_in_a_loop import FETCHING_IN_A_LOOP, MODELS
from tests.system.workloads.proving import notes_of, prove
from timetrial import MockServer, models
from timetrial.errors import VoidTrialError

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("model", MODELS)
def test_a_wrong_length_voids_the_trial(mock_server: MockServer, model: str) -> None:
    """Whichever way it was fetched in the loop."""
    items = [mock_server.page(100, key=key) for key in range(3)]
    prove(FETCHING_IN_A_LOOP, model, items)
    with pytest.raises(VoidTrialError, match="the result of item 2"):
        prove(FETCHING_IN_A_LOOP, model, items, done=[*items[:2], mock_server.page(101)])


@pytest.mark.parametrize("model", MODELS)
def test_a_page_that_fails_is_named(mock_server: MockServer, model: str) -> None:
    """Whichever way it was fetched in the loop."""
    items = [mock_server.page(100, key=key) for key in range(3)]
    wrong = mock_server.page(100, status=500)
    with pytest.raises(Exception, match="500") as failure:
        prove(FETCHING_IN_A_LOOP, model, items, done=[*items[:2], wrong])
    assert wrong in notes_of(failure.value)


@pytest.mark.parametrize("model", ["threads[http.client]", "processes+coroutines[aiohttp]", "coroutines[article]"])
def test_a_page_of_a_batch_is_proved_and_named(mock_server: MockServer, model: str) -> None:
    """In the article's way too, where nobody is told which page it was. The other clients are those of the grid."""
    items = [mock_server.page(100, key=key) for key in range(3)]
    prove(FETCH_PAGES, model, items, concurrency=3)
    with pytest.raises(VoidTrialError, match="the result of item 2"):
        prove(FETCH_PAGES, model, items, done=[*items[:2], mock_server.page(101)], concurrency=3)
    broken = mock_server.page(100, fault="reset_in_body")
    with pytest.raises(Exception, match=r".") as failure:
        prove(FETCH_PAGES, model, items, done=[*items[:2], broken], concurrency=3)
    assert broken in notes_of(failure.value)


@pytest.fixture(scope="module")
def secure_server(mock_server_factory: Callable[..., MockServer]) -> MockServer:
    """A server with a certificate of its own."""
    return mock_server_factory(tls="trusted")


@pytest.mark.parametrize("model", models.model_ids(FETCH_SECURE_PAGES))
def test_pages_over_tls_are_proved_and_named(secure_server: MockServer, mock_server: MockServer, model: str) -> None:
    """And a server that nobody trusts is refused."""
    items = [SecurePage(secure_server.page(100, key=key), str(secure_server.ca_file)) for key in range(3)]
    prove(FETCH_SECURE_PAGES, model, items)
    with pytest.raises(VoidTrialError, match="the result of item 2"):
        prove(FETCH_SECURE_PAGES, model, items, done=[*items[:2], SecurePage(secure_server.page(99), items[0].ca_file)])
    wrong = SecurePage(mock_server.page(100).replace("http:", "https:"), items[0].ca_file)
    with pytest.raises(Exception, match=r"(?i)ssl|connect") as failure:
        prove(FETCH_SECURE_PAGES, model, items, done=[*items[:2], wrong])
    assert wrong.url in notes_of(failure.value)


def test_threads_and_processes_stop_where_the_suite_says() -> None:
    """And coroutines go on; interpreters and Dask's workers are as heavy as processes."""
    for model in ("processes[http.client]", "processes[spawn][http.client]", "dask[http.client]"):
        assert unfit_in_a_sweep(model, "article", 64) is None
        assert "more than this suite asks a machine for (64)" in str(unfit_in_a_sweep(model, "article", 65))
    assert unfit_in_a_sweep("threads[http.client]", "article", MOST_THREADS) is None
    reason = unfit_in_a_sweep("threads[http.client]", "article", 2048)
    assert reason == "2048 threads are more than this suite asks a machine for (2000)"
    assert unfit_in_a_sweep("coroutines[aiohttp]", "article", 4096) is None


def test_every_model_meets_the_same_slow_answers(mock_server: MockServer) -> None:
    """Latencies are drawn from the seed, the path and the round, so that no model is luckier than another."""
    delays = []
    for model in ("threads[http.client]", "coroutines[aiohttp]"):
        name, variant = models.split(model)
        with mock_server.scope() as space, models.get(name).open(FETCH_PAGES.variant(variant), 4) as executor:
            before = space.counters().delay_s
            executor.run([space.page(100, key=key, delay_ms="lognormal:2,0.8") for key in range(20)])
            delays.append(space.counters().delay_s - before)
    assert delays[0] == pytest.approx(delays[1])
