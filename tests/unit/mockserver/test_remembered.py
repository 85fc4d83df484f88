"""What the server remembers: bounded in bytes, the oldest forgotten first, and no count with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from timetrial.mockserver.server import counts, recordings, services
from timetrial.mockserver.server import engine as engines
from timetrial.mockserver.server.counts import OTHER_PATHS, Counts
from timetrial.mockserver.server.engine import Engine
from timetrial.mockserver.server.recordings import Recording
from timetrial.mockserver.server.routes import Routes
from timetrial.mockserver.server.services import Limits


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """One that remembers few URLs of each kind instead of thousands."""
    monkeypatch.setattr(engines, "_MOST_TARGETS_BYTES", 10_000)
    monkeypatch.setattr(services, "_MOST_TRIES_BYTES", 900)
    loop = asyncio.new_event_loop()
    yield Engine(loop, Routes([]), Limits())
    loop.close()


def ask_for_pages(engine: Engine, pages: int, query: str = "") -> None:
    """Requests for so many URLs, one after the other."""
    for key in range(pages):
        engine.target(f"/page/20/{key}{query}".encode()).take_number()


@pytest.mark.parametrize(
    "query",
    [
        "status=503&first=1",
        "fault=hang&nth=2",
        "status=503&share=0.5",
        "delay_ms=uniform:1,2",
        "slots=1&service_ms=uniform:1,2",
    ],
)
def test_a_url_that_counts_its_requests_is_not_forgotten_for_others(query: str, engine: Engine) -> None:
    """However many come between two tries: a first try stays the first."""
    url = f"/page/10/0?{query}".encode()
    target = engine.target(url)
    for number in range(3):
        assert engine.target(url) is target
        assert target.take_number() == number
        ask_for_pages(engine, 10)


@pytest.mark.parametrize("query", ["", "?status=503&first=1"])
def test_the_urls_that_are_remembered_are_bounded_in_bytes(query: str, engine: Engine) -> None:
    """Whether they count or not: the oldest is forgotten, and the newest is there."""
    ask_for_pages(engine, 100, query)
    for targets in (engine.targets, engine.numbered):
        assert targets.size_bytes <= 10_000
    newest = engine.numbered if query else engine.targets
    assert list(newest.values)[-1] == f"/page/20/99{query}".encode()
    assert 2 <= len(newest.values) <= 5
    engine.target(b"/page/1/0?" + b"x" * 5_000)  # which is more than all of them, and 400
    assert newest.size_bytes <= 10_000


def test_a_part_that_is_closed_leaves_no_url_to_forget(engine: Engine) -> None:
    """Those that are left are forgotten in their turn."""
    engine.open_scope("1")
    for url in (b"/~1/page/1/0", b"/page/1/0", b"/~1/page/2/0?status=503&first=1"):
        engine.target(url)
    engine.close_scope("1")
    assert list(engine.targets.values) == [b"/page/1/0"]
    assert list(engine.numbered.values) == []


def test_the_clients_whose_tries_are_counted_are_bounded_in_bytes(engine: Engine) -> None:
    """The one that has not come for the longest time is forgotten first, and has its first tries again."""
    target = engine.target(b"/page/10/0?status=503&first=1&per=x")
    tries = engine.services.tries
    names = ["a" * 60_000, "b", "c"]
    assert [target.hit(name, tries) for name in names] == [True, True, True]
    assert [target.hit(name, tries) for name in names] == [False, False, False]
    assert target.hit("d", tries)
    assert [target.hit(name, tries) for name in ("b", "c", "d")] == [False, False, False]
    assert target.hit(names[0], tries)
    assert tries.size_bytes <= 900


def test_tries_are_those_of_one_url(engine: Engine) -> None:
    """The same client at another one is another matter."""
    urls = [f"/page/10/{key}?status=503&first=1".encode() for key in range(3)]
    assert [engine.target(url).hit("me", engine.services.tries) for url in urls * 2] == [True] * 3 + [False] * 3


def test_queues_that_nobody_is_in_are_forgotten(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest first, whatever they are called; one that somebody is in stays."""
    monkeypatch.setattr(services, "_MOST_QUEUES", 3)
    targets = [engine.target(f"/page/1/0?slots=1&queue={name}".encode()) for name in "abcde"]
    busy = engine.services.queue(targets[0])
    assert busy.enter(lambda: None)
    for target in targets[1:]:
        engine.services.queue(target)
    assert len(engine.services.queues) == 3
    assert engine.services.queue(targets[0]) is busy
    assert engine.services.queue(targets[4]).idle


def test_the_journal_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """New paths are counted together then; also those of a part that is closed."""
    monkeypatch.setattr(counts, "_MOST_OUTCOMES_BYTES", 2_000)
    whole, part = Counts(""), Counts("1")
    for number in range(50):
        whole.count(f"/{number}", 200)
        part.count(f"/{number}/{'x' * 500}", 503)
    whole.absorb(part)
    assert whole.outcomes["/0", 200] == 1
    assert whole.outcomes[OTHER_PATHS, 503] == 50
    assert sum(whole.outcomes.values()) == 100
    assert len(whole.outcomes) < 12


def test_a_recording_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps the newest."""
    monkeypatch.setattr(recordings, "_MOST_BYTES", 10_000)
    recording = Recording(None, 1_000)
    for number in range(100):
        recording.add(["", "GET", f"/{number}/{'x' * 500}", 200, "", True, 1, 2, 0.0, 0.0, 0.0])
    rows = recording.all_rows()
    assert 2 <= len(rows) <= 5
    assert str(rows[-1][2]).startswith("/99/")
