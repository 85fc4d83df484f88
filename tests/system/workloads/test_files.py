"""Files are proved byte for byte, and one that can't be written or read is named, under every model."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.test_files import HASH_LARGE_FILE, READ_FILES, WALK_TREE, WRITE_FILES, Part, unfit, without_io_uring
from fixtures.files import Draft, expected_files, make_files, make_tree, parts
from tests.system.workloads.proving import notes_of, prove
from timetrial import Workload, models
from timetrial.errors import VoidTrialError

pytestmark = pytest.mark.timeout(120)

DIFFERS: Final = r"the result of item 1, .* differs from the serial reference"


def under_all(*workloads: Workload) -> pytest.MarkDecorator:
    """Each workload under each of its models that can run here."""
    pairs = [
        pytest.param(
            workload, model, marks=pytest.mark.skipif(bool(unfit(model, "quick")), reason=str(unfit(model, "quick")))
        )
        for workload in workloads
        for model in models.model_ids(workload)
    ]
    return pytest.mark.parametrize(("workload", "model"), pairs)


def items_of(workload: Workload, folder: Path) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """A workload's items, the same with a wrong one in the middle, and with one that can't be had."""
    if workload is WRITE_FILES:
        drafts = [Draft(folder / f"new-{number}", 5000, fsync=number == 1) for number in range(3)]
        wrong, missing = drafts[1]._replace(size_bytes=4999), drafts[1]._replace(path=folder / "missing" / "new-1")
        return drafts, [drafts[0], wrong, drafts[2]], [drafts[0], missing, drafts[2]]
    if workload is READ_FILES:
        files = make_files(folder, 3, 5000)
        changed = Path(shutil.copy(files[1], folder))
        changed.write_bytes(files[1].read_bytes()[:-1] + b"!")
        return files, [files[0], changed, files[2]], [files[0], folder / "missing", files[2]]
    if workload is WALK_TREE:
        branches = make_tree(folder, 3, 20)
        larger = Path(shutil.copytree(branches[1], folder / "copy" / branches[1].name))
        (larger / "twig-3" / "leaf-0003").write_bytes(b"longer")
        (folder / "a-file").touch()
        return branches, [branches[0], larger, branches[2]], []
    (path,) = make_files(folder, 1, 30_000)
    stretches = [Part(path, start, 10_000) for start in (0, 10_000, 20_000)]
    wrong_part, missing_part = stretches[1]._replace(offset=9_999), stretches[1]._replace(path=folder / "missing")
    return stretches, [stretches[0], wrong_part, stretches[2]], [stretches[0], missing_part, stretches[2]]


@under_all(WRITE_FILES, READ_FILES, WALK_TREE, HASH_LARGE_FILE)
def test_every_model_does_the_same_and_a_wrong_file_voids_the_trial(
    tmp_path: Path, workload: Workload, model: str
) -> None:
    """One byte too few or changed, a file that is longer than it was, a stretch that begins a byte too early."""
    items, wrong, _ = items_of(workload, tmp_path)
    prove(workload, model, items)
    with pytest.raises(VoidTrialError, match=DIFFERS):
        prove(workload, model, items, done=wrong)


@under_all(WRITE_FILES, READ_FILES, HASH_LARGE_FILE)
def test_a_file_that_can_t_be_had_is_named(tmp_path: Path, workload: Workload, model: str) -> None:
    """The error is the system's own, and a note says which item it was."""
    items, _, impossible = items_of(workload, tmp_path)
    # One at a time: a call of aiofiles that is cancelled while it opens a file leaves it to the garbage collector.
    with pytest.raises(FileNotFoundError) as failure:
        prove(workload, model, items, done=impossible, concurrency=1)
    assert "missing" in notes_of(failure.value)


@pytest.mark.parametrize("model", models.model_ids(WALK_TREE))
def test_an_item_that_is_no_folder_is_named(tmp_path: Path, model: str) -> None:
    """os.walk passes over what isn't there, so here the item itself is none."""
    branches = make_tree(tmp_path, 2, 10)
    with pytest.raises(TypeError) as failure:
        prove(WALK_TREE, model, branches, done=[branches[0], 42])
    assert "42" in notes_of(failure.value)


@pytest.mark.parametrize("model", [each for each in models.model_ids(WRITE_FILES) if not unfit(each, "quick")])
def test_written_files_are_taken_away_between_rounds(tmp_path: Path, model: str) -> None:
    """So that no round can pass on what the one before has left."""
    drafts = [Draft(tmp_path / f"new-{number}", 100) for number in range(3)]
    prove(WRITE_FILES, model, drafts)
    assert list(tmp_path.iterdir()) == []


def test_files_of_one_size_differ(tmp_path: Path) -> None:
    """Or one could be taken for another."""
    drafts = [Draft(tmp_path / name, 5000) for name in ("one", "two")]
    assert len(set(expected_files(drafts))) == 2
    assert [sum(map(len, parts(draft))) for draft in drafts] == [5000, 5000]


def test_io_uring_is_never_replaced_by_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel or caio has none, the variant is left out, with what it takes."""
    monkeypatch.setitem(sys.modules, "caio.linux_uring", None)
    without_io_uring.cache_clear()
    try:
        assert "pip install caio" in str(unfit("coroutines[io_uring]", "quick"))
        assert unfit("threads", "quick") is None
    finally:
        without_io_uring.cache_clear()
