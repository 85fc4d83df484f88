"""The choices that MockServer.start() offers."""

from __future__ import annotations

from typing import Literal

LoopKind = Literal["asyncio", "uvloop"]
TlsKind = Literal["trusted", "expired", "wrong_host", "untrusted"]
