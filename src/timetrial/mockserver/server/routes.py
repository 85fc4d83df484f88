"""The declared routes on the server's side: exact paths first, then the longest beginning."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from timetrial.errors import MockServerError
from timetrial.mockserver.content import size_of
from timetrial.mockserver.options import PLAIN, Behaviour, check_gzip
from timetrial.mockserver.server.resources import Fixed, Missing, Resource
from timetrial.mockserver.server.targets import options_of, resolve


class Routes:
    """Finds what was declared for a path."""

    def __init__(self, declared: Sequence[Mapping[str, Any]]) -> None:
        self.exact: dict[str, Mapping[str, Any]] = {}
        self.beginnings: list[tuple[str, Mapping[str, Any]]] = []
        for route in declared:
            if route["path"].endswith("*"):
                self.beginnings.append((route["path"][:-1], route))
            else:
                self.exact[route["path"]] = route
        self.beginnings.sort(key=lambda entry: -len(entry[0]))

    def find(self, path: str) -> tuple[Resource, Behaviour] | None:
        """The resource and behaviour declared for the path, or None."""
        route = self.exact.get(path) or self._longest_beginning(path)
        return None if route is None else _made(route)

    def _longest_beginning(self, path: str) -> Mapping[str, Any] | None:
        return next((route for beginning, route in self.beginnings if path.startswith(beginning)), None)


def _made(route: Mapping[str, Any]) -> tuple[Resource, Behaviour]:
    how = options_of(route["how"], f"route {route['path']}")
    if route["like"]:
        path, _, query = route["like"].partition("?")
        resource, own = resolve(path, query)
        return _compressible(resource, how if route["how"] else own, route["path"])
    limited = how.share < 1 or how.nth or how.first
    status = 200 if limited or how.fault else how.status or 200
    fixed = Fixed(base64.b64decode(route["body"]), route["content_type"], status)
    fixed.methods = tuple(method.encode() for method in route["methods"])
    fixed.headers = list(route["headers"].items())
    if not limited and how.status:
        if how.retry_after_s >= 0:
            fixed.headers.append(("Retry-After", str(how.retry_after_s)))
        how = replace(how, status=0)
    return fixed, how


def _compressible(resource: Resource, how: Behaviour, path: str) -> tuple[Resource, Behaviour]:
    """Both as they are, or what says that this body is too large for gzip."""
    try:
        if isinstance(resource, Fixed):
            check_gzip(how, size_of(resource.body), f"route {path}")
    except MockServerError as problem:
        return Missing(400, str(problem)), PLAIN
    return resource, how
