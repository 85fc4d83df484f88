"""HTTP client libraries that are not what their name says: replaced by another one, or without their compiled part."""

from __future__ import annotations

import sys
from importlib import metadata


def substitute_for(client: str) -> str | None:
    """What works in this client's place, in words; None if it is itself, isn't known, or isn't loaded here.

    niquests installs a urllib3 of its own over the real one, for everybody in its environment. aiohttp parses in C
    and, where that part is missing, goes on in Python, several times slower.
    """
    if client == "aiohttp" and _parses_in_python():
        return "aiohttp without its compiled parser (missing, or AIOHTTP_NO_EXTENSIONS is set)"
    if client in ("requests", "urllib3") and _installed("urllib3-future"):
        return "on urllib3-future, which niquests has put in urllib3's place"
    return None


def _parses_in_python() -> bool:
    parser = sys.modules.get("aiohttp.http_parser")
    if parser is None or not hasattr(parser, "HttpResponseParserPy"):
        return False
    return parser.HttpResponseParser is parser.HttpResponseParserPy


def _installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True
