"""The journal tells what really happened."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

import pytest

from tests.system.mockserver.plainclient import PlainClient
from timetrial.errors import MockServerError
from timetrial.mockserver import FAULTS, MockServer, View

Connect = Callable[[], PlainClient]


def test_requests_are_counted_by_path_and_status_and_connection(connect: Connect, space: View) -> None:
    """With the client's port, so that a test knows its own connections."""
    first, second = connect(), connect()
    for _ in range(3):
        first.get(space.page(10, key=1))
    second.get(space.page(10, key=1, status=503))
    journal = space.journal()
    assert journal.by_path == {"/page/10/1": 4}
    assert journal.by_outcome == {("/page/10/1", 200): 3, ("/page/10/1", 503): 1}
    ports = {client.socket.getsockname()[1]: n for client, n in ((first, 3), (second, 1))}
    assert {record.client_port: record.requests for record in journal.connections} == ports


def test_requests_in_flight_are_attested_on_delayed_pages(connect: Connect, space: View) -> None:
    """Ten at once are ten in flight, and that is a peak of its own time only."""
    clients = [connect() for _ in range(10)]
    before = space.counters()
    for client in clients:
        client.ask(space.page(10, delay_ms=300))
    for client in clients:
        client.answer()
    after = space.counters()
    assert (after - before).requests_in_flight_max == 10
    assert (after - before).connections_open_max == 10
    clients[0].get(space.page(10))
    later = space.counters()
    assert (later - after).requests_in_flight_max == 1
    assert (later - before).requests_in_flight_max == 10


def test_a_client_that_leaves_is_an_abandoned_request(connect: Connect, space: View) -> None:
    """It arrived, it was not completed, and it is not in flight any more."""
    with space.expect(requests_arrived=1, requests_completed=0, requests_abandoned=1, requests_in_flight=0):
        client = connect()
        client.ask(space.page(10, delay_ms=60_000))
        with space.expect(requests_in_flight=1):
            pass
        client.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_counts_a_request_twice_or_not_at_all(fault: str, connect: Connect, space: View) -> None:
    """Every request that arrived has exactly one end."""
    with space.expect(requests_arrived=2, requests_in_flight=0, requests_malformed=0, requests_abandoned=0):
        for _ in range(2):
            client = connect()
            client.socket.settimeout(0.2)
            client.ask(space.page(100, fault=fault, interval_ms=0))
            client.take_what_comes(20_000)
            client.close()
    counted = space.counters()
    assert counted.requests_completed + counted.requests_faulted == 2


def test_bytes_are_counted_both_ways(plain: PlainClient, space: View) -> None:
    """What was received, and what was sent with its heads."""
    answers = [plain.get(space.page(1000)) for _ in range(5)]
    sent = f"GET /{space.page(1000).split('/', 3)[3]} HTTP/1.1\r\nHost: here\r\n\r\n"
    counted = space.counters()
    assert counted.bytes_in == 5 * len(sent)
    assert 5 * 1000 < counted.bytes_out < 5 * (1000 + 400)
    assert len(answers) == 5


def test_added_delay_and_service_time_are_told_apart(plain: PlainClient, space: View) -> None:
    """The delay that was asked for is not the server's work."""
    for _ in range(4):
        plain.get(space.page(10, delay_ms=25))
    counted = space.counters()
    assert counted.delay_s == pytest.approx(0.1)
    assert counted.delay_late_s >= 0
    assert counted.service_s > 0


def test_a_server_at_rest_is_not_saturated(server: MockServer) -> None:
    """By its own measure."""
    before = server.counters()
    after = server.counters()
    assert after.cpu_s >= before.cpu_s
    assert after.ceiling_requests_per_s > 0
    assert (after - before).requests_completed == 0


def test_two_parts_of_one_server_never_see_each_other(connect: Connect, server: MockServer) -> None:
    """Tests in parallel share one process and keep their own journals."""

    def use(n: int) -> None:
        with server.scope() as own, own.expect(requests_completed=n, by_path={f"/page/{n}/0": n}):
            client = connect()
            for _ in range(n):
                client.get(own.page(n))

    before = server.counters()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(use, range(1, 17)))
    assert (server.counters() - before).requests_completed == sum(range(1, 17))


def test_a_closed_part_keeps_its_counts_in_the_servers_own(plain: PlainClient, server: MockServer) -> None:
    """Also those of a request that ends after it."""
    with server.expect(requests_arrived=2, requests_completed=2):
        with server.scope() as own:
            plain.get(own.page(10))
            plain.ask(own.page(10, delay_ms=100))
            with own.expect(requests_in_flight=1):
                pass
        plain.answer()


def test_requests_are_listed_one_by_one_when_asked(plain: PlainClient, space: View) -> None:
    """The last ones, up to a bound."""
    with space.recording(limit=3) as requests:
        for key in range(5):
            plain.get(space.page(10, key=key, delay_ms=1))
        seen = requests()
    assert [record.path for record in seen] == ["/page/10/2", "/page/10/3", "/page/10/4"]
    assert all(record.whole and record.ended_s - record.arrived_s >= 0 for record in seen)
    assert seen[0].client_port == plain.socket.getsockname()[1]


def test_a_recording_inside_another_one_leaves_it_alone(plain: PlainClient, server: MockServer, space: View) -> None:
    """Each keeps what came in its own block, up to its own bound, whichever of them ends first."""
    with space.recording() as outer, server.recording() as whole:
        plain.get(space.page(10, key=1))
        with space.recording(limit=1) as inner:
            plain.get(space.page(10, key=2))
            plain.get(space.page(10, key=3))
            assert [record.path for record in inner()] == ["/page/10/3"]
        plain.get(space.page(10, key=4))
        plain.get(server.page(10, key=5))
        mine = [f"/page/10/{key}" for key in (1, 2, 3, 4)]
        assert [record.path for record in outer()] == mine
        assert [record.path for record in whole()] == [*mine, "/page/10/5"]
        with pytest.raises(MockServerError, match="nothing is recorded any more"):
            inner()


def test_requests_that_were_not_answered_in_full_are_in_the_journal_too(connect: Connect, space: View) -> None:
    """With the status 0, which is none, so that the counters' statuses don't have it."""
    leaver = connect()
    leaver.ask(space.page(10, delay_ms=60_000))
    with space.expect(requests_in_flight=1):
        pass
    leaver.close()
    for _ in range(2):
        connect().ask(space.page(20, fault="reset_before_headers"))
    connect().get(space.page(20))
    with space.expect(requests_in_flight=0, within_s=5):
        pass
    journal = space.journal()
    assert journal.by_outcome == {("/page/10/0", 0): 1, ("/page/20/0", 0): 2, ("/page/20/0", 200): 1}
    assert journal.by_path == {"/page/10/0": 1, "/page/20/0": 3}
    assert space.counters().by_status == {200: 1}


def test_a_record_is_kept_by_one_clock(plain: PlainClient, space: View) -> None:
    """A request that takes no time ends microseconds after its arrival, not in another whole millisecond."""
    with space.recording() as requests:
        before = time.monotonic()
        for _ in range(50):
            plain.get(space.page(10))
        seen = requests()
        after = time.monotonic()
    times = [moment for record in seen for moment in (record.arrived_s, record.ended_s)]
    assert times == sorted(times)
    if sys.platform == "linux":  # elsewhere a process may have its own beginning of time
        assert before < times[0] < times[-1] < after


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux spreads connections over the sockets of one port")
def test_several_processes_together_keep_as_many_requests_as_asked() -> None:
    """The last ones of all, oldest first."""
    with MockServer.start(processes=2) as server, server.recording(limit=5) as requests:
        for key in range(40):
            client = PlainClient(server.port)
            with server.expect(requests_completed=1):  # or the next one's process may be done with it before
                client.get(server.page(10, key=key))
            client.close()
        assert [record.path for record in requests()] == [f"/page/10/{key}" for key in range(35, 40)]


@pytest.mark.parametrize("limit", [0, -1, 100_001, 2.5, True])
def test_a_recording_without_a_sensible_bound_is_refused(limit: int, space: View) -> None:
    """It would keep nothing, or fill the memory."""
    with pytest.raises(MockServerError, match="limit from 1 to 100000, not"), space.recording(limit):
        pass


def test_a_difference_from_what_was_expected_can_be_read(plain: PlainClient, space: View) -> None:
    """One line for each."""
    with (
        pytest.raises(AssertionError) as caught,
        space.expect(within_s=0, requests_completed=2, by_status={503: 1}, connections_opened=range(5, 8)),
    ):
        plain.get(space.page(10))
    assert str(caught.value) == (
        "the mock server saw something else than expected:\n"
        "  requests_completed: expected 2, was 1\n"
        "  by_status[200]: expected 0, was 1\n"
        "  by_status[503]: expected 1, was 0\n"
        "  connections_opened: expected 5 to 7, was 1"
    )


def test_an_expectation_nobody_counts_is_an_error(space: View) -> None:
    """A typing mistake must not pass as an expectation that holds."""
    with pytest.raises(MockServerError, match="knows no 'request_completed'"), space.expect(request_completed=1):
        pass


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"by_status": {"200": 1}}, "by_status as a mapping such as {200: 3}, not {'200': 1}"),
        ({"by_status": 200}, "by_status as a mapping such as {200: 3}, not 200"),
        ({"by_status": {200: "1"}}, "by_status[200] as a number or a range, not '1'"),
        ({"by_path": {1: 1}}, 'by_path as a mapping such as {"/page/1024/0": 3}, not {1: 1}'),
        ({"by_fault": "hang"}, "by_fault as a mapping such as {\"hang\": 1}, not 'hang'"),
        ({"requests_completed": "3"}, "requests_completed as a number or a range, not '3'"),
        ({"requests_completed": {1: 2}}, "requests_completed as a number or a range, not {1: 2}"),
        ({"requests_completed": None}, "requests_completed as a number or a range, not None"),
    ],
)
def test_an_expectation_that_no_count_can_be_compared_with_is_an_error(
    expected: dict[str, Any], words: str, space: View
) -> None:
    """Before the block runs, and with what it takes."""
    with pytest.raises(MockServerError) as caught, space.expect(**expected):
        pytest.fail("the block has run")
    assert str(caught.value) == f"expect() takes {words}"


def test_an_expectation_may_be_any_number(plain: PlainClient, space: View) -> None:
    """A status by its name, several to choose from, one that is near enough."""
    choice: Any = {1, 2}
    near: Any = pytest.approx(0.001)
    with space.expect(by_status={HTTPStatus.OK: range(1, 3)}, requests_completed=choice, delay_s=near):
        plain.get(space.page(10, delay_ms=1))


def test_a_part_that_comes_and_goes_resets_nobody_elses_counts(plain: PlainClient, server: MockServer) -> None:
    """The number of a URL's requests and a client's tries go on, in the server's own part and in others."""
    with server.scope() as mine:
        for part in (server, mine):
            url = part.page(10, key=77, status=503, first=2)
            assert plain.get(url).status == 503
            with server.scope() as other:
                plain.get(other.page(10))
            assert [plain.get(url).status for _ in range(3)] == [503, 200, 200]


def test_a_part_is_found_although_its_url_was_asked_for_too_early(plain: PlainClient, server: MockServer) -> None:
    """404 is remembered for as long as it is true only."""
    with server.scope() as first:
        coming = first.page(10).replace(f"/~{first.name}/", f"/~{int(first.name or 0) + 1}/")
        assert [plain.get(coming).status for _ in range(3)] == [404, 404, 404]
        with server.scope() as second:
            assert second.page(10) == coming
            assert [plain.get(coming).status for _ in range(3)] == [200, 200, 200]
        assert [plain.get(coming).status for _ in range(2)] == [404, 404]


def test_what_is_no_request_is_counted_also_after_its_part_was_closed(plain: PlainClient, server: MockServer) -> None:
    """A kept connection was last used for a part that is over."""
    with server.scope() as own:
        plain.get(own.page(10))
    with server.expect(requests_malformed=1, bytes_in=17):
        plain.send(b"no http at all\r\n\r")
        assert plain.answer().status == 400


def test_a_closed_part_says_that_it_is_closed(server: MockServer) -> None:
    """To whoever asks it for its counts."""
    with server.scope() as own:
        pass
    for ask in (own.counters, own.journal, own.recording().__enter__):
        with pytest.raises(MockServerError, match=f"says: scope {own.name} is closed; ask inside its with block"):
            ask()
    with server.recording() as requests:
        pass
    with pytest.raises(MockServerError, match="nothing is recorded any more"):
        requests()
