"""``--trial-event-loop`` for ``async def`` tests, whose loop pytest-asyncio makes (from its version 1.4 on)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from timetrial.models import eventloops


class AsyncTestLoops:
    """Registered only when another loop than asyncio's is asked for."""

    def __init__(self, event_loop: str) -> None:
        self._event_loop = event_loop

    @pytest.hookimpl(trylast=True, optionalhook=True)
    def pytest_asyncio_loop_factories(self, item: pytest.Item) -> Mapping[str, eventloops.LoopFactory]:
        """For tests with a trial; others keep their loop, and a project that brings loops of its own is heard first."""
        if "trial" not in getattr(item, "fixturenames", ()) or eventloops.unavailable(self._event_loop):
            return {"asyncio": asyncio.new_event_loop}
        return {self._event_loop: eventloops.factory(self._event_loop)}
