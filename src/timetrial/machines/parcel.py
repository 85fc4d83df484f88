"""Sides as they travel: the files of each, git's history of them, and the running timetrial, for any machine.

What is sent are the copies that ``gate/sides`` makes here, so that submodules, uncommitted files and the like are what
they are for a gate on one machine. There, each is a worktree of the history again, since tools read versions from git.
"""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from timetrial.environment.record import environment
from timetrial.gate.record import SideName
from timetrial.gate.sides.environments import Installer, find_uv, make_environment, python_in
from timetrial.gate.sides.git import Repository
from timetrial.gate.sides.make import FOLDERS, SideMaker
from timetrial.gate.sides.requirements import Wanted
from timetrial.gate.sides.scratch import files_or_error
from timetrial.gate.sides.side import Side, check
from timetrial.machines.orders import Bench

_HISTORY: Final = "history.git"
_TAG: Final = "--format=%(objectname) %(refname)"
OF_THE_WORKER: Final = "libraries."
"""The fields of a machine's environment that say nothing of its sides, which have an environment of their own."""


@dataclass(frozen=True)
class SentSide:
    """One version of the code, without its files."""

    name: SideName
    """Base or candidate."""
    revision: str
    """As in Side."""
    root: str
    """The project's folder below the side's own, in POSIX form."""
    borrowed_tests: bool
    """As in Side."""


@dataclass(frozen=True)
class Parcel:
    """All that a machine needs to make the same sides as this one."""

    sides: Sequence[SentSide]
    project: str
    """The name of the folder that each lies in."""
    files: bytes
    """The files of all sides, the history and the wheel, as a compressed tar file."""
    wheel: str
    """The name of the running timetrial's wheel in it."""
    words: tuple[str, ...] | None
    """The policy's own command to install with."""
    wanted: Wanted | None
    """What the command line names besides."""

    def unpacked(self, folder: Path) -> tuple[Side, ...]:
        """The sides in an empty folder, installed and looked over; raises GateError where that can't be done."""
        with files_or_error():
            with tarfile.open(fileobj=io.BytesIO(self.files)) as files:
                files.extractall(folder, filter="tar")  # links may lead out of the project, as they do where it is
            sides = tuple(self._side(sent, folder) for sent in self.sides)
            installer = Installer(find_uv(), self.words, folder / self.wheel, self.wanted)
            for side in sides:
                assert side.environment is not None
                make_environment(installer, side.environment, side.project, str(side), side.variables())
                check(side)
        return sides

    def _side(self, sent: SentSide, folder: Path) -> Side:
        target = folder / FOLDERS[sent.name] / self.project
        _adopt(folder / _HISTORY, target, sent.revision.partition("+")[0])
        environment = target.parent / ".venv"
        return Side(
            sent.name,
            python_in(environment),
            target / sent.root,
            sent.revision,
            environment,
            target,
            checkout=None,
            borrowed_tests=sent.borrowed_tests,
        )


@dataclass(frozen=True)
class MakeSides:
    """The order to make what is in a parcel; comes to the machine's environment."""

    parcel: Parcel

    def carry_out(self, bench: Bench) -> Mapping[str, Any]:
        """As in Order."""
        bench.sides = self.parcel.unpacked(bench.folder)
        return dict(environment())


def pack(maker: SideMaker, sides: Sequence[Side]) -> Parcel:
    """Sides that have their files here, and no environment."""
    folder, project = maker.place.folder, maker.repository.top.name
    _keep_history(maker.repository, sides, folder / _HISTORY)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as files:
        files.add(folder / _HISTORY, _HISTORY, filter=_nobodys)
        files.add(maker.installer.own_wheel, maker.installer.own_wheel.name, filter=_nobodys)
        for side in sides:
            files.add(folder / FOLDERS[side.name], FOLDERS[side.name], filter=_without_git)
    sent = [_sent(side) for side in sides]
    installer = maker.installer
    return Parcel(sent, project, packed.getvalue(), installer.own_wheel.name, installer.words, installer.wanted)


def _sent(side: Side) -> SentSide:
    assert side.worktree is not None
    assert side.revision is not None
    root = side.root.relative_to(side.worktree).as_posix()
    return SentSide(side.name, side.revision, root, side.borrowed_tests)


def _without_git(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """The file by which a worktree leads to its repository, which stays here, and those of submodules."""
    return None if Path(entry.name).name == ".git" else _nobodys(entry)


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Whoever unpacks it owns it, or git would not trust the files where that is root."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _keep_history(repository: Repository, sides: Sequence[Side], target: Path) -> None:
    """A repository of its own with the commits of the sides, and the tags that lead to them; shallow where ours is."""
    repository.ask("init", "--quiet", "--bare", f"--object-format={_object_format(repository)}", target)
    kept = Repository(target)
    alternates = target / "objects" / "info" / "alternates"
    alternates.write_text(repository.ask("rev-parse", "--path-format=absolute", "--git-path", "objects") + "\n")
    shallow = Path(repository.ask("rev-parse", "--path-format=absolute", "--git-path", "shallow"))
    if shallow.is_file():
        shutil.copy2(shallow, target / "shallow")
    for side in sides:
        assert side.revision is not None
        commit = side.revision.partition("+")[0]
        kept.ask("update-ref", f"refs/heads/{side.name}", commit)
        for tag in repository.ask("for-each-ref", _TAG, f"--merged={commit}", "refs/tags").splitlines():
            tagged, name = tag.split(" ", 1)
            kept.ask("update-ref", name, tagged)
    kept.ask("repack", "-a", "-d", "-q")
    alternates.unlink()


def _object_format(repository: Repository) -> str:
    return repository.ask("rev-parse", "--show-object-format").strip()


def _adopt(history: Path, target: Path, commit: str) -> None:
    """Makes the files that lie at ``target`` those of a worktree of that commit."""
    with tempfile.TemporaryDirectory(dir=history.parent) as aside:
        files = Path(aside) / "files"
        target.rename(files)
        Repository(history).ask("worktree", "add", "--quiet", "--no-checkout", "--detach", target, commit)
        shutil.move(target / ".git", files / ".git")
        target.rmdir()
        files.rename(target)
    Repository(target).ask("reset", "--quiet")
