"""Checkouts beside the user's own: of a commit, or of the working tree as it stands, submodules included.

Both are git worktrees of the same repository, so that tools which read a version from git find one. Nothing is
fetched; the user's checkout and index are only read.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timetrial.gate.sides.git import Repository, head_of
from timetrial.gate.sides.scratch import Scratch

_GITLINK: Final = "160000"


@dataclass(frozen=True)
class Checkouts:
    """Makes worktrees, and tells ``say`` what it had to leave out."""

    scratch: Scratch
    """The temporary folder that they are made in."""
    say: Callable[[str], None]

    def of_commit(self, repository: Repository, commit: str, target: Path) -> None:
        """The files of a commit; submodules that the user's checkout has, at the commits that this one names."""
        self._add(repository, commit, target)
        for path, submodule_commit in _gitlinks(repository, commit):
            submodule = _submodule(repository, path)
            if submodule is None:
                self.say(f"the submodule {path} is empty in {target}: `git submodule update --init` would change that")
            else:
                self.of_commit(submodule, submodule_commit, target / path)

    def of_working_tree(self, repository: Repository, target: Path) -> str:
        """The files as they are now, uncommitted and new ones too, ignored ones not; returns commit and "+dirty"."""
        head = head_of(repository)
        self._add(repository, head, target)
        submodules = [path for path, _ in _gitlinks(repository, head)]
        changed = _changed(repository)
        for path in changed:
            if path not in submodules:
                self._take_over(repository.top, path, target)
        for path in submodules:
            submodule = _submodule(repository, path)
            if submodule is not None:
                self.of_working_tree(submodule, target / path)
        return f"{head}+dirty" if changed else head

    def _add(self, repository: Repository, commit: str, target: Path) -> None:
        self.scratch.announce_worktree(repository, target)
        repository.ask("worktree", "add", "--quiet", "--detach", target, commit)

    def _take_over(self, top: Path, path: str, target: Path) -> None:
        """Makes one file in the target what it is in the working tree: changed, new or gone."""
        source, copy = top / path, target / path
        if path.endswith("/"):
            self.say(f"{source} is a repository of its own and no submodule: left out")
            return
        if copy.is_dir() and not copy.is_symlink():
            shutil.rmtree(copy)
        else:
            copy.unlink(missing_ok=True)
        if os.path.lexists(source) and (source.is_symlink() or not source.is_dir()):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy, follow_symlinks=False)


def _gitlinks(repository: Repository, commit: str) -> list[tuple[str, str]]:
    """Where a commit has submodules, and the commit of each."""
    entries = repository.ask("ls-tree", "-r", "-z", commit).split("\0")
    heads = [entry.split("\t", 1) for entry in entries if entry.startswith(_GITLINK)]
    return [(path, head.split()[2]) for head, path in heads]


def _submodule(repository: Repository, path: str) -> Repository | None:
    """The user's own checkout of a submodule; None where it was never fetched."""
    return Repository(repository.top / path) if (repository.top / path / ".git").exists() else None


def _changed(repository: Repository) -> list[str]:
    """Paths that differ from HEAD: changed and gone ones first, then new ones."""
    words = ("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=none")
    return [entry[3:] for entry in repository.ask(*words).split("\0") if entry]
