"""What can be had at a URL: each resource turns a request into a Reply."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Protocol
from urllib.parse import unquote

from timetrial.mockserver.content import Body, page_content, stream_content
from timetrial.mockserver.server.messages import Reply, Request, location, text_reply
from timetrial.mockserver.site import Site

READ = (b"GET", b"HEAD")
MOST_ECHOED_BYTES = 16 * 2**20


class Resource(Protocol):
    """Something that is served. ``fixed`` says that equal requests get equal replies."""

    fixed: bool
    methods: tuple[bytes, ...]  # empty: any

    def prepare(self, request: Request) -> int:
        """Readies the request's sink before its body arrives; returns the most bytes it takes, 0 for no limit."""
        ...

    def reply(self, request: Request) -> Reply:
        """The answer, once the body has arrived."""
        ...


class Fixed:
    """A body that is known beforehand; a request's own body is taken and thrown away."""

    fixed = True
    methods: tuple[bytes, ...] = READ

    def __init__(self, body: bytes | Body, content_type: str, status: int = 200) -> None:
        self.body = body
        self.content_type = content_type
        self.status = status
        self.headers: list[tuple[str, str]] = []

    def prepare(self, request: Request) -> int:  # noqa: ARG002 - the protocol's
        """Nothing to do."""
        return 0

    def reply(self, request: Request) -> Reply:  # noqa: ARG002 - the protocol's
        """The body."""
        return Reply(self.status, self.body, self.content_type, list(self.headers))


def page(size_bytes: int, key: int) -> Fixed:
    """/page/SIZE/KEY."""
    body = page_content(size_bytes, key)
    return Fixed(body.whole() if size_bytes <= 2**18 else body, "text/plain; charset=utf-8")


def stream(size_bytes: int, key: int) -> Fixed:
    """/stream/SIZE/KEY."""
    return Fixed(stream_content(size_bytes, key), "application/octet-stream")


def site_page(site: Site, number: int) -> Fixed:
    """/site/SHAPE/pN.html."""
    return Fixed(site.html(number), "text/html; charset=utf-8")


class Redirect:
    """/redirect/HOPS?to=URL: relative Locations, so that a test's own prefix stays in them."""

    fixed = True
    methods: tuple[bytes, ...] = ()

    def __init__(self, hops: int, query: str, to: str, status: int) -> None:
        after = f"{hops - 1}{'?' if query else ''}{query}"
        self.location = location(after if hops > 1 else to or "../page/1024/0")
        self.status = status

    def prepare(self, request: Request) -> int:  # noqa: ARG002 - the protocol's
        """Nothing to do."""
        return 0

    def reply(self, request: Request) -> Reply:  # noqa: ARG002 - the protocol's
        """The next hop."""
        reply = text_reply(self.status, f"see {self.location}")
        reply.headers.append(("Location", self.location))
        return reply


class Upload:
    """/upload: counts and hashes a body of any size."""

    fixed = False
    methods: tuple[bytes, ...] = (b"POST", b"PUT", b"PATCH")

    def prepare(self, request: Request) -> int:
        """Hashes as it arrives."""
        request.sink = Intake(keep=False)
        return 0

    def reply(self, request: Request) -> Reply:
        """Size and SHA-256."""
        return _json(Intake.of(request).summary())


class Echo:
    """/echo: the request, told back."""

    fixed = False
    methods: tuple[bytes, ...] = ()

    def prepare(self, request: Request) -> int:
        """Keeps the body, which is why it is limited."""
        request.sink = Intake(keep=True)
        return MOST_ECHOED_BYTES

    def reply(self, request: Request) -> Reply:
        """Method, target, headers and body."""
        intake = Intake.of(request)
        body = bytes(intake.kept)
        return _json(
            {
                "method": request.method.decode("latin-1"),
                "target": request.url.decode("latin-1"),
                "version": request.version,
                "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.headers],
                **intake.summary(),
                "body": body.decode("utf-8", "replace"),
                "body_base64": base64.b64encode(body).decode("ascii"),
            }
        )


class Intake:
    """A request's body as it arrives: counted, hashed, and kept where it is wanted."""

    def __init__(self, *, keep: bool) -> None:
        self.digest = hashlib.sha256()
        self.size_bytes = 0
        self.kept = bytearray()
        self.keep = keep

    def __call__(self, chunk: bytes) -> None:
        """Takes a part of the body."""
        self.digest.update(chunk)
        self.size_bytes += len(chunk)
        if self.keep:
            self.kept += chunk

    def summary(self) -> dict[str, object]:
        """For the JSON answers."""
        return {"body_bytes": self.size_bytes, "body_sha256": self.digest.hexdigest()}

    @classmethod
    def of(cls, request: Request) -> Intake:
        """The intake that ``prepare`` made."""
        return request.sink if isinstance(request.sink, cls) else cls(keep=False)


def _json(value: dict[str, object]) -> Reply:
    return Reply(200, json.dumps(value).encode() + b"\n", "application/json")


class Missing(Fixed):
    """What answers where there is nothing, or where the URL's options make no sense."""

    methods: tuple[bytes, ...] = ()

    def __init__(self, status: int, text: str) -> None:
        self.text = f"{status} {unquote(text)}"
        super().__init__(f"{self.text}\n".encode(), "text/plain; charset=utf-8", status)


class NoScope(Missing):
    """What answers below the prefix of a test that is over, or that another server has; nothing remembers it."""

    fixed = False

    def __init__(self, name: str) -> None:
        super().__init__(404, f"there is no scope {name}: it was closed, or belongs to another server")
