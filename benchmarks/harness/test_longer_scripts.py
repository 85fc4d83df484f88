"""Workloads of several steps against the scripts that one would write by hand for the same job, in turns, in one run.

A crawl that goes in waves, downloads that are cut, a pipeline of threads and queues, a blocking call beside others in a
loop: each opened once as the workload is. ``serve`` and ``fetching_in_a_loop`` are such code themselves, and have the
well-known ways as their variants.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from benchmarks import test_crawl, test_downloads, test_event_loop, test_pipeline
from benchmarks.harness.maps import CONCURRENCY, gathered, mapped
from benchmarks.harness.turns import Run, held_against
from benchmarks.test_crawl import Visit
from fixtures import clients, resumed_downloads
from fixtures.downloads import Order, open_async_session, open_session
from fixtures.page_store import open_page_store
from fixtures.pipeline_stages import Page, parse
from fixtures.threadpool import open_threads
from timetrial import MockServer, Workload, models


@contextmanager
def crawled(opened: AbstractContextManager[Run]) -> Generator[Run]:
    """Wave after wave: the pages that the last one linked to, each once."""

    def crawl(root: Visit) -> dict[str, str]:
        found, seen, wave = {}, {root.url}, [root]
        while wave:
            links = []
            for page in fetch_all(wave):
                found[page.url] = page.fingerprint
                links += page.links
            new = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(new)
            wave = [Visit(link, root.burn_iterations) for link in new]
        return found

    with opened as fetch_all:
        yield lambda roots: [crawl(root) for root in roots]


@contextmanager
def piped() -> Generator[Run]:
    """Threads that fetch, threads that parse, a bounded queue after each, and the caller, who stores."""
    todo: queue.Queue[Any] = queue.Queue()
    fetched: queue.Queue[Any] = queue.Queue(16)
    parsed: queue.Queue[Any] = queue.Queue(16)

    def fetch() -> None:
        with clients.open_http_client(1) as connection:
            while (page := todo.get()) is not None:
                fetched.put((page, connection.get(page.url)))

    def keep_parsing() -> None:
        while (work := fetched.get()) is not None:
            parsed.put(parse(*work))

    fetchers = [threading.Thread(target=fetch) for _ in range(CONCURRENCY)]
    parsers = [threading.Thread(target=keep_parsing) for _ in range(test_pipeline.PARSERS)]
    for each in (*fetchers, *parsers):
        each.start()
    with open_page_store() as store:

        def run(pages: Sequence[Page]) -> list[Any]:
            store.clear()
            for page in pages:
                todo.put(page)
            left = len(pages)
            while left:
                rows = [parsed.get()]
                while not parsed.empty():
                    rows.append(parsed.get())
                store.write(rows)
                left -= len(rows)
            return store.rows([page.url for page in pages])

        yield run
    for stage, workers in ((todo, fetchers), (fetched, parsers)):
        for _ in workers:
            stage.put(None)
        for each in workers:
            each.join()


class Case(NamedTuple):
    """A workload under a model, the script, and what both are given."""

    workload: Workload
    model: str
    script: Callable[[], AbstractContextManager[Run]]
    items: Callable[[MockServer, Path], Sequence[Any]]


def a_site(server: MockServer, _folder: Path) -> list[Visit]:
    """Pages that are waited for and parsed."""
    return [Visit(server.site(pages=100, links=8, size_bytes=4096, delay_ms=5), 5_000)]


def files_that_are_cut(server: MockServer, folder: Path) -> list[Order]:
    """Downloads whose rest has to be asked for."""
    cut: dict[str, Any] = {"cut_after_bytes": 400_000, "first": 1, "per": resumed_downloads.JOB_HEADER}
    return [Order(server.stream(500_000, key=key, delay_ms=10, **cut), folder / f"{key}.bin") for key in range(16)]


def pages_to_store(server: MockServer, _folder: Path) -> list[Page]:
    """Pages that are waited for and parsed."""
    return [Page(server.page(4096, key=key, delay_ms=5), 5_000) for key in range(100)]


CASES = {
    "crawl, threads": Case(
        test_crawl.CRAWL, "threads", lambda: crawled(mapped(test_crawl.visit, clients.open_http_client)), a_site
    ),
    "crawl, coroutines": Case(
        test_crawl.CRAWL, "coroutines", lambda: crawled(gathered(test_crawl.visit_async, clients.open_aiohttp)), a_site
    ),
    "downloads, threads": Case(
        test_downloads.DOWNLOADS,
        "threads",
        lambda: mapped(resumed_downloads.download, open_session),
        files_that_are_cut,
    ),
    "downloads, coroutines": Case(
        test_downloads.DOWNLOADS,
        "coroutines",
        lambda: gathered(resumed_downloads.download_async, open_async_session),
        files_that_are_cut,
    ),
    "event_loop, coroutines[to_thread]": Case(
        test_event_loop.EVENT_LOOP.variant("to_thread"),
        "coroutines",
        lambda: gathered(test_event_loop.answer_to_thread, open_threads),
        lambda _server, _folder: test_event_loop.requests(3, 0.02, 0),
    ),
    "pipeline, threads": Case(test_pipeline.PIPELINE, "threads", piped, pages_to_store),
}


@pytest.mark.parametrize("name", CASES)
def test_script(benchmark: Any, mock_server: MockServer, tmp_path: Path, name: str) -> None:
    """Fails where the interval leaves no doubt that the workload takes more than 3 % longer than the script."""
    workload, model, script, items_of = CASES[name]
    items = items_of(mock_server, tmp_path)
    with models.get(model).open(workload, CONCURRENCY) as ours, script() as by_hand:
        held_against(by_hand, ours.run, items, benchmark, name, workload.comparable)
