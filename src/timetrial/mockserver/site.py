"""A linked site of any number of pages: which page links where, and the HTML that says so. Pure functions."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from timetrial.errors import MockServerError
from timetrial.mockserver.content import Body, pieces_of

MOST_PAGES = 1_000_000
_MOST_LINKS = 1_000
_LARGEST_BYTES = 2**20
_FRAME_BYTES = 160
_LINK_BYTES = 48


@dataclass(frozen=True)
class Site:
    """A site of exactly ``pages`` pages of ``size_bytes`` each, all reachable from page 0 by ``links`` links a page.

    ``seed`` decides which page links where. Raises MockServerError for more pages, links or bytes than a site has, and
    for pages that are too small for their links.
    """

    pages: int = 300
    seed: int = 1
    links: int = 8
    size_bytes: int = 4096

    def __post_init__(self) -> None:
        if not 1 <= self.pages <= MOST_PAGES:
            raise MockServerError(f"a site has 1 to {MOST_PAGES} pages, not {self.pages}")
        if not (1 if self.pages > 1 else 0) <= self.links <= _MOST_LINKS:
            raise MockServerError(
                f"a site of {self.pages} pages needs 1 to {_MOST_LINKS} links a page, not {self.links}"
            )
        if self.size_bytes > _LARGEST_BYTES:
            raise MockServerError(f"a site's pages have up to {_LARGEST_BYTES} bytes, not {self.size_bytes}")
        smallest = _FRAME_BYTES + _LINK_BYTES * min(self.links, self.pages - 1)
        if self.size_bytes < smallest:
            raise MockServerError(
                f"pages with {self.links} links need size_bytes={smallest} or more, not {self.size_bytes}; "
                f"raise size_bytes or lower links"
            )

    def linked_from(self, page: int) -> tuple[int, ...]:
        """The pages that this page links to: all different, and none of them itself."""
        chosen = dict.fromkeys(self._children(page))
        wanted = min(self.links, self.pages - 1)
        rng = random.Random(f"{self.seed}/{page}")
        # So many that enough are left without those that are there already, and without the page itself.
        for other in rng.sample(range(self.pages), min(self.pages, wanted + len(chosen) + 1)):
            if len(chosen) < wanted and other != page:
                chosen[other] = None
        return tuple(sorted(chosen))

    def _children(self, page: int) -> list[int]:
        """What makes every page reachable: a tree over all of them, in an order that the seed shuffles.

        The place p of a page other than the first is its number, multiplied and shifted modulo how many there are; so
        both ways take no longer in a site of a million pages than in one of ten.
        """
        others = self.pages - 1
        if not others:
            return []
        factor, shift = _shuffle(others, self.seed)
        place = ((page - 1 - shift) * pow(factor, -1, others) % others) + 1 if page else 0
        places = range(place * self.links + 1, min(place * self.links + self.links, others) + 1)
        return [((child - 1) * factor + shift) % others + 1 for child in places]

    def html(self, page: int) -> bytes:
        """The page, exactly ``size_bytes`` long."""
        items = "\n".join(f'<li><a href="{page_name(n)}">page {n}</a></li>' for n in self.linked_from(page))
        start = f"<!DOCTYPE html>\n<title>page {page}</title>\n<h1>page {page}</h1>\n<ul>\n{items}\n</ul>\n<p>".encode()
        end = b"</p>\n"
        filler = Body(f"timetrial site {self.seed} page {page}", self.size_bytes - len(start) - len(end))
        return start + filler.whole() + end


def page_name(page: int) -> str:
    """The last part of a page's URL."""
    return f"p{page}.html"


@lru_cache(maxsize=64)
def _shuffle(others: int, seed: int) -> tuple[int, int]:
    """A factor that has no divisor in common with the number of pages, and a shift."""
    rng = random.Random(f"shuffle {seed}")
    factor = rng.randrange(1, others + 1)
    while math.gcd(factor, others) != 1:
        factor = rng.randrange(1, others + 1)
    return factor, rng.randrange(others)


@dataclass(frozen=True)
class SitePage:
    """One page of a site as a body: it is built when it is sent, and not kept."""

    site: Site
    number: int

    @property
    def name(self) -> str:
        """Which page of which site."""
        return f"{self.site} page {self.number}"

    @property
    def size_bytes(self) -> int:
        """As for all pages of the site."""
        return self.site.size_bytes

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[memoryview]:
        """Its bytes from ``start`` to ``stop``, in views."""
        return pieces_of(self.site.html(self.number), start, stop)


@dataclass(frozen=True)
class SitePages:
    """A site's pages as a client that follows every link finds them.

    ``site``: what was asked for. ``links``: the names that each page links to, by the page's name (``p0.html``).
    """

    site: Site
    links: Mapping[str, tuple[str, ...]] = field(repr=False)

    def body(self, name: str) -> bytes:
        """The page of that name, as the server sends it."""
        return self.site.html(int(name.removeprefix("p").removesuffix(".html")))


def site_pages(pages: int = 300, seed: int = 1, links: int = 8, size_bytes: int = 4096) -> SitePages:
    """What ``server.site(…)`` with the same arguments serves: each page's name and the names that it links to."""
    site = Site(pages, seed, links, size_bytes)
    graph = {page_name(page): tuple(map(page_name, site.linked_from(page))) for page in range(pages)}
    return SitePages(site, graph)
