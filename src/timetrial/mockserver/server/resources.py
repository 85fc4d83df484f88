"""What can be had at a URL: each resource turns a request into a Reply."""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
from collections.abc import Iterator
from typing import Protocol
from urllib.parse import unquote

from timetrial.mockserver.content import Content, page_content, stream_content
from timetrial.mockserver.server.conditions import tag_of
from timetrial.mockserver.server.messages import Reply, Request, location, text_reply
from timetrial.mockserver.site import Site, SitePage

READ = (b"GET", b"HEAD")
MOST_ECHOED_BYTES = 16 * 2**20
# A multiple of three, which is what base64 takes at a time.
_PIECE_BYTES = 24_576


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
    """A body that is known beforehand; a request's own body is taken and thrown away.

    ``headers`` are added to the answer. ``tag`` is its entity tag with the quotes, made when it is first wanted.
    """

    fixed = True
    methods: tuple[bytes, ...] = READ

    def __init__(self, body: bytes | Content, content_type: str, status: int = 200) -> None:
        self.body = body
        self.content_type = content_type
        self.status = status
        self.headers: list[tuple[str, str]] = []
        self.tag = ""
        self.tag_is_declared = False

    def prepare(self, request: Request) -> int:  # noqa: ARG002 - the protocol's
        """Nothing to do."""
        return 0

    def reply(self, request: Request) -> Reply:
        """The body; with a tag where a request may be conditional."""
        reply = Reply(self.status, self.body, self.content_type, list(self.headers))
        if self.status == 200 and request.method in READ:
            self.tag = self.tag or tag_of(self.body)
            reply.tag = self.tag
        elif self.tag_is_declared:
            reply.headers.append(("ETag", self.tag))
        return reply


def page(size_bytes: int, key: int) -> Fixed:
    """/page/SIZE/KEY."""
    return Fixed(page_content(size_bytes, key), "text/plain; charset=utf-8")


def stream(size_bytes: int, key: int) -> Fixed:
    """/stream/SIZE/KEY."""
    return Fixed(stream_content(size_bytes, key), "application/octet-stream")


def site_page(site: Site, number: int) -> Fixed:
    """/site/SHAPE/pN.html."""
    return Fixed(SitePage(site, number), "text/html; charset=utf-8")


class Redirect:
    """/redirect/HOPS?to=URL: relative Locations, so that a test's own prefix stays in them."""

    fixed = True
    methods: tuple[bytes, ...] = ()

    def __init__(self, hops: int, query: str, to: str) -> None:
        after = f"{hops - 1}{'?' if query else ''}{query}"
        self.location = location(after if hops > 1 else to or "../page/1024/0")

    def prepare(self, request: Request) -> int:  # noqa: ARG002 - the protocol's
        """Nothing to do."""
        return 0

    def reply(self, request: Request) -> Reply:  # noqa: ARG002 - the protocol's
        """The next hop."""
        return redirection(302, self.location)


def redirection(status: int, to: str) -> Reply:
    """A reply that sends the client to another URL."""
    reply = text_reply(status, f"see {to}")
    reply.headers.append(("Location", to))
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
        return Reply(200, json.dumps(Intake.of(request).summary()).encode() + b"\n", "application/json")


class Echo:
    """/echo: the request, told back."""

    fixed = False
    methods: tuple[bytes, ...] = ()

    def prepare(self, request: Request) -> int:
        """Keeps the body, which is why it is limited."""
        request.sink = Intake(keep=True)
        return MOST_ECHOED_BYTES

    def reply(self, request: Request) -> Reply:
        """Method, target, headers and body, in parts: a large body takes a while."""
        return Reply(200, content_type="application/json", parts=_echoed(request, Intake.of(request)))


def _echoed(request: Request, intake: Intake) -> Iterator[bytes]:
    told = {
        "method": request.method.decode("latin-1"),
        "target": request.url.decode("latin-1"),
        "version": request.version,
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.headers],
        **intake.summary(),
    }
    pieces = [bytes(intake.kept[at : at + _PIECE_BYTES]) for at in range(0, len(intake.kept), _PIECE_BYTES)]
    yield json.dumps(told).encode()[:-1] + b', "body": "'
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in pieces:
        yield json.dumps(decoder.decode(piece))[1:-1].encode()
    yield json.dumps(decoder.decode(b"", final=True))[1:-1].encode() + b'", "body_base64": "'
    for piece in pieces:
        yield base64.b64encode(piece)
    yield b'"}\n'


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


class Missing(Fixed):
    """What answers where there is nothing, or where the URL's options make no sense."""

    methods: tuple[bytes, ...] = ()

    def __init__(self, status: int, text: str) -> None:
        self.text = f"{status} {unquote(text)}"
        super().__init__(f"{self.text}\n".encode(), "text/plain; charset=utf-8", status)


class NoToken(Missing):
    """What answers a request without the token that this server wants; nothing remembers it, or reads its body."""

    fixed = False
    told = "this server wants its token in the path, as in the URLs that it makes"

    def __init__(self) -> None:
        super().__init__(403, self.told)


class NoScope(Missing):
    """What answers below the prefix of a test that is over, or that another server has; nothing remembers it."""

    fixed = False

    def __init__(self, name: str) -> None:
        super().__init__(404, f"there is no scope {name}: it was closed, or belongs to another server")
