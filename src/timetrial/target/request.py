"""What a person asked ``timetrial run`` to run; apart from all that is needed to do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """The options' words; ready for JSON. ``variants`` are names and addresses."""

    target: str
    items: str
    calls: str | None = None
    async_task: str | None = None
    resource: str | None = None
    async_resource: str | None = None
    variants: Mapping[str, str] = field(default_factory=dict)
    on_error: str = "stop"
    compare: str = "exact"
