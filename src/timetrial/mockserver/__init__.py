"""The mock HTTP server: an instrument that costs little and attests what really happened."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from timetrial.mockserver.behaviour import FAULTS, Behaviour
    from timetrial.mockserver.client import MockServer
    from timetrial.mockserver.content import page_body, stream_chunks, stream_sha256
    from timetrial.mockserver.counters import Counters
    from timetrial.mockserver.hosts import MockServerWarning
    from timetrial.mockserver.journal import ConnectionRecord, Journal, RequestRecord
    from timetrial.mockserver.routes import Route, route
    from timetrial.mockserver.site import SitePages, site_pages
    from timetrial.mockserver.view import View

_HOMES = {
    "Behaviour": "behaviour",
    "ConnectionRecord": "journal",
    "Counters": "counters",
    "FAULTS": "behaviour",
    "Journal": "journal",
    "MockServer": "client",
    "MockServerWarning": "hosts",
    "RequestRecord": "journal",
    "Route": "routes",
    "SitePages": "site",
    "View": "view",
    "page_body": "content",
    "route": "routes",
    "site_pages": "site",
    "stream_chunks": "content",
    "stream_sha256": "content",
}

__all__ = [
    "FAULTS",
    "Behaviour",
    "ConnectionRecord",
    "Counters",
    "Journal",
    "MockServer",
    "MockServerWarning",
    "RequestRecord",
    "Route",
    "SitePages",
    "View",
    "page_body",
    "route",
    "site_pages",
    "stream_chunks",
    "stream_sha256",
]


def __getattr__(name: str) -> Any:
    """Imports what is asked for and no more, so that a mere ``import timetrial.mockserver`` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
