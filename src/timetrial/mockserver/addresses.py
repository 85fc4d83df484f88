"""URLs of the mock server, made from what is wanted: the client's side of timetrial.mockserver.targets."""

from __future__ import annotations

from typing import Unpack
from urllib.parse import quote

from timetrial.errors import MockServerError
from timetrial.mockserver.options import BehaviourOptions, SeedlessOptions, behaviour, check_gzip
from timetrial.mockserver.site import Site, page_name

MOST_BODY_BYTES = 4 * 2**30


class Addresses:
    """Makes absolute URLs below ``url``; everything that a URL needs is in it, so nothing has to be set up."""

    def __init__(self, url: str) -> None:
        self.url = url

    def page(self, size_bytes: int = 1024, *, key: int = 0, **options: Unpack[BehaviourOptions]) -> str:
        """A page of exactly that many bytes of ASCII text: ``page_body(size_bytes, key)``. Options: see Behaviour."""
        return self._sized("page", size_bytes, key, options)

    def stream(self, size_bytes: int = 2**28, *, key: int = 0, **options: Unpack[BehaviourOptions]) -> str:
        """A body of up to 4 GB that is never built in memory; ``stream_sha256`` and ``stream_chunks`` tell it."""
        return self._sized("stream", size_bytes, key, options)

    def site(
        self,
        pages: int = 300,
        *,
        seed: int = 1,
        links: int = 8,
        size_bytes: int = 4096,
        **options: Unpack[SeedlessOptions],
    ) -> str:
        """The root of a site of so many linked pages; ``site_pages`` tells its graph. The options hold for each page.

        ``seed`` decides both the links and what is drawn for the options.
        """
        Site(pages, seed, links, size_bytes)
        shape = f"pages={pages}&seed={seed}&links={links}&size_bytes={size_bytes}"
        extra = behaviour(options, "site()").query()
        return f"{self.url}/site/{shape}{'&' if extra else ''}{extra}/{page_name(0)}"

    def echo(self, **options: Unpack[BehaviourOptions]) -> str:
        """Answers with the request's method, target, headers and body as JSON."""
        return self._plain("/echo", options)

    def upload(self, **options: Unpack[BehaviourOptions]) -> str:
        """Takes a body of any size, in constant memory, and answers with its size and SHA-256 as JSON."""
        return self._plain("/upload", options)

    def redirect(self, hops: int = 1, *, to: str = "", **options: Unpack[BehaviourOptions]) -> str:
        """Redirects so many times (status 302, or another 3xx by ``status=``) and then to the URL ``to``, or to a page.

        Other statuses are answered instead of a redirect, as everywhere; each hop counts for itself.
        """
        if not 1 <= hops <= 1000:
            raise MockServerError(f"redirect() takes 1 to 1000 hops, not {hops}")
        url = self._plain(f"/redirect/{hops}", options)
        return f"{url}{'&' if '?' in url else '?'}to={quote(to, safe='')}" if to else url

    def at(self, path: str) -> str:
        """The URL of a path that was declared in the site; it begins with a slash."""
        return self.url + path

    def _sized(self, kind: str, size_bytes: int, key: int, options: BehaviourOptions) -> str:
        if not 0 <= size_bytes <= MOST_BODY_BYTES:
            raise MockServerError(f"{kind}() takes 0 to {MOST_BODY_BYTES} bytes (4 GB), not {size_bytes}")
        check_gzip(behaviour(options, f"{kind}()"), size_bytes, f"{kind}()")
        return self._plain(f"/{kind}/{size_bytes}/{key}", options)

    def _plain(self, path: str, options: BehaviourOptions) -> str:
        query = behaviour(options, f"{path.split('/')[1]}()").query()
        return f"{self.url}{path}{'?' if query else ''}{query}"
