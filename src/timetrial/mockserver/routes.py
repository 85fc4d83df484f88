"""A site that is declared, in Python or in TOML, for what a URL alone cannot say: paths, bodies and headers."""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

from timetrial.errors import MockServerError
from timetrial.mockserver.options import PLAIN, Behaviour, BehaviourOptions, behaviour, check_gzip

_ROUTE_KEYS = ("path", "body", "content_type", "headers", "methods", "like")
# What RFC 9110 allows as a name, and as a value: Latin-1 without control characters.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t -~\xa0-\xff]*")


@dataclass(frozen=True)
class Route:
    """What is served at a path; one that ends in ``*`` stands for all paths that begin so.

    Either ``body`` with its ``content_type``, or ``like``: a path such as ``/page/2048/0`` or ``/echo`` that is
    served by URL anyway. ``headers`` are added to the answer. Make it with ``route()``.
    """

    path: str
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    methods: tuple[str, ...] = ("GET", "HEAD")
    like: str = ""
    how: Behaviour = PLAIN

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or self.path.startswith("/~"):
            raise MockServerError(f"a route's path begins with a slash and not with /~, which {self.path!r} doesn't do")
        if self.like and (self.body or not self.like.startswith("/")):
            raise MockServerError(f"route {self.path}: give body= or like=, and like= a path such as /page/2048/0")
        check_gzip(self.how, len(self.body), f"route {self.path}")
        for name, value in self.headers.items():
            self._check(_is_token(name) and _is_value(value), f"{name!r}: {value!r} cannot be a header")
        self._check(_is_value(self.content_type), f"content_type={self.content_type!r} cannot be a header's value")
        for method in self.methods:
            self._check(_is_token(method), f"{method!r} cannot be a method")

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
    content_type: str = "text/plain; charset=utf-8",
    headers: Mapping[str, str] | None = None,
    methods: Sequence[str] = ("GET", "HEAD"),
    like: str = "",
    **options: Unpack[BehaviourOptions],
) -> Route:
    """A Route, with the same options as ``server.page()``."""
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
    from timetrial.mockserver.server.resources import Missing
    from timetrial.mockserver.server.targets import resolve

    path, _, query = route.like.partition("?")
    resource, _ = resolve(path, query)
    if isinstance(resource, Missing):
        raise MockServerError(
            f"{where}route {route.path}: like={route.like!r} would answer {resource.text}; "
            f"it leads to what a URL serves by itself, such as /page/2048/0, and never to another route"
        )


def load_site(file: str | Path) -> tuple[dict[str, Any], tuple[Route, ...]]:
    """The ``[server]`` settings and the ``[[route]]`` entries of a TOML file, checked."""
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
