"""A file that is put in place in one step: whole, durable where that is wanted, and an error that names the way out."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from timetrial.errors import GateError, ResultsError
from timetrial.system import files
from timetrial.system.files import replace_file, writing

EITHER_WAY = pytest.mark.usefixtures("either_way")
POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows can't sync a folder")


def names(directory: Path) -> list[str]:
    """Everything in the directory, hidden files too."""
    return sorted(each.name for each in directory.iterdir())


@pytest.fixture(params=["nameless files", "named temporaries"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Linux's nameless files, and as on systems that have none."""
    if request.param == "named temporaries":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)


def _no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@EITHER_WAY
def test_a_rename_that_fails_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever step it was that failed."""
    monkeypatch.setattr(Path, "replace", _no_space)
    with pytest.raises(OSError, match="No space"):
        replace_file(tmp_path / "x.json", b"{}")
    assert names(tmp_path) == []


def test_where_a_nameless_file_can_get_no_name_a_named_one_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as without /proc."""
    monkeypatch.setattr(os, "link", _no_space)
    replace_file(tmp_path / "x.json", b"{}")
    assert names(tmp_path) == ["x.json"]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is waited for until it is on the disk, and when the file gets its name."""
    told: list[str] = []
    sync, rename = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        told.append("folder synced" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "content synced")
        sync(descriptor)

    def note_rename(path: Path, target: Path) -> Path:
        told.append("renamed")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_rename)
    return told


@POSIX
@EITHER_WAY
def test_a_durable_file_is_on_the_disk_under_its_new_name(tmp_path: Path, steps: list[str]) -> None:
    """Its content before it is renamed, so that no power cut leaves an empty one; the folder after it."""
    replace_file(tmp_path / "x.json", b"{}")
    assert steps == ["content synced", "renamed", "folder synced"]


@EITHER_WAY
def test_a_file_that_need_not_be_durable_waits_for_no_disk(tmp_path: Path, steps: list[str]) -> None:
    """Such as the one that is written again after the next benchmark."""
    replace_file(tmp_path / "x.json", b"{}", durable=False)
    assert steps == ["renamed"]


@POSIX
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_can_not_sync_folders_is_no_obstacle(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does what it can."""
    sync = os.fsync

    def refuse_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    replace_file(tmp_path / "x.json", b"{}")
    assert (tmp_path / "x.json").read_bytes() == b"{}"


@POSIX
def test_a_disk_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than believed to have kept the file."""

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        replace_file(tmp_path / "x.json", b"{}")


def test_an_error_names_the_file_the_reason_and_the_way_out(tmp_path: Path) -> None:
    """In the words of whoever writes, and of the kind that its callers know."""
    path = tmp_path / "x.json"
    with pytest.raises(ResultsError) as told, writing(path, "choose another"):
        _no_space()
    assert str(told.value) == f"can't write {path}: No space left on device; choose another"
    with (
        pytest.raises(GateError, match=r"can't write .*x\.json: No space left on device$"),
        writing(path, error=GateError),
    ):
        _no_space()


def test_any_other_error_passes(tmp_path: Path) -> None:
    """It is not the file's fault."""
    with pytest.raises(KeyError), writing(tmp_path / "x.json"):
        raise KeyError("x")


def test_only_dead_processes_temporary_files_are_removed(tmp_path: Path) -> None:
    """A living one may be about to rename its own."""
    mine = tmp_path / f".a.json.{os.getpid()}.writing"
    mine.touch()
    files.remove_abandoned(tmp_path)
    assert names(tmp_path) == [mine.name]
