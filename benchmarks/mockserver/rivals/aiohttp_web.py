"""A page of 1 KB from aiohttp.web, its access log off; ``python -m … PORT``."""

from __future__ import annotations

import sys

from aiohttp import web

from timetrial.mockserver import page_body

PAGE = page_body(1024)


async def page(_request: web.Request) -> web.Response:
    """The page."""
    return web.Response(body=PAGE, content_type="text/plain")


if __name__ == "__main__":
    app = web.Application()
    app.router.add_get("/page", page)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None, backlog=4096)
