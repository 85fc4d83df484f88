"""The declared routes on the server's side: exact paths first, then the longest beginning."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from timetrial.mockserver.behaviour import Behaviour
from timetrial.mockserver.combinations import limited
from timetrial.mockserver.server.conditions import tag_of
from timetrial.mockserver.server.resources import Fixed, Resource
from timetrial.mockserver.server.targets import options_of, resolve

_Served = tuple[Resource, Behaviour]


class Routes:
    """Finds what was declared for a path; ``declared`` are routes as ``Route.for_wire`` writes them."""

    def __init__(self, declared: Sequence[Mapping[str, Any]]) -> None:
        self.exact: dict[str, _Served] = {}
        self.beginnings: list[tuple[str, _Served]] = []
        for route in declared:
            if route["path"].endswith("*"):
                self.beginnings.append((route["path"][:-1], _served(route)))
            else:
                self.exact[route["path"]] = _served(route)
        self.beginnings.sort(key=lambda entry: -len(entry[0]))

    def find(self, path: str) -> _Served | None:
        """The resource and behaviour declared for the path, or None."""
        return self.exact.get(path) or self._longest_beginning(path)

    def _longest_beginning(self, path: str) -> _Served | None:
        return next((served for beginning, served in self.beginnings if path.startswith(beginning)), None)


def _served(route: Mapping[str, Any]) -> _Served:
    """Made once, since bodies may be large."""
    how = options_of(route["how"], f"route {route['path']}")
    if route["like"]:
        path, _, query = route["like"].partition("?")
        resource, own = resolve(path, query)
        return resource, how if route["how"] else own
    status = 200 if limited(how) else how.status or 200
    fixed = Fixed(base64.b64decode(route["body"]), route["content_type"], status)
    fixed.methods = tuple(method.encode() for method in route["methods"])
    for name, value in route["headers"].items():
        if name.lower() == "etag":
            fixed.tag, fixed.tag_is_declared = value, True
        else:
            fixed.headers.append((name, value))
    if status == 200 and not fixed.tag:
        fixed.tag = tag_of(fixed.body)  # now, since a large body would hold up the first request
    if not limited(how) and how.status:
        if how.retry_after_s >= 0:
            fixed.headers.append(("Retry-After", str(how.retry_after_s)))
        how = replace(how, status=0, retry_after_s=-1)
    return fixed, how
