"""The pipeline workload: what is stored is proved, a page that fails is named, and a slow writer holds up the rest."""

from __future__ import annotations

import os
import signal
import sqlite3
import tempfile
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.test_pipeline import PARSERS, PIPELINE, bounded_by
from fixtures.page_store import MOST_ROWS_AT_ONCE, Row, open_page_store
from fixtures.pipeline_stages import Page
from tests.system.workloads.proving import notes_of, prove
from tests.waiting import new_threads
from timetrial import MockServer, models
from timetrial.errors import VoidTrialError, WorkerDiedError
from timetrial.mockserver import View

pytestmark = pytest.mark.timeout(120)

MODELS = models.model_ids(PIPELINE)
WITH_QUEUES = [each for each in MODELS if each not in ("serial", "threads[phases]")]
FETCHERS = 2
BOUND = 3


def pages_of(server: View, count: int) -> list[Page]:
    """So many pages, at once."""
    return [Page(server.page(200, key=key)) for key in range(count)]


@pytest.mark.parametrize("model", MODELS)
def test_a_wrong_row_voids_the_trial(mock_server: MockServer, model: str) -> None:
    """What counts is what is in the database, in the pages' order; here a row is another page's."""
    pages = pages_of(mock_server, 12)
    prove(PIPELINE, model, pages)
    other = [*pages[:11], Page(mock_server.page(200, key=99))]
    with pytest.raises(VoidTrialError, match="the result of item 11"):
        prove(PIPELINE, model, pages, done=other)


@pytest.mark.parametrize("model", MODELS)
def test_a_page_that_fails_is_named_and_the_next_round_is_whole(mock_server: MockServer, model: str) -> None:
    """Whichever stage it failed in; and the stages are ready for more."""
    name, variant = models.split(model)
    pages = pages_of(mock_server, 12)
    with models.get(name).open(PIPELINE.variant(variant), FETCHERS) as executor:
        for wrong in (Page(mock_server.page(status=500)), Page(pages[0].url + "9", burn_iterations="many")):  # type: ignore[arg-type]
            with pytest.raises(Exception, match=r"500|interpreted as an integer") as failure:
                executor.run([*pages[:6], wrong, *pages[6:]])
            assert repr(wrong) in notes_of(failure.value)
            assert f"under {name!r}" in notes_of(failure.value)
        assert [row.url for row in executor.run(pages)] == [page.url for page in pages]


@pytest.mark.parametrize("model", WITH_QUEUES)
def test_a_writer_that_stands_still_holds_up_the_fetchers(
    mock_space: View, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """No more pages are asked for than the queues and the workers' hands can hold: memory has a bound."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pages = pages_of(mock_space, 100)
    rows: list[Any] = []
    with bounded_by(BOUND), models.get(model).open(PIPELINE, FETCHERS) as executor:
        # A second connection that is writing: ours waits for it.
        [database] = tmp_path.glob("*/pages.db")
        with closing(sqlite3.connect(database, check_same_thread=False)) as blocking:
            executor.run(pages[:1])
            running = threading.Thread(target=lambda: rows.extend(executor.run(pages)))
            held_up = blocked_after_clearing(blocking, running, mock_space)
            blocking.rollback()
            running.join()
    most = 2 * BOUND + FETCHERS + PARSERS + MOST_ROWS_AT_ONCE
    assert held_up <= most < len(pages)
    assert [row.url for row in rows] == [page.url for page in pages]


def blocked_after_clearing(blocking: sqlite3.Connection, running: threading.Thread, server: View) -> int:
    """Starts the round, takes the database from it once it has begun to fetch, and counts what it still asks for."""
    before = server.counters().requests_completed
    running.start()
    while server.counters().requests_completed == before:
        pass  # the table is cleared before the first page is asked for
    blocking.execute("BEGIN IMMEDIATE")
    seen = [-1, server.counters().requests_completed - before]
    while seen[-1] != seen[-2]:
        running.join(0.3)
        seen.append(server.counters().requests_completed - before)
    return seen[-1]


def test_a_worker_that_dies_is_an_error_and_no_wait_without_end(mock_server: MockServer) -> None:
    """It names the process."""
    pages = [Page(mock_server.page(key=key, delay_ms=50)) for key in range(100)]
    with pytest.raises(WorkerDiedError, match=r"worker process \d+ of 'processes' ended"):
        kill_one_while_running(pages)


def kill_one_while_running(pages: Sequence[Page]) -> None:
    """Kills a fetcher in the middle of a round."""
    with models.get("processes").open(PIPELINE, FETCHERS) as executor:
        pid = next(pid for pid in executor.worker_pids() if pid != os.getpid())
        threading.Timer(0.2, os.kill, (pid, getattr(signal, "SIGKILL", signal.SIGTERM))).start()
        executor.run(pages)


def test_threads_end_in_the_middle_of_a_round(mock_server: MockServer) -> None:
    """After Ctrl-C no thread waits for room in a queue that nobody empties."""
    before = threading.enumerate()
    with bounded_by(1), pytest.raises(KeyboardInterrupt):
        interrupt_the_writer(pages_of(mock_server, 50))
    assert not new_threads(before)


def interrupt_the_writer(pages: Sequence[Page]) -> None:
    """As if Ctrl-C had come while it writes."""

    def interrupted(_store: object, _rows: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, models.get("threads").open(PIPELINE, FETCHERS) as executor:
        patch.setattr("fixtures.page_store.PageStore.write", interrupted)
        executor.run(pages)


def test_a_page_is_not_stored_twice() -> None:
    """It would be an error, and not a row more."""
    with open_page_store() as store:
        store.write([Row("u", "f", 1)])
        with pytest.raises(sqlite3.IntegrityError):
            store.write([Row("u", "f", 1)])
        assert store.rows(["u", "lost"]) == [Row("u", "f", 1), None]
