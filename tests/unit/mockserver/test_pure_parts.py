"""The mock server's pure parts: options, delays, bodies, sites, counters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import timetrial.mockserver
from timetrial.errors import MockServerError
from timetrial.mockserver import Counters, page_body, route, site_pages, stream_chunks
from timetrial.mockserver.addresses import Addresses
from timetrial.mockserver.content import PERIOD_BYTES, stream_content
from timetrial.mockserver.counters import Peaks
from timetrial.mockserver.routes import check_routes, load_site
from timetrial.mockserver.server.messages import location
from timetrial.mockserver.server.resources import Fixed
from timetrial.mockserver.server.targets import resolve


def test_all_names_that_are_offered_can_be_had() -> None:
    """And no other."""
    assert all(hasattr(timetrial.mockserver, name) for name in timetrial.mockserver.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        timetrial.mockserver.Nothing  # noqa: B018 - looking it up is the point


def test_importing_the_package_imports_nothing_heavy() -> None:
    """No event loop, no parser, no subprocess."""
    code = (
        "import sys, timetrial.mockserver; print(sorted({'asyncio', 'httptools', 'subprocess'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"status": 99}, "status=99 cannot be used; it takes an integer from 200 to 599"),
        ({"fault": "fire"}, "it takes one of reset_before_headers"),
        ({"share": 2}, "a number from 0 to 1"),
        ({"speed": 1}, "there is no option 'speed'; the options are delay_ms"),
        ({"nth": 1.5}, "an integer"),
    ],
)
def test_options_that_make_no_sense_are_refused_where_they_are_written(
    options: dict[str, object], message: str
) -> None:
    """Before any request is made."""
    with pytest.raises(MockServerError) as caught:
        Addresses("http://h").page(**options)  # type: ignore[arg-type] # the mistakes that are tested
    assert message in str(caught.value)


def test_urls_carry_what_they_ask_for() -> None:
    """Identity in the path, behaviour in the query."""
    at = Addresses("http://h")
    assert at.page(10, key=3, delay_ms=20, gzip=True) == "http://h/page/10/3?delay_ms=constant:20&gzip=1"
    assert at.stream(5) == "http://h/stream/5/0"
    assert at.site(9, share=0.5, status=503) == (
        "http://h/site/pages=9&seed=1&links=8&size_bytes=4096&status=503&share=0.5/p0.html"
    )
    with pytest.raises(MockServerError, match="0 to 4294967296 bytes"):
        at.stream(2**33)


@pytest.mark.parametrize("number", [10.5, 10.0, True, "10", None, [10], 10**30, -(10**30)], ids=repr)
def test_urls_take_integers_only(number: Any) -> None:
    """What the server would answer with 400 is an error where it is written."""
    at = Addresses("http://h")
    makers: dict[str, Callable[[], str]] = {
        "page() takes 0 to 4294967296 bytes (4 GB)": lambda: at.page(number),
        "page() takes an integer of 64 bits as key": lambda: at.page(key=number),
        "stream() takes 0 to 4294967296 bytes (4 GB)": lambda: at.stream(number),
        "redirect() takes 1 to 1000 hops": lambda: at.redirect(number),
        "site() takes an integer as pages": lambda: at.site(number),
        "site() takes an integer as seed": lambda: at.site(seed=number),
        "site() takes an integer as links": lambda: at.site(links=number),
        "site() takes an integer as size_bytes": lambda: at.site(size_bytes=number),
    }
    for takes, make in makers.items():
        with pytest.raises(MockServerError) as caught:
            make()
        assert str(caught.value) == f"{takes}, not {number!r}"


class Indices:
    """What numpy's integers and arrays are like: no int, and an integer only where there is a single one."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = numbers

    def __index__(self) -> int:
        if len(self.numbers) > 1:
            raise TypeError
        return self.numbers[0]


def test_urls_take_integers_of_any_kind() -> None:
    """Numpy's too, which a benchmark's parameters may well be."""
    at = Addresses("http://h")
    five: Any = Indices(5)
    several: Any = Indices(1, 2)
    assert at.page(five, key=five) == at.page(5, key=5)
    assert at.site(five, seed=five) == at.site(5, seed=5)
    assert at.redirect(five) == at.redirect(5)
    with pytest.raises(MockServerError, match="1 to 1000 hops, not"):
        at.redirect(several)


@pytest.mark.parametrize("key", [-(2**63), 2**64 - 1])
def test_a_key_may_be_any_integer_of_64_bits(key: int) -> None:
    """The server reads all that the URL makers write."""
    resource, _ = resolve(Addresses("").page(10, key=key), "")
    assert isinstance(resource, Fixed)
    assert b"".join(resource.body.chunks()) == page_body(10, key)  # type: ignore[union-attr] # a page is described


@pytest.mark.parametrize("seed", [-(2**63), 2**63])
def test_a_sites_seed_may_be_as_large_as_any_other(seed: int) -> None:
    """The server reads it twice: for the links, and for what is drawn for the options."""
    resource, how = resolve(Addresses("").site(3, seed=seed), "")
    assert isinstance(resource, Fixed)
    assert (resource.status, how.seed) == (200, seed)


def test_bodies_are_exactly_as_long_as_asked_and_differ_by_key() -> None:
    """And any part can be had without the rest."""
    for size_bytes in (0, 1, 1000, PERIOD_BYTES + 10):
        assert len(page_body(size_bytes)) == size_bytes
    assert page_body(100, 1) != page_body(100, 2)
    whole = b"".join(stream_chunks(2 * PERIOD_BYTES + 5))
    part = b"".join(stream_content(2 * PERIOD_BYTES + 5, 0).chunks(PERIOD_BYTES - 3, PERIOD_BYTES + 3))
    assert part == whole[PERIOD_BYTES - 3 : PERIOD_BYTES + 3]


@pytest.mark.parametrize(("pages", "links"), [(1, 0), (1, 8), (2, 1), (50, 1), (300, 8), (301, 300)])
def test_a_site_has_its_pages_and_its_links(pages: int, links: int) -> None:
    """All reachable, none linking to itself."""
    graph = site_pages(pages, links=links, size_bytes=20_000).links
    reached, left = set(), ["p0.html"]
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            assert len(set(graph[name])) == len(graph[name]) == min(links, pages - 1)
            assert name not in graph[name]
            left += graph[name]
    assert len(reached) == len(graph) == pages


def test_a_page_that_is_too_small_for_its_links_is_refused() -> None:
    """With the size that would do."""
    with pytest.raises(MockServerError, match="size_bytes=544 or more"):
        site_pages(300, size_bytes=100)


def test_a_difference_of_counters_has_the_peaks_of_its_own_time() -> None:
    """Not those of before."""
    windows = [Peaks(9, 9, 0.1), Peaks(2, 3, 0.0), Peaks(4, 1, 0.0)]
    before = Counters(requests_arrived=5, by_status={200: 5}, windows=windows, window=1)
    after = Counters(requests_arrived=8, by_status={200: 6, 404: 2}, windows=windows, window=3, requests_in_flight=1)
    changed = after - before
    assert (changed.requests_arrived, changed.requests_in_flight_max, changed.connections_open_max) == (3, 4, 3)
    assert (changed.by_status, changed.requests_in_flight) == ({200: 1, 404: 2}, 1)


def test_a_server_is_saturated_by_its_cpu_or_its_lag() -> None:
    """Either is enough."""
    assert Counters(cpu_s=0.95, wall_s=1.0).saturated
    assert Counters(cpu_s=0.1, wall_s=1.0, loop_lag_s=0.1, loop_ticks=10).saturated
    assert not Counters(cpu_s=0.5, wall_s=1.0, loop_ticks=10).saturated


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "x"}, "begins with a slash"),
        ({"path": "/x", "body": "a", "like": "/echo"}, "give body= or like="),
        ({"path": "/x", "headers": {"A": "b\r\nC: d"}}, "route /x: 'A': 'b\\r\\nC: d' cannot be a header"),
        ({"path": "/x", "headers": {"A": "5 €"}}, "route /x: 'A': '5 €' cannot be a header"),
        ({"path": "/x", "headers": {"A": 5}}, "route /x: 'A': 5 cannot be a header"),
        ({"path": "/x", "headers": {"A b": "c"}}, "route /x: 'A b': 'c' cannot be a header"),
        ({"path": "/x", "content_type": "a\nb"}, "route /x: content_type='a\\nb' cannot be a header's value"),
        ({"path": "/x", "methods": ["GÖT"]}, "route /x: 'GÖT' cannot be a method"),
    ],
)
def test_routes_that_make_no_sense_are_refused(options: dict[str, object], message: str) -> None:
    """When they are declared."""
    with pytest.raises(MockServerError) as caught:
        route(**options)  # type: ignore[arg-type] # the mistakes that are tested
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("likes", "words"),
    [
        ({"/a": "/b"}, "route /a: like='/b' would answer 404 there is nothing at /b; the kinds are page, stream"),
        ({"/a": "/a"}, "route /a: like='/a' would answer 404"),
        ({"/a": "/b", "/b": "/a"}, "route /a: like='/b' would answer 404"),
        ({"/a": "/echo", "/b": "/a"}, "route /b: like='/a' would answer 404"),
        ({"/a": "/page/1/x"}, "route /a: like='/page/1/x' would answer 400 /page/SIZE/KEY takes two integers"),
        ({"/a": "/page/1?status=9"}, "would answer 400 /page: status='9' cannot be used"),
        ({"/a": "/site/pages=3/p3.html"}, "would answer 404 the site has the pages p0.html to p2.html"),
        ({"/a": "/~1/echo"}, "route /a: like='/~1/echo' would answer 404"),
    ],
)
def test_a_route_that_is_like_nothing_is_refused(likes: dict[str, str], words: str, tmp_path: Path) -> None:
    """In Python and in TOML, before the server is there to say so to a client."""
    file = tmp_path / "site.toml"
    file.write_text("".join(f'[[route]]\npath = "{path}"\nlike = "{like}"\n' for path, like in likes.items()))
    for ask, where in (
        (lambda: check_routes([route(path, like=like) for path, like in likes.items()]), ""),
        (lambda: load_site(file), f"{file}: "),
    ):
        with pytest.raises(MockServerError) as caught:
            ask()
        assert str(caught.value).startswith(where + "route /")
        assert words in str(caught.value)
        assert str(caught.value).endswith("such as /page/2048/0, and never to another route")


def test_a_route_may_be_like_whatever_a_url_serves() -> None:
    """Also at the very path that it takes the place of."""
    likes = ["/page/10/0", "/page/10/0?status=503", "/stream/9", "/echo", "/upload", "/redirect/2?to=/x"]
    check_routes([route(f"/{n}", like=like) for n, like in enumerate([*likes, "/site/pages=3/p2.html"])])
    check_routes([route("/page/10/0", like="/page/10/0", status=503), route("/page/*", like="/page/10/0")])


def test_a_path_that_is_declared_twice_is_refused(tmp_path: Path) -> None:
    """With its name; the same beginning with a ``*`` is another path."""
    file = tmp_path / "site.toml"
    file.write_text("".join(f'[[route]]\npath = "{path}"\nbody = "x"\n' for path in ("/a", "/a*", "/b", "/a*")))
    with pytest.raises(MockServerError) as caught:
        load_site(file)
    assert str(caught.value) == (f"{file}: route /a* is declared twice; a path has one route, for all of its methods")


def test_a_location_carries_any_url() -> None:
    """Escapes and syntax stay as they are, everything else is escaped."""
    assert location("http://h/a%20b?c=d&e=%E4#f") == "http://h/a%20b?c=d&e=%E4#f"
    assert location("/ä €\r\nX: y") == "/%C3%A4%20%E2%82%AC%0D%0AX:%20y"
    assert location("/100%/%zz") == "/100%25/%25zz"
