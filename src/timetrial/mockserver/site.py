"""A linked site of any number of pages: which page links where, and the HTML that says so. Pure functions."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from timetrial.errors import MockServerError
from timetrial.mockserver.content import Body

MOST_PAGES = 1_000_000
_MOST_LINKS = 1_000
_LARGEST_BYTES = 2**20
_FRAME_BYTES = 160
_LINK_BYTES = 48


@dataclass(frozen=True)
class Site:
    """A site of exactly ``pages`` pages of ``size_bytes`` each, all reachable from page 0 by ``links`` links a page."""

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
        children = _children(self.pages, self.seed, self.links)[page]
        wanted = min(self.links, self.pages - 1)
        chosen = dict.fromkeys(children)
        rng = random.Random(f"{self.seed}/{page}")
        while len(chosen) < wanted:
            other = rng.randrange(self.pages)
            if other != page:
                chosen[other] = None
        return tuple(sorted(chosen))

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


@lru_cache(maxsize=8)
def _children(pages: int, seed: int, links: int) -> tuple[tuple[int, ...], ...]:
    """A tree over all pages with page 0 as its root, which is what makes every page reachable."""
    order = list(range(1, pages))
    random.Random(seed).shuffle(order)
    order.insert(0, 0)
    children: list[tuple[int, ...]] = [()] * pages
    for position, page in enumerate(order):
        children[page] = tuple(order[position * links + 1 : position * links + 1 + links])
    return tuple(children)


@dataclass(frozen=True)
class SitePages:
    """A site's pages as a client that follows every link finds them: names, links and bodies."""

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
