"""A site that is declared, in Python or in TOML, for what a URL alone cannot say: paths, bodies and headers."""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Unpack

from timetrial.errors import MockServerError
from timetrial.mockserver.behaviour import PLAIN, Behaviour, BehaviourOptions
from timetrial.mockserver.combinations import NO_BODY, check_body, limited
from timetrial.mockserver.content import size_of
from timetrial.mockserver.options import behaviour

_ROUTE_KEYS = ("path", "body", "content_type", "headers", "methods", "like")
_CONTENT_TYPE = "text/plain; charset=utf-8"
_METHODS = ("GET", "HEAD")
# Headers that a route can't have as its own; content_type= sets the first one.
_OURS = {"content-type", "content-length", "transfer-encoding", "connection", "date", "server", "accept-ranges"}
# What RFC 9110 allows as a name, and as a value: Latin-1 without control characters.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t -~\xa0-\xff]*")


@dataclass(frozen=True)
class Route:
    """What is served at a path; one that ends in ``*`` stands for all paths that begin so.

    Either ``body`` with its ``content_type``, or ``like``: a path such as ``/page/2048/0`` or ``/echo`` that is
    served by URL anyway. ``headers`` are added to the answer, of which the server writes some itself. ``methods`` are
    those that it takes; others get 405. ``how`` is what is done to its requests. Make it with ``route()``.
    Raises MockServerError for what is no path, header or method, and for what would be lost: all but ``how`` beside
    ``like``, a body with a status that has none.
    """

    path: str
    body: bytes = b""
    content_type: str = _CONTENT_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    methods: tuple[str, ...] = _METHODS
    like: str = ""
    how: Behaviour = PLAIN

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or self.path.startswith("/~"):
            raise MockServerError(f"a route's path begins with a slash and not with /~, which {self.path!r} doesn't do")
        if self.like and (self.body or not self.like.startswith("/")):
            raise MockServerError(f"route {self.path}: give body= or like=, and like= a path such as /page/2048/0")
        self._check_headers()
        self._check(_is_value(self.content_type), f"content_type={self.content_type!r} cannot be a header's value")
        for method in self.methods:
            self._check(_is_token(method), f"{method!r} cannot be a method")
        if self.like:
            own = {"content_type": _CONTENT_TYPE, "headers": {}, "methods": _METHODS}
            for name, unset in own.items():
                self._check(getattr(self, name) == unset, f"{name}= belongs to body=, and would be lost with like=")
        else:
            self._check_body()

    def _check_headers(self) -> None:
        for name, value in self.headers.items():
            self._check(_is_token(name) and _is_value(value), f"{name!r}: {value!r} cannot be a header")
            self._check(name.lower() not in _OURS, f"the server writes {name} itself")
        coded = "content-encoding" in map(str.lower, self.headers)
        self._check(not (coded and self.how.gzip), "give a Content-Encoding of your own or gzip=, not both")
        again = "retry-after" in map(str.lower, self.headers) and self.how.retry_after_s >= 0
        self._check(not again, "give a Retry-After of your own or retry_after_s=, not both")

    def _check_body(self) -> None:
        """Where only some requests get the status, the others get the body."""
        always = self.how.status if not limited(self.how) else 0
        self._check(not (self.body and always in NO_BODY), f"an answer of status={always} has no body")
        check_body(replace(self.how, status=0 if always else self.how.status), len(self.body), f"route {self.path}")

    def _check(self, holds: bool, problem: str) -> None:
        if not holds:
            raise MockServerError(f"route {self.path}: {problem}")

    def for_wire(self) -> dict[str, object]:
        """The route as JSON can carry it to the server's process."""
        return {
            "path": self.path,
            "body": base64.b64encode(self.body).decode(),
            "content_type": self.content_type,
            "headers": dict(self.headers),
            "methods": list(self.methods),
            "like": self.like,
            "how": self.how.query(),
        }


def _is_token(text: object) -> bool:
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None


def _is_value(text: object) -> bool:
    return isinstance(text, str) and _VALUE.fullmatch(text) is not None


def route(
    path: str,
    *,
    body: str | bytes = b"",
    content_type: str = _CONTENT_TYPE,
    headers: Mapping[str, str] | None = None,
    methods: Sequence[str] = _METHODS,
    like: str = "",
    **options: Unpack[BehaviourOptions],
) -> Route:
    """A Route, with the same options as ``server.page()``; a ``str`` as body is sent as UTF-8.

    Raises MockServerError as Route and ``page()`` do. ``MockServer.start(site=[…])`` takes it.
    """
    content = body.encode() if isinstance(body, str) else body
    how = behaviour(options, f"route {path}")
    return Route(path, content, content_type, dict(headers or {}), tuple(methods), like, how)


def check_routes(routes: Sequence[Route], where: str = "") -> None:
    """Raises MockServerError for a path that is declared twice, and for a ``like`` that leads nowhere."""
    declared = set()
    for each in routes:
        if each.path in declared:
            raise MockServerError(
                f"{where}route {each.path} is declared twice; a path has one route, for all of its methods"
            )
        declared.add(each.path)
        if each.like:
            _check_like(each, where)


def _check_like(route: Route, where: str) -> None:
    # The server's own parts, so that both judge alike; they are imported only where something is like something.
    from timetrial.mockserver.server.resources import Fixed, Missing
    from timetrial.mockserver.server.targets import resolve

    path, _, query = route.like.partition("?")
    resource, own = resolve(path, query)
    if route.how != PLAIN and replace(own, seed=0) != PLAIN:
        raise MockServerError(f"{where}route {route.path}: give the options to the route or to its like=, not to both")
    if isinstance(resource, Fixed) and not isinstance(resource, Missing):
        check_body(route.how, size_of(resource.body), f"{where}route {route.path}")
    if isinstance(resource, Missing):
        raise MockServerError(
            f"{where}route {route.path}: like={route.like!r} would answer {resource.text}; "
            f"it leads to what a URL serves by itself, such as /page/2048/0, and never to another route"
        )


def load_site(file: str | Path) -> tuple[dict[str, Any], tuple[Route, ...]]:
    """The ``[server]`` settings, unchecked, and the ``[[route]]`` entries of a TOML file, checked.

    Raises MockServerError, with the file and the entry's number, for what can't be read or declared.
    """
    try:
        declared = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as problem:
        raise MockServerError(f"{file} cannot be read as a site: {problem}") from problem
    unknown = set(declared) - {"server", "route"}
    if unknown:
        raise MockServerError(f"{file}: there is no {min(unknown)!r}; a site has [server] and [[route]]")
    routes = declared.get("route", [])
    if not isinstance(routes, list) or not isinstance(declared.get("server", {}), dict):
        raise MockServerError(f"{file}: write routes as [[route]] and the server's settings as [server]")
    read = tuple(_from_toml(entry, f"{file}: route {n}") for n, entry in enumerate(routes, 1))
    check_routes(read, f"{file}: ")
    return declared.get("server", {}), read


def _from_toml(entry: Mapping[str, Any], where: str) -> Route:
    if not isinstance(entry.get("path"), str):
        raise MockServerError(f'{where} has no path; write path = "/something"')
    own = {key: entry[key] for key in _ROUTE_KEYS if key in entry and key != "path"}
    for key, kind in (("body", str), ("content_type", str), ("headers", dict), ("methods", list), ("like", str)):
        if not isinstance(own.get(key, kind()), kind):
            raise MockServerError(f"{where}: {key} is {own[key]!r}, not a {kind.__name__}")
    how = behaviour({key: value for key, value in entry.items() if key not in _ROUTE_KEYS}, where)
    try:
        return Route(**{**own, "path": entry["path"], "body": own.get("body", "").encode(), "how": how, **_tuples(own)})
    except MockServerError as problem:
        raise MockServerError(f"{where}: {problem}") from None


def _tuples(own: Mapping[str, Any]) -> dict[str, Any]:
    headers = {str(name): str(value) for name, value in own.get("headers", {}).items()}
    return {"headers": headers} | ({"methods": tuple(own["methods"])} if "methods" in own else {})
