"""HTTP client libraries that are not what their name says: replaced by another one, or without their compiled part."""

from __future__ import annotations

import sys
from importlib import metadata

from timetrial.languages import Text


def substitute_for(client: str) -> Text | None:
    """What works in this client's place, in words; None if it is itself, isn't known, or isn't loaded here.

    niquests installs a urllib3 of its own over the real one, for everybody in its environment. aiohttp parses in C
    and, where that part is missing, goes on in Python, several times slower.
    """
    if client == "aiohttp" and _parses_in_python():
        return Text(
            "aiohttp without its compiled parser (missing, or AIOHTTP_NO_EXTENSIONS is set)",
            "没有用上 aiohttp 的编译解析器（缺失，或设置了 AIOHTTP_NO_EXTENSIONS）",
        )
    if client in ("requests", "urllib3") and _installed("urllib3-future"):
        return Text(
            "on urllib3-future, which niquests has put in urllib3's place",
            "用的是 niquests 装在 urllib3 位置上的 urllib3-future",
        )
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
