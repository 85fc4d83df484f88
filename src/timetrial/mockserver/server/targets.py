"""From a request's URL to what is done about it; decided once for a URL and then remembered."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from itertools import count
from urllib.parse import parse_qsl, unquote

from timetrial.errors import MockServerError
from timetrial.mockserver.addresses import MOST_BODY_BYTES
from timetrial.mockserver.behaviour import PLAIN, Behaviour
from timetrial.mockserver.bounded import Bounded
from timetrial.mockserver.combinations import check_body, limited
from timetrial.mockserver.delays import Delay
from timetrial.mockserver.draws import draw, seed_for
from timetrial.mockserver.options import behaviour
from timetrial.mockserver.server import resources
from timetrial.mockserver.server.counts import Counts
from timetrial.mockserver.server.resources import Resource
from timetrial.mockserver.site import Site, page_name

_KEYS = count()
_TRY_BYTES = 300
_OWN_BYTES, _OF_URL = 2_000, 20


class Target:
    """One URL: what is served there, how it behaves, where it is counted, and how often it was asked for."""

    def __init__(self, path: str, resource: Resource, how: Behaviour, counts: Counts) -> None:
        self.path = path
        self.resource = resource
        self.how = how
        self.counts = counts
        self.key = next(_KEYS)  # what its clients' tries are remembered by
        self.number = 0
        self.chances = 0
        self.share_seed = seed_for(how.seed, "share", path)
        self.delay_seed = seed_for(how.seed, "delay", path)
        self.service_seed = seed_for(how.seed, "service", path)
        disturbed = how.fault or how.cut_after_bytes >= 0 or (how.status and limited(how))
        # Whether each reply to the same request is the same; and whether it is due at once.
        self.steady = not (disturbed or how.rate_bytes_per_s)
        self.undisturbed = self.steady and not (how.delay_ms or how.slots)
        self.always = not limited(how)
        # Whether a reply depends on how many came before it, so that the target can't be made anew in between.
        self.numbered = bool(limited(how) or _is_drawn(how.delay_ms) or _is_drawn(how.service_ms))
        self.fault = how.fault or ("short_body" if how.cut_after_bytes >= 0 else "")

    def size_bytes(self, url: bytes) -> int:
        """What it takes to remember this target by its URL, of which its parts are made."""
        return _OWN_BYTES + _OF_URL * len(url)

    def take_number(self) -> int:
        """The number of this request at the URL, from 0."""
        number = self.number
        self.number += 1
        return number

    def hit(self, client: str, tries: Bounded[tuple[int, bytes], int]) -> bool:
        """Whether the URL's fault or status is meant for this request, which is one that it could be done to."""
        how, number = self.how, self.chances
        self.chances += 1
        early = not how.first or self._early(client, tries)
        chosen = not how.nth or number == how.nth - 1
        return early and chosen and (how.share >= 1 or draw(self.share_seed, number) < how.share)

    def _early(self, client: str, tries: Bounded[tuple[int, bytes], int]) -> bool:
        key = self.key, blake2b(client.encode(), digest_size=16).digest()
        done = tries.get(key) or 0
        if done < self.how.first:
            tries.keep(key, done + 1, _TRY_BYTES)
        return done < self.how.first


def _is_drawn(delay: Delay | None) -> bool:
    return delay is not None and delay.kind != "constant"


def resolve(path: str, query: str) -> tuple[Resource, Behaviour]:
    """The resource and behaviour that a URL asks for by itself; 404 and 400 are resources too."""
    if path == "*":
        return resources.Missing(204, ""), PLAIN  # OPTIONS *, which is about the server and no resource
    kind, _, rest = path.removeprefix("/").partition("/")
    maker = _KINDS.get(kind)
    if maker is None:
        return resources.Missing(404, f"there is nothing at {path}; the kinds are {', '.join(_KINDS)}"), PLAIN
    try:
        return maker(rest, query)
    except (ValueError, MockServerError) as problem:
        return resources.Missing(400, f"{problem}"), PLAIN


def options_of(query: str, where: str) -> Behaviour:
    """The behaviour that a query string asks for."""
    return behaviour(_pairs(query), where) if query else PLAIN


def _pairs(*queries: str) -> dict[str, str]:
    """The names and values of a query string, or of several; raises ValueError for a name that is there twice."""
    found = [pair for query in queries for pair in parse_qsl(query, keep_blank_values=True)]
    pairs = dict(found)
    if len(pairs) < len(found):
        twice = next(name for number, (name, _) in enumerate(found) if name in dict(found[:number]))
        raise ValueError(f"{twice!r} is given twice")
    return pairs


def _sized(make: Callable[[int, int], Resource], kind: str) -> Callable[[str, str], tuple[Resource, Behaviour]]:
    def maker(rest: str, query: str) -> tuple[Resource, Behaviour]:
        size, _, key = rest.partition("/")
        if not (size.isdecimal() and len(size) < 16 and int(size) <= MOST_BODY_BYTES and _is_integer(key or "0")):
            raise ValueError(f"/{kind}/SIZE/KEY takes two integers, SIZE from 0 to {MOST_BODY_BYTES}, not {rest!r}")
        how = options_of(query, f"/{kind}")
        check_body(how, int(size), f"/{kind}")
        return make(int(size), int(key or "0")), how

    return maker


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and len(text) <= 20  # which is what 64 bits take


def _site(rest: str, query: str) -> tuple[Resource, Behaviour]:
    shape, _, name = rest.partition("/")
    options: dict[str, str] = _pairs(shape, query)
    numbers = {key: options.pop(key) for key in ("pages", "links", "size_bytes") if key in options}
    seed = options.get("seed", "1")
    if not all(_is_integer(number) for number in [*numbers.values(), seed]):
        raise ValueError(f"/site/SHAPE takes integers for pages, seed, links and size_bytes, not {shape!r}")
    site = Site(seed=int(seed), **{key: int(number) for key, number in numbers.items()})
    number = name.removeprefix("p").removesuffix(".html")
    if not (_is_integer(number) and 0 <= int(number) < site.pages and name == page_name(int(number))):
        return resources.Missing(404, f"the site has the pages {page_name(0)} to {page_name(site.pages - 1)}"), PLAIN
    how = behaviour(options, "/site")
    check_body(how, site.size_bytes, "/site")
    return resources.site_page(site, int(number)), how


def _echo(_rest: str, query: str) -> tuple[Resource, Behaviour]:
    return resources.Echo(), options_of(query, "/echo")


def _upload(_rest: str, query: str) -> tuple[Resource, Behaviour]:
    return resources.Upload(), options_of(query, "/upload")


def _redirect(rest: str, query: str) -> tuple[Resource, Behaviour]:
    if not (rest.isdecimal() and 1 <= int(rest[:6]) <= 1000):
        raise ValueError(f"/redirect/HOPS takes 1 to 1000 hops, not {rest!r}")
    pairs = _pairs(query)
    to = pairs.pop("to", "")
    return resources.Redirect(int(rest), query, to), behaviour(pairs, "/redirect")


_KINDS: dict[str, Callable[[str, str], tuple[Resource, Behaviour]]] = {
    "page": _sized(resources.page, "page"),
    "stream": _sized(resources.stream, "stream"),
    "site": _site,
    "echo": _echo,
    "upload": _upload,
    "redirect": _redirect,
}


def split_url(url: bytes) -> tuple[str, str]:
    """The decoded path and the query of a request's target, in origin form or absolute form."""
    text = url.decode("latin-1")
    if not text.startswith("/") and "://" in text:
        text = "/" + text.split("://", 1)[1].partition("/")[2]
    path, _, query = text.partition("#")[0].partition("?")
    return unquote(path), query
