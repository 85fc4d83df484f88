"""Delays, limits, queues, streams and sites, and for whom the faults are."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.mockserver.plainclient import PlainClient
from timetrial.mockserver import MockServer, View, route, site_pages, stream_sha256
from timetrial.mockserver.options import behaviour
from timetrial.mockserver.server.counts import Counts
from timetrial.mockserver.server.resources import page
from timetrial.mockserver.server.targets import Target

Connect = Callable[[], PlainClient]


def statuses(plain: PlainClient, url: str, times: int) -> list[int]:
    """The statuses of so many requests."""
    return [plain.get(url).status for _ in range(times)]


def test_a_delay_is_never_shorter_than_asked(plain: PlainClient, space: View) -> None:
    """How much longer is for the benchmarks to say."""
    began = time.monotonic()
    plain.get(space.page(10, delay_ms=50))
    assert time.monotonic() - began > 0.048


def test_a_distribution_draws_the_same_delays_from_the_same_seed(connect: Connect, server: MockServer) -> None:
    """In every run, and others from another seed."""

    def delays(seed: int) -> list[float]:
        client = connect()
        with server.scope() as own, own.recording() as requests:
            for _ in range(5):
                client.get(own.page(10, delay_ms="lognormal:2,0.5", seed=seed))
            return [record.delay_s for record in requests()]

    assert delays(1) == delays(1) != delays(2)


def test_a_share_of_requests_is_hit_and_always_the_same_ones(connect: Connect, server: MockServer) -> None:
    """The seed decides which."""

    def seen(seed: int) -> list[int]:
        with server.scope() as own:
            return statuses(connect(), own.page(10, status=503, share=0.3, seed=seed), 200)

    first = seen(5)
    assert first == seen(5) != seen(6)
    assert 30 < first.count(503) < 90


def test_each_url_draws_for_itself(plain: PlainClient, server: MockServer) -> None:
    """Forty pages asked once each have forty delays, the same ones in every run."""

    def delays() -> list[float]:
        with server.scope() as own, own.recording() as requests:
            for key in range(40):
                plain.get(own.page(10, key=key, delay_ms="uniform:0,2"))
            return [record.delay_s for record in requests()]

    first = delays()
    assert len(set(first)) == 40
    assert first == delays()


def test_a_share_of_a_sites_pages_is_hit(plain: PlainClient, space: View) -> None:
    """Not all of them or none."""
    root = space.site(100, status=503, share=0.3)
    seen = [plain.get(root.replace("p0.html", f"p{n}.html")).status for n in range(100)]
    assert 15 < seen.count(503) < 45


def test_the_time_in_a_queue_is_not_the_delay_again() -> None:
    """Each is drawn for itself."""
    how = behaviour({"delay_ms": "uniform:0,100", "service_ms": "uniform:0,100", "slots": 1}, "here")
    target = Target("/page/1/0", page(1, 0), how, Counts(""))
    assert how.delay_ms is not None
    assert how.delay_ms.sample_s(target.delay_seed, 0) != how.delay_ms.sample_s(target.service_seed, 0)
    assert target.share_seed not in (target.delay_seed, target.service_seed)


def test_only_the_nth_request_is_hit(plain: PlainClient, space: View) -> None:
    """Counted from one."""
    assert statuses(plain, space.page(10, status=500, nth=3), 5) == [200, 200, 500, 200, 200]


def test_a_clients_first_tries_are_hit(plain: PlainClient, space: View) -> None:
    """So that retries can be tested."""
    assert statuses(plain, space.page(10, status=429, retry_after_s=2, first=2), 4) == [429, 429, 200, 200]


def test_retry_after_is_in_the_answer(plain: PlainClient, space: View) -> None:
    """In seconds."""
    assert plain.get(space.page(status=429, retry_after_s=7)).headers["retry-after"] == "7"


def test_a_body_can_be_cut_where_one_likes(plain: PlainClient, space: View) -> None:
    """Fewer bytes than declared, then the end."""
    plain.ask(space.page(1000, cut_after_bytes=123))
    head = plain.line_by_line()
    assert "Content-Length: 1000" in head
    assert len(plain.until_closed()) == 123


def test_bandwidth_is_limited(plain: PlainClient, space: View) -> None:
    """100 kB at 200 kB/s take no less than 0.4 s."""
    began = time.monotonic()
    assert len(plain.get(space.page(100_000, rate_bytes_per_s=200_000)).body) == 100_000
    assert time.monotonic() - began > 0.4


def test_a_queue_serves_only_as_many_at_once_as_it_has_slots(connect: Connect, space: View) -> None:
    """Six requests of 50 ms through two slots take three times as long as one."""
    clients = [connect() for _ in range(6)]
    began = time.monotonic()
    for client in clients:
        client.ask(space.page(10, slots=2, service_ms=50))
    for client in clients:
        client.answer()
    assert time.monotonic() - began > 0.145


def test_a_client_that_leaves_the_queue_gives_up_its_place(connect: Connect, space: View) -> None:
    """Whether it was being served or waiting."""
    url = space.page(10, slots=1, service_ms=100)
    served, waiting, last = connect(), connect(), connect()
    for client in (served, waiting, last):
        client.ask(url)
        with space.expect(requests_in_flight=range(1, 4)):
            pass
    served.close()
    waiting.close()
    assert last.answer().status == 200
    with space.expect(requests_in_flight=0):
        pass
    assert space.counters().requests_abandoned == 2


def test_a_stream_is_what_its_digest_says(plain: PlainClient, server: MockServer) -> None:
    """A client checks it without having a copy."""
    size_bytes = 5_000_000
    assert hashlib.sha256(plain.get(server.stream(size_bytes, key=3)).body).hexdigest() == stream_sha256(size_bytes, 3)


def test_a_slow_reader_of_a_large_stream_costs_no_memory(plain: PlainClient, space: View) -> None:
    """The server waits for it instead of building the body."""
    psutil = pytest.importorskip("psutil")
    process = psutil.Process(space.pids[0])
    before = process.memory_info().rss
    plain.ask(space.stream(4 * 2**30))
    plain.line_by_line()
    for _ in range(200):
        plain.socket.recv(1_000_000)
    assert process.memory_info().rss - before < 30_000_000


def test_every_page_of_a_site_is_reachable_from_its_root(plain: PlainClient, space: View) -> None:
    """Exactly as many as asked, with the links that the graph tells."""
    root = space.site(60, seed=4, links=3, size_bytes=2048)
    graph = site_pages(60, seed=4, links=3, size_bytes=2048)
    found, left = set(), ["p0.html"]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        body = plain.get(root.replace("p0.html", name)).body
        assert body == graph.body(name)
        links = re.findall(rb'href="([^"]+)"', body)
        assert tuple(link.decode() for link in links) == graph.links[name]
        left += graph.links[name]
    assert found == graph.links.keys()
    assert len(found) == 60


def test_the_options_of_a_site_hold_for_each_of_its_pages(plain: PlainClient, space: View) -> None:
    """They are in the path, so relative links keep them."""
    root = space.site(5, status=503)
    assert plain.get(root.replace("p0.html", "p3.html")).status == 503


def test_a_site_can_be_declared_in_python() -> None:
    """Paths, bodies and headers of one's own."""
    routes = [
        route("/api/items", body='{"items": []}', content_type="application/json", headers={"X-Mine": "1"}),
        route("/made", status=201, body="made", methods=["POST"]),
        route("/shop/*", like="/page/77/0", delay_ms=1),
    ]
    with MockServer.start(site=routes) as server:
        plain = PlainClient(server.port)
        items = plain.get(server.at("/api/items"))
        assert (items.body, items.headers["x-mine"]) == (b'{"items": []}', "1")
        made = plain.get(server.at("/made"), method="POST", body=b"x")
        assert (made.status, made.body) == (201, b"made")
        assert plain.get(server.at("/made")).status == 405
        assert len(plain.get(server.at("/shop/any/thing")).body) == 77
        plain.close()


def test_a_site_can_be_declared_in_toml(tmp_path: Path) -> None:
    """The same, and the server's settings with it."""
    file = tmp_path / "site.toml"
    file.write_text(
        """
        [server]
        limits = { body_bytes = 10 }

        [[route]]
        path = "/hello"
        body = "hello"
        delay_ms = [1, 2, 3]

        [[route]]
        path = "/flaky"
        like = "/echo"
        status = 503
        first = 1
        """
    )
    with MockServer.start(site=file) as server:
        plain = PlainClient(server.port)
        assert plain.get(server.at("/hello")).body == b"hello"
        assert statuses(plain, server.at("/flaky"), 2) == [503, 200]
        assert plain.get(server.upload(), method="POST", body=b"x" * 11).status == 413
        plain.close()


def test_a_client_can_be_told_by_a_header_or_its_connection(connect: Connect, space: View) -> None:
    """All clients of a test have one address, so its first tries can be counted by something else."""
    one, other = connect(), connect()
    by_header = space.page(10, status=503, first=1, per="X-Worker")
    for name in ("a", "b", "a", "b"):
        one.ask(by_header, f"X-Worker: {name}")
    assert [one.answer().status for _ in range(4)] == [503, 503, 200, 200]
    by_connection = space.page(10, status=503, first=1, per="connection")
    assert statuses(one, by_connection, 2) == statuses(other, by_connection, 2) == [503, 200]
    assert statuses(one, space.page(10, status=503, first=1), 1) == [503]
    assert statuses(other, space.page(10, status=503, first=1), 1) == [200]


def test_new_connections_can_be_refused_for_a_while(plain: PlainClient, server: MockServer, connect: Connect) -> None:
    """Those that are open stay open, and afterwards the port is the same."""
    assert plain.get(server.page(10)).status == 200
    with server.refusing():
        with pytest.raises(ConnectionRefusedError):
            connect()
        assert plain.get(server.page(10)).status == 200
    assert connect().get(server.page(10)).status == 200


def test_the_last_block_that_refuses_connections_lets_them_in_again(server: MockServer, connect: Connect) -> None:
    """The end of one inside another is too early."""
    with server.refusing():
        for _ in range(2):
            with server.refusing(), pytest.raises(ConnectionRefusedError):
                connect()
            with pytest.raises(ConnectionRefusedError):
                connect()
    assert connect().get(server.page(10)).status == 200


def test_a_slot_is_kept_no_shorter_than_asked(plain: PlainClient, space: View) -> None:
    """By the server's own clock, on loops whose timers count whole milliseconds too."""
    with space.recording() as requests:
        for _ in range(30):
            plain.get(space.page(10, slots=1, service_ms=3))
        assert min(record.ended_s - record.arrived_s for record in requests()) >= 0.003
