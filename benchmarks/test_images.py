"""Thumbnails of many photographs, with Pillow: computing in C code that lets go of the GIL, so that threads keep up."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from PIL import Image, ImageFilter

from fixtures.cores import worker_counts
from fixtures.executors import stateless_async
from fixtures.photographs import take_photographs
from fixtures.pools import new_pool_each_time
from fixtures.threadpool import open_threads
from fixtures.usual import blocking_gather
from timetrial import Workload

if TYPE_CHECKING:
    from timetrial import Trial

SHRINK_BY: Final = 4
BLUR_PX: Final = 2
QUALITY: Final = 85


def thumbnail(photo: Path) -> bytes:
    """A quarter as wide and a little blurred, as a JPEG file's bytes: decode, resize, blur, encode."""
    with Image.open(photo) as picture:
        small = picture.resize((picture.width // SHRINK_BY, picture.height // SHRINK_BY), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.filter(ImageFilter.GaussianBlur(BLUR_PX)).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


async def thumbnail_in_thread(photo: Path, _threads: Executor) -> bytes:
    """In an event loop, what computes belongs into a thread if it lets go of the GIL, as this does."""
    return await asyncio.to_thread(thumbnail, photo)


IMAGES = Workload(
    "images",
    task=thumbnail,
    async_task=thumbnail_in_thread,
    async_resource=open_threads,
    variants={
        "usual": Workload(
            "as people usually write it",
            implementations={
                "processes": new_pool_each_time(thumbnail),
                "coroutines": stateless_async(blocking_gather(thumbnail)),
            },
        )
    },
)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, int], list[Path]]:
    """So many of such a width, the same for every model."""
    folder = tmp_path_factory.mktemp("photographs")
    return lambda count, width_px: take_photographs(folder, count, width_px)


@pytest.mark.workload(IMAGES)
@pytest.mark.trial_points(
    "photos, width_px, concurrency",
    quick=[(4, 800, 2)],
    default=[(4, 1600, 2)],
    article=[(100, 800, 2), (16, 4000, 2), (16, 4000, 4)],
    gate=[(4, 400, 2)],
)
def test_images(
    trial: Trial, photographs: Callable[[int, int], list[Path]], photos: int, width_px: int, concurrency: int
) -> None:
    """Threads keep up with processes, also on a build with a GIL; what blocks the event loop is as slow as serial."""
    trial(photographs(photos, width_px), concurrency=concurrency)


@pytest.mark.workload(IMAGES, models=["serial", "threads", "processes", "coroutines", "processes[usual]"])
@pytest.mark.trial_sweep("width_px", quick=[100, 400], default=[50, 100, 200, 400, 800, 1600], at={"concurrency": 2})
@pytest.mark.trial_sweep(
    "concurrency", quick=[1, 2], default=worker_counts(), article=worker_counts(), at={"width_px": 800}
)
def test_images_over_size_and_workers(
    trial: Trial, photographs: Callable[[int, int], list[Path]], width_px: int, concurrency: int
) -> None:
    """In small pictures a worker's own cost weighs more; past the number of cores, more workers don't help."""
    trial(photographs(16, width_px), concurrency=concurrency)
