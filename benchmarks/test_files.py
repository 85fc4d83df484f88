"""Files: write many, read and hash many, walk a tree, hash one large one. What is read is in the page cache already."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import aiofiles
import pytest

from fixtures.download_proof import taken
from fixtures.executors import stateless_async
from fixtures.files import KB, MB, Draft, expected_files, make_files, make_tree, parts
from fixtures.threadpool import all_at_once, in_batches, open_threads
from fixtures.usual import blocking_gather
from timetrial import Workload

if TYPE_CHECKING:
    from timetrial import Trial

MODELS: Final = ["serial", "threads", "processes", "coroutines", "processes+coroutines", "coroutines[batch]"]
ASYNC_FILES: Final = ["coroutines[aiofiles]", "coroutines[io_uring]", "coroutines[usual]"]
PARTS: Final = 16


def write(draft: Draft) -> Path:
    """Writes a new file; with fsync, down to the disk."""
    with draft.path.open("wb") as file:
        file.writelines(parts(draft))
        if draft.fsync:
            file.flush()
            os.fsync(file.fileno())
    return draft.path


async def write_in_thread(draft: Draft, _threads: Executor) -> Path:
    """The same in an event loop, which has no way of its own to wait for a file: one to_thread a file."""
    return await asyncio.to_thread(write, draft)


async def write_with_aiofiles(draft: Draft, _threads: Executor) -> Path:
    """The same by aiofiles, which hands every call on the file to a thread."""
    async with aiofiles.open(draft.path, "wb") as file:
        await file.writelines(parts(draft))
        if draft.fsync:
            await file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
    return draft.path


async def write_with_io_uring(draft: Draft, ring: Any) -> Path:
    """The same by the kernel's io_uring, through caio: no thread at all; opening and closing still block."""
    descriptor = os.open(draft.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        offset = 0
        for part in parts(draft):
            offset += await ring.write(part, descriptor, offset)
        if draft.fsync:
            await ring.fsync(descriptor)
    finally:
        os.close(descriptor)
    return draft.path


def read(path: Path) -> str:
    """The SHA-256 of a file that fits into memory."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def read_in_thread(path: Path, _threads: Executor) -> str:
    """The same in an event loop: reading and hashing in one to_thread a file."""
    return await asyncio.to_thread(read, path)


async def read_with_aiofiles(path: Path, _threads: Executor) -> str:
    """The same by aiofiles; three calls, so three times to a thread and back."""
    async with aiofiles.open(path, "rb") as file:
        return hashlib.sha256(await file.read()).hexdigest()


async def read_with_io_uring(path: Path, ring: Any) -> str:
    """The same by io_uring."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        size_bytes = os.fstat(descriptor).st_size
        return hashlib.sha256(await ring.read(size_bytes, descriptor, 0)).hexdigest()
    finally:
        os.close(descriptor)


class Survey(NamedTuple):
    """What a folder holds, with all folders in it."""

    folder: str
    files: int
    size_bytes: int
    names: str


def survey(folder: Path) -> Survey:
    """Looks at every file's name and size."""
    sizes = {}
    for where, _, names in os.walk(folder):
        sizes.update({name: Path(where, name).stat().st_size for name in names})
    listed = hashlib.sha256("\n".join(sorted(sizes)).encode()).hexdigest()
    return Survey(folder.name, len(sizes), sum(sizes.values()), listed)


async def survey_in_thread(folder: Path, _threads: Executor) -> Survey:
    """The same in an event loop."""
    return await asyncio.to_thread(survey, folder)


class Part(NamedTuple):
    """A stretch of a file."""

    path: Path
    offset: int
    size_bytes: int


def hash_part(part: Part) -> str:
    """The SHA-256 of a stretch; whoever reads it has a file position of its own."""
    with part.path.open("rb") as file:
        file.seek(part.offset)
        return hashlib.sha256(file.read(part.size_bytes)).hexdigest()


async def hash_part_in_thread(part: Part, _threads: Executor) -> str:
    """The same in an event loop."""
    return await asyncio.to_thread(hash_part, part)


@asynccontextmanager
async def open_ring(slots: int) -> AsyncGenerator[Any]:
    """A ring with room for as many requests as may be in flight."""
    from caio.linux_uring_asyncio import AsyncioContext

    async with AsyncioContext(max_requests=slots) as ring:  # type: ignore[no-untyped-call] # caio has no types there
        yield ring


WRITE_FILES = Workload(
    "write_files",
    task=write,
    async_task=write_in_thread,
    async_resource=open_threads,
    implementations={"coroutines": all_at_once(write)},
    reference=expected_files,
    comparable=taken,
    variants={
        "batch": Workload("a batch a thread", implementations={"coroutines": in_batches(write)}),
        "aiofiles": Workload("aiofiles", async_task=write_with_aiofiles, async_resource=open_threads),
        "io_uring": Workload("io_uring", async_task=write_with_io_uring, async_resource=open_ring),
        "usual": Workload(
            "blocking calls in the loop", implementations={"coroutines": stateless_async(blocking_gather(write))}
        ),
    },
)

READ_FILES = Workload(
    "read_files",
    task=read,
    async_task=read_in_thread,
    async_resource=open_threads,
    implementations={"coroutines": all_at_once(read)},
    variants={
        "batch": Workload("a batch a thread", implementations={"coroutines": in_batches(read)}),
        "aiofiles": Workload("aiofiles", async_task=read_with_aiofiles, async_resource=open_threads),
        "io_uring": Workload("io_uring", async_task=read_with_io_uring, async_resource=open_ring),
        "usual": Workload(
            "blocking calls in the loop", implementations={"coroutines": stateless_async(blocking_gather(read))}
        ),
    },
)

WALK_TREE = Workload(
    "walk_tree",
    task=survey,
    async_task=survey_in_thread,
    async_resource=open_threads,
    implementations={"coroutines": all_at_once(survey)},
    variants={"batch": Workload("a batch a thread", implementations={"coroutines": in_batches(survey)})},
)

HASH_LARGE_FILE = Workload(
    "hash_large_file", task=hash_part, async_task=hash_part_in_thread, async_resource=open_threads
)


@cache
def without_io_uring() -> str | None:
    """Why there is none here: a ring is tried, since a kernel may have it and not allow it."""
    try:
        from caio.linux_uring import Context

        Context(max_requests=1)
    except (ImportError, OSError, RuntimeError) as error:
        return f"io_uring takes Linux 5.6 or newer that allows it, and pip install caio ({error})"
    return None


def unfit(model: str, scale: str, **parameters: object) -> str | None:
    """Why a model has no place beside the others."""
    del scale, parameters
    return without_io_uring() if model.endswith("[io_uring]") else None


@pytest.fixture(scope="session")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same folder for every model."""
    return tmp_path_factory.mktemp("files")


@pytest.mark.workload(WRITE_FILES, models=[*MODELS, *ASYNC_FILES], unless=unfit)
@pytest.mark.trial_points(
    "files, size_kb, fsync, concurrency",
    quick=[(50, 4, False, 4)],
    default=[(200, 4, False, 4), (20, 4, True, 4)],
    article=[(10_000, 1, False, 16), (100, 1024, False, 16), (100, 4, True, 1), (100, 4, True, 16)],
    gate=[(100, 4, False, 4)],
)
@pytest.mark.trial_sweep("size_kb", quick=[1, 64], default=[1, 16, 256, 4096], at={"files": 16})
@pytest.mark.trial_sweep("concurrency", quick=[1, 4], default=[1, 2, 4, 8, 16], at={"fsync": True, "files": 32})
def test_write_files(trial: Trial, disk: Path, files: int, size_kb: int, fsync: bool, concurrency: int) -> None:
    """Small files take so little that sharing them out costs more; where fsync waits for the disk, it pays."""
    trial(
        [Draft(disk / f"new-{number:05}.bin", size_kb * KB, fsync) for number in range(files)], concurrency=concurrency
    )


@pytest.mark.workload(READ_FILES, models=[*MODELS, *ASYNC_FILES], unless=unfit)
@pytest.mark.trial_points(
    "files, size_kb, concurrency",
    quick=[(100, 4, 4)],
    default=[(500, 4, 4), (8, 4096, 4)],
    article=[(10, 1, 4), (10_000, 1, 16), (1000, 64, 16), (16, 64 * 1024, 4)],
    gate=[(200, 4, 4)],
)
@pytest.mark.trial_sweep("size_kb", quick=[1, 64], default=[1, 16, 256, 4096, 64 * 1024], at={"files": 8})
@pytest.mark.trial_sweep("files", quick=[10], default=[10, 100, 1000], article=[10, 100, 1000, 10_000])
def test_read_files(trial: Trial, disk: Path, files: int, size_kb: int, concurrency: int) -> None:
    """From the page cache there is little to wait for: what helps is hashing several at once, once they are large."""
    trial(make_files(disk, files, size_kb * KB), concurrency=concurrency)


@pytest.mark.workload(WALK_TREE)
@pytest.mark.trial_points(
    "branches, files_per_branch, concurrency",
    quick=[(4, 100, 4)],
    default=[(16, 100, 4)],
    article=[(100, 100, 16)],
    gate=[(4, 100, 4)],
)
def test_walk_tree(trial: Trial, disk: Path, branches: int, files_per_branch: int, concurrency: int) -> None:
    """Thousands of short calls into the kernel, each of which lets go of the GIL and has to get it back."""
    trial(make_tree(disk, branches, files_per_branch), concurrency=concurrency)


@pytest.mark.workload(HASH_LARGE_FILE)
@pytest.mark.trial_points(
    "size_mb, concurrency", quick=[(16, 4)], default=[(64, 4)], article=[(64, 4), (1024, 4)], gate=[(16, 4)]
)
def test_hash_large_file(trial: Trial, disk: Path, size_mb: int, concurrency: int) -> None:
    """Reading and hashing let go of the GIL, so that threads share one large file as well as processes do."""
    (path,) = make_files(disk, 1, size_mb * MB)
    size_bytes = size_mb * MB // PARTS
    trial([Part(path, number * size_bytes, size_bytes) for number in range(PARTS)], concurrency=concurrency)
