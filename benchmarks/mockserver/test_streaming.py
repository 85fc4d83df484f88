"""A body of 256 MB: the mock server makes it as it goes, nginx sends a file of the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.mockserver.contestants import MissingError, mock_server, nginx
from benchmarks.mockserver.cores import on_core
from benchmarks.mockserver.figures import Table, verdict
from benchmarks.mockserver.load import helper
from benchmarks.mockserver.turns import in_turn
from timetrial.mockserver import MockServer, stream_chunks

SIZE_BYTES = 256 * 10**6
ROUNDS = 9
LEAST_OF_NGINX = 0.8


def test_a_large_stream(cores: tuple[int, int], table: Callable[..., Table], tmp_path: Path) -> None:
    """Read from a bare socket, in turns."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        urls: dict[str, str] = {}
        missing: list[str] = []
        with on_core(cores[0]):
            try:
                server = stack.enter_context(nginx(tmp_path))
            except MissingError as problem:
                pytest.skip(str(problem))
            with (tmp_path / "files" / "large").open("wb") as file:
                file.writelines(stream_chunks(SIZE_BYTES))
            urls["nginx"] = server.page.replace("/page", "/files/large")
            for loop in ("uvloop", "asyncio"):
                try:
                    ours = stack.enter_context(mock_server(loop))
                except MissingError as problem:
                    missing.append(str(problem))
                    continue
                assert isinstance(ours.ours, MockServer)
                urls[ours.name] = ours.ours.stream(SIZE_BYTES)

        def measure(name: str) -> float:
            with on_core(cores[1]):
                done: dict[str, Any] = helper("stream", urls[name])
            assert done["size_bytes"] == SIZE_BYTES
            return float(SIZE_BYTES / done["took_s"])

        def make() -> Table:
            turns = in_turn(list(urls), measure, ROUNDS)
            made = Table("256 MB over loopback", ["server", "GB/s", "of nginx's rate"])
            for name in urls:
                of_nginx = turns.ratio(name, "nginx", float)
                made.rows.append([name, turns.median(name, float) / 1e9, of_nginx])
                if name != "nginx":
                    made.notes.append(verdict(f"{name} at 80 % of nginx's rate", met=of_nginx >= LEAST_OF_NGINX))
            made.notes[:0] = [*missing, turns.dropped(ROUNDS * len(urls))]
            return made

        table(make)
