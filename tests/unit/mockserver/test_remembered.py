"""What the server remembers of the URLs that it was asked for, and what it forgets first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from timetrial.mockserver.server import engine as engines
from timetrial.mockserver.server.engine import Engine
from timetrial.mockserver.server.routes import Routes
from timetrial.mockserver.server.services import Limits


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """One that remembers four URLs instead of thousands."""
    monkeypatch.setattr(engines, "_MOST_TARGETS", 4)
    loop = asyncio.new_event_loop()
    yield Engine(loop, Routes([]), Limits())
    loop.close()


def ask_for_pages(engine: Engine, pages: int, query: str = "") -> None:
    """Requests for so many URLs, one after the other."""
    for key in range(pages):
        engine.target(f"/page/20/{key}{query}".encode()).hit("127.0.0.1")


@pytest.mark.parametrize(
    "query",
    [
        "status=503&first=1",
        "fault=hang&nth=2",
        "status=503&share=0.5",
        "delay_ms=uniform:1,2",
        "service_ms=uniform:1,2",
    ],
)
def test_a_url_that_counts_its_requests_is_not_forgotten_for_others(query: str, engine: Engine) -> None:
    """However many come between two tries: a first try stays the first."""
    url = f"/page/10/0?{query}".encode()
    target = engine.target(url)
    for number in range(3):
        assert engine.target(url) is target
        assert target.hit("127.0.0.1")[0] == number
        ask_for_pages(engine, 10)
    assert len(engine.targets) == 4


def test_the_number_of_urls_that_are_remembered_is_bounded(engine: Engine) -> None:
    """Also where each of them counts; then the oldest goes, but not for one that counts nothing."""
    ask_for_pages(engine, 10)
    assert list(engine.targets) == list(engine.forgettable) == [f"/page/20/{key}".encode() for key in (6, 7, 8, 9)]
    for pages in (10, 0):
        ask_for_pages(engine, pages, "?status=503&first=1")
        ask_for_pages(engine, 10)
        assert [url.split(b"?")[0] for url in engine.targets] == [f"/page/20/{key}".encode() for key in (6, 7, 8, 9)]
        assert all(target.numbered for target in engine.targets.values())
        assert not engine.forgettable


def test_a_part_that_is_closed_leaves_no_url_to_forget(engine: Engine) -> None:
    """Those that are left are forgotten in their turn."""
    engine.open_scope("1")
    for url in (b"/~1/page/1/0", b"/page/1/0", b"/~1/page/2/0?status=503&first=1"):
        engine.target(url)
    engine.close_scope("1")
    assert list(engine.targets) == list(engine.forgettable) == [b"/page/1/0"]
    ask_for_pages(engine, 10)
    assert list(engine.targets) == list(engine.forgettable) == [f"/page/20/{key}".encode() for key in (6, 7, 8, 9)]
