"""A client that sends the bytes it is given and reads answers strictly, one after the other."""

from __future__ import annotations

import socket
from dataclasses import dataclass

PATIENCE_S = 20.0


@dataclass(frozen=True)
class Answer:
    """One answer: its status, its headers in lower case, and its body."""

    status: int
    headers: dict[str, str]
    body: bytes


class PlainClient:
    """One TCP connection to 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.rest = b""

    def send(self, data: bytes) -> None:
        """Sends these bytes and nothing else."""
        self.socket.sendall(data)

    def get(self, url: str, *headers: str, method: str = "GET", version: str = "1.1", body: bytes = b"") -> Answer:
        """Sends a request for the URL and reads the answer."""
        self.ask(url, *headers, method=method, version=version, body=body)
        return self.answer(has_body=method != "HEAD")

    def ask(self, url: str, *headers: str, method: str = "GET", version: str = "1.1", body: bytes = b"") -> None:
        """Sends a request for the URL."""
        path = "/" + url.split("/", 3)[3]
        lines = [f"{method} {path} HTTP/{version}", "Host: here", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def answer(self, *, has_body: bool = True) -> Answer:
        """Reads exactly one answer; raises ConnectionError if there is none."""
        head = self.line_by_line()
        status = int(head[0].split()[1])
        headers = dict(_header(line) for line in head[1:])
        return Answer(status, headers, self._body(status, headers) if has_body else b"")

    def line_by_line(self) -> list[str]:
        """The lines of a head."""
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        return head.decode("latin-1").split("\r\n")

    def _body(self, status: int, headers: dict[str, str]) -> bytes:
        if status < 200 or status in (204, 205, 304):
            return b""
        if headers.get("transfer-encoding") == "chunked":
            return self._chunks()
        return self._exactly(int(headers["content-length"]))

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self.rest:
                self._more()
            size, self.rest = self.rest.split(b"\r\n", 1)
            body += self._exactly(int(size, 16))
            assert self._exactly(2) == b"\r\n"
            if int(size, 16) == 0:
                return body

    def _exactly(self, size_bytes: int) -> bytes:
        while len(self.rest) < size_bytes:
            self._more()
        part, self.rest = self.rest[:size_bytes], self.rest[size_bytes:]
        return part

    def _more(self) -> None:
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionError(f"the server closed the connection after {self.rest!r}")
        self.rest += data

    def until_closed(self) -> bytes:
        """Everything up to the end of the connection."""
        try:
            while True:
                self._more()
        except ConnectionResetError:
            raise
        except ConnectionError:
            return self.rest

    def take_what_comes(self, size_bytes: int) -> None:
        """Reads up to so many bytes, whatever happens to the connection."""
        try:
            while len(self.rest) < size_bytes:
                self._more()
        except OSError:
            return

    def close(self) -> None:
        """Ends the connection."""
        self.socket.close()


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name.lower(), value
