"""URLs of the mock server, made from what is wanted: the client's side of timetrial.mockserver.targets."""

from __future__ import annotations

from typing import Unpack
from urllib.parse import quote

from timetrial.errors import MockServerError
from timetrial.mockserver.behaviour import BehaviourOptions, SeedlessOptions
from timetrial.mockserver.combinations import check_body
from timetrial.mockserver.options import behaviour, whole
from timetrial.mockserver.site import Site, page_name

MOST_BODY_BYTES = 4 * 2**30
MOST_URL_BYTES = 16_384
_LOWEST = -(2**63)
_HIGHEST_KEY = 2**64 - 1  # so that any 64 bits are a key, with or without a sign
_HIGHEST_SEED = 2**63  # as of the option of that name


class Addresses:
    """Makes absolute URLs below ``url``; everything that a URL needs is in it, so nothing has to be set up.

    Each raises MockServerError, with what it takes, for anything that the server would answer with an error: an option
    that there isn't, that is out of its range, or that does not go with another one; a URL longer than
    ``most_url_bytes`` (16 KiB unless given), without its scheme and host.
    """

    def __init__(self, url: str, most_url_bytes: int | None = None) -> None:
        self.url = url
        self._most_url_bytes = MOST_URL_BYTES if most_url_bytes is None else most_url_bytes

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
        numbers = {"pages": pages, "seed": seed, "links": links, "size_bytes": size_bytes}
        for name, value in numbers.items():
            numbers[name] = whole(value, _LOWEST, _HIGHEST_SEED, f"site() takes an integer as {name}")
        Site(**numbers)
        shape = "&".join(f"{name}={number}" for name, number in numbers.items())
        how = behaviour(options, "site()")
        check_body(how, numbers["size_bytes"], "site()")
        extra = how.query()
        return self._short_enough(f"{self.url}/site/{shape}{'&' if extra else ''}{extra}/{page_name(0)}", "site()")

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
        url = self._plain(f"/redirect/{whole(hops, 1, 1000, 'redirect() takes 1 to 1000 hops')}", options)
        if to:
            url += f"{'&' if '?' in url else '?'}to={quote(to, safe='')}"
        return self._short_enough(url, "redirect()")

    def at(self, path: str) -> str:
        """The URL of a path that was declared in the site; it begins with a slash."""
        return self.url + path

    def _sized(self, kind: str, size_bytes: int, key: int, options: BehaviourOptions) -> str:
        size = whole(size_bytes, 0, MOST_BODY_BYTES, f"{kind}() takes 0 to {MOST_BODY_BYTES} bytes (4 GB)")
        number = whole(key, _LOWEST, _HIGHEST_KEY, f"{kind}() takes an integer of 64 bits as key")
        check_body(behaviour(options, f"{kind}()"), size, f"{kind}()")
        return self._plain(f"/{kind}/{size}/{number}", options)

    def _plain(self, path: str, options: BehaviourOptions) -> str:
        where = f"{path.split('/')[1]}()"
        query = behaviour(options, where).query()
        return self._short_enough(f"{self.url}{path}{'?' if query else ''}{query}", where)

    def _short_enough(self, url: str, where: str) -> str:
        size_bytes = len(url.encode()) - len("/".join(self.url.split("/")[:3]).encode())
        if size_bytes > self._most_url_bytes:
            raise MockServerError(
                f"{where}: this URL has {size_bytes} bytes, and the server takes up to {self._most_url_bytes}"
            )
        return url
