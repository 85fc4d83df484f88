"""A page of 1 KB from pytest-httpserver, in threads so that it keeps up with many clients; ``python -m … PORT``."""

from __future__ import annotations

import logging
import sys
import threading

from pytest_httpserver import HTTPServer

from timetrial.mockserver import page_body

if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = HTTPServer(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
    server.expect_request("/page").respond_with_data(page_body(1024), content_type="text/plain")
    with server:
        threading.Event().wait()
