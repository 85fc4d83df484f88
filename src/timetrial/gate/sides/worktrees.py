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
from timetrial.gate.sides.submodules import submodules_of_commit, submodules_of_index

_PATHS_AT_ONCE: Final = 200  # a command's words have a limit


@dataclass(frozen=True)
class Checkouts:
    """Makes worktrees, and tells ``say`` what it had to leave out."""

    scratch: Scratch
    """The temporary folder that they are made in."""
    say: Callable[[str], None]

    def of_commit(self, repository: Repository, commit: str, target: Path) -> None:
        """The files of a commit; submodules that were ever fetched, at the commits that this one names.

        Raises GateError with what to type where a submodule is there, but not at that commit.
        """
        self._add(repository, commit, target)
        for submodule in submodules_of_commit(repository, commit):
            own = submodule.repository()
            if own is None:
                self._say_empty(submodule.path, target)
            else:
                submodule.require_commit(own)
                self.of_commit(own, submodule.commit, target / submodule.path)

    def of_working_tree(self, repository: Repository, target: Path) -> str:
        """The files as they are now, uncommitted and new ones too, ignored ones not; returns commit and "+dirty"."""
        head = head_of(repository)
        self._add(repository, head, target)
        submodules = submodules_of_index(repository)
        paths = {each.path for each in submodules}
        changed = _changed(repository)
        for path in changed:
            if path not in paths and not any(path.startswith(f"{each}/") for each in paths):
                self._take_over(repository.top, path, target)
        for submodule in submodules:
            own = submodule.checkout()
            if own is None:
                self._say_empty(submodule.path, target)
            else:
                _clear(target / submodule.path)  # HEAD may have a file there, or a folder of its own
                self.of_working_tree(own, target / submodule.path)
        return f"{head}+dirty" if changed else head

    def _say_empty(self, path: str, target: Path) -> None:
        self.say(f"the submodule {path} is empty in {target}: `git submodule update --init` would change that")

    def _add(self, repository: Repository, commit: str, target: Path) -> None:
        self.scratch.announce_worktree(repository, target)
        repository.ask("worktree", "add", "--quiet", "--detach", target, commit)
        self._add_outside_of_sparse(repository, target)

    def _add_outside_of_sparse(self, repository: Repository, target: Path) -> None:
        """A sparse checkout is sparse on both sides; what lies outside of it in the user's checkout is on both too."""
        entries = Repository(target).ask("ls-files", "-t", "-z").split("\0")
        left_out = [entry[2:] for entry in entries if entry.startswith("S ")]
        if not left_out:
            return
        self.say(f"this checkout is sparse: {target} has those files alone that {repository.top} has")
        here = [path for path in left_out if os.path.lexists(repository.top / path)]
        for start in range(0, len(here), _PATHS_AT_ONCE):
            paths = here[start : start + _PATHS_AT_ONCE]
            Repository(target).ask("checkout-index", "--ignore-skip-worktree-bits", "--", *paths)

    def _take_over(self, top: Path, path: str, target: Path) -> None:
        """Makes one file in the target what it is in the working tree: changed, new or gone."""
        source, copy = top / path, target / path
        if path.endswith("/"):
            self.say(f"{source} is a repository of its own and no submodule: left out")
            return
        _clear(copy)
        if os.path.lexists(source) and (source.is_symlink() or not source.is_dir()):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy, follow_symlinks=False)


def _clear(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _changed(repository: Repository) -> list[str]:
    """Paths that differ from HEAD: changed and gone ones first, then new ones.

    Those too that git was told not to look at (``git update-index --assume-unchanged``), as they are now.
    """
    words = ("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=none")
    listed = [entry[3:] for entry in repository.ask(*words).split("\0") if entry]
    unlooked = [entry[2:] for entry in repository.ask("ls-files", "-v", "-z").split("\0") if _is_unlooked(entry)]
    return list(dict.fromkeys([*(path for path in unlooked if _differs(repository, path)), *listed]))


def _is_unlooked(entry: str) -> bool:
    """Small letters are assumed to be unchanged, S is what a sparse checkout leaves out."""
    return entry[:1].islower() or entry[:1] == "S"


def _differs(repository: Repository, path: str) -> bool:
    """Whether the file is there and isn't HEAD's; one that a sparse checkout leaves out is not there."""
    file = repository.top / path
    if file.is_symlink() or not file.is_file():
        return False
    now = repository.try_to("hash-object", f"--path={path}", "--", file).output
    return now != repository.try_to("rev-parse", "--verify", "--quiet", f"HEAD:{path}").output
