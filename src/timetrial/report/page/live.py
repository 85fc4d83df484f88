"""The report on loopback while a run goes on: made anew when a file of results has changed, for this machine alone."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from timetrial.errors import ResultsError
from timetrial.languages import message_of, text
from timetrial.report.escaped import in_html

_HOST: Final = "127.0.0.1"
_WAITING: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">'
    '<title>timetrial report</title><p>{}</p><p lang="zh-CN">{}</p>'
)


class LiveReport:
    """The page as it stands, and what tells whether it still does.

    ``make`` makes it for a version, and may raise ResultsError.
    """

    def __init__(self, paths: Sequence[Path], make: Callable[[str], str]) -> None:
        self._paths = paths
        self._make = make
        self._lock = threading.Lock()
        self._made: tuple[str, str] | None = None

    def version(self) -> str:
        """Another text after each change of a file."""
        files = [file for path in self._paths for file in (path.glob("**/*.json") if path.is_dir() else [path])]
        return str(hash(frozenset(map(_state, files))))

    def page(self) -> str:
        """The page of the files as they are now; where there is nothing to report on yet, one that waits for it."""
        version = self.version()
        with self._lock:
            if self._made is None or self._made[0] != version:
                try:
                    self._made = version, self._make(version)
                except ResultsError as error:
                    why = text(message_of(error))
                    return _WAITING.format(in_html(why.en), in_html(why.zh))
            return self._made[1]


def _state(file: Path) -> tuple[str, int, int]:
    try:
        found = file.stat()
    except OSError:  # it went between being listed and being looked at
        return str(file), 0, 0
    return str(file), found.st_mtime_ns, found.st_size


def server_of(report: LiveReport, port: int) -> http.server.ThreadingHTTPServer:
    """A server of the page on loopback, not yet serving; port 0 is a free one."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """The page, or its version; nothing for a name that somebody else made point here."""
            host = self.headers.get("Host", "").partition(":")[0]
            if host not in (_HOST, "localhost"):
                self.send_error(HTTPStatus.FORBIDDEN)
            elif self.path == "/version":
                self._answer(report.version(), "text/plain")
            elif self.path == "/":
                self._answer(report.page(), "text/html")
            else:
                self.send_error(HTTPStatus.NOT_FOUND)

        def _answer(self, text: str, kind: str) -> None:
            body = text.encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Requests of one's own browser are no news."""

    return http.server.ThreadingHTTPServer((_HOST, port), Handler)
