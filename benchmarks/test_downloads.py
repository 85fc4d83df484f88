"""Several downloads at once; and what a cut costs: the rest of the file by Range, or all of it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from fixtures import resumed_downloads as resumed
from fixtures.download_proof import Fingerprint, expected_files, taken
from fixtures.downloads import Order, open_async_session, open_session
from timetrial import Workload

if TYPE_CHECKING:
    from timetrial import MockServer, Trial

KB: Final = 2**10
LATENCY_MS: Final = 25  # before each answer


def fingerprints(orders: Sequence[Order]) -> list[Fingerprint]:
    """The expected files: the same bodies at once and without a cut."""
    return expected_files([order._replace(url=order.url.partition("?")[0]) for order in orders])


DOWNLOADS = Workload(
    "downloads",
    task=resumed.download,
    resource=open_session,
    async_task=resumed.download_async,
    async_resource=open_async_session,
    reference=fingerprints,
    comparable=taken,
    one_at_a_time=True,
    variants={
        "anew": Workload(
            "from the start after a cut",
            task=resumed.download_anew,
            resource=open_session,
            async_task=resumed.download_anew_async,
            async_resource=open_async_session,
        )
    },
)
MODELS: Final = [
    "serial",
    "threads",
    "processes",
    "coroutines",
    "processes+coroutines",
    "threads[anew]",
    "coroutines[anew]",
]


def unfit(model: str, scale: str, downloads: int, size_kb: int, cut_percent: int, concurrency: int) -> str | None:
    """Why a way has no place at a point."""
    del scale, downloads, size_kb, concurrency
    if model.endswith("[anew]") and not cut_percent:
        return "without a cut, nothing begins anew"
    return None


@pytest.mark.workload(DOWNLOADS, models=MODELS, unless=unfit)
@pytest.mark.trial_points(
    "downloads, size_kb, cut_percent, concurrency",
    quick=[(4, 500, 80, 4)],
    default=[(8, 2_000, 0, 4), (8, 2_000, 80, 4)],
    article=[(32, 16_000, 0, 4), (32, 16_000, 80, 4), (32, 16_000, 0, 32)],
    gate=[(4, 200, 0, 4)],
)
@pytest.mark.trial_sweep("concurrency", quick=[1, 4], default=[1, 2, 4, 8], article=[1, 2, 4, 8, 16, 32])
def test_downloads(
    trial: Trial,
    note: Callable[..., None],
    mock_server: MockServer,
    tmp_path: Path,
    downloads: int,
    size_kb: int,
    cut_percent: int,
    concurrency: int,
) -> None:
    """Whoever waits for an answer can have others under way; who resumes fetches no byte twice."""
    size_bytes = size_kb * KB
    cut: dict[str, Any] = {"cut_after_bytes": size_bytes * cut_percent // 100, "first": 1, "per": resumed.JOB_HEADER}
    how = cut if cut_percent else {}
    urls = [mock_server.stream(size_bytes, key=key, delay_ms=LATENCY_MS, **how) for key in range(downloads)]
    orders = [Order(url, tmp_path / f"{number}.bin") for number, url in enumerate(urls)]
    measured = trial(orders, concurrency=concurrency, server=mock_server)
    note(mb_per_s=measured.throughput_per_s * size_bytes / 1e6)
