"""A project's submodules, at any commit of it: where each stands, which repository it is, and whether that has it.

A submodule keeps its name while its folder is moved. git keeps the repositories by name, in ``modules`` of its own
folder, so a base finds the one that has been moved, or removed, since.
"""

from __future__ import annotations

import os
import posixpath
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timetrial.errors import GateError
from timetrial.gate.sides.git import Repository, is_shallow

_GITLINK: Final = "160000"


@dataclass(frozen=True)
class Submodule:
    """One of a superproject's submodules at some commit of it, or in its index."""

    superproject: Repository
    path: str
    """Its folder, from the superproject's top on."""
    commit: str
    """Which commit of it the superproject names."""
    name: str
    """As .gitmodules calls it; its path where that says nothing."""
    url: str | None = None

    def repository(self) -> Repository | None:
        """Where its commits are; None where it was never fetched, or the user's checkout goes without it."""
        now = [each for each in _of_index_if_any(self.superproject) if each.name == self.name]
        if now and now[0].checkout() is None:
            return None
        here = self.superproject.top / self.path
        kept = [folder for folder in _kept_repositories(self.superproject, self.name) if (folder / "HEAD").is_file()]
        if (here / ".git").exists():
            there = Repository(here)
            if self._has_it(there) or not any(self._has_it(Repository(each)) for each in kept):
                return there
        if now:
            return now[0].checkout()
        return Repository(kept[0]) if kept else None

    def checkout(self) -> Repository | None:
        """The user's own checkout of it at its path; None where it has none."""
        here = self.superproject.top / self.path
        return Repository(here) if (here / ".git").exists() else None

    def require_commit(self, repository: Repository) -> None:
        """Raises GateError with the command that brings the commit, if it isn't there."""
        if self._has_it(repository):
            return
        where = _from_here(repository.top)
        source = _absolute(self.url, self.superproject) or "origin"
        cure = f"git -C {where} fetch {shlex.quote(source)} {self.commit}"
        if is_shallow(repository):
            cure = f"git -C {where} fetch --unshallow` or `{cure}"
        raise GateError(
            f"the submodule {self.path!r} has no commit {self.commit[:12]}, which is the one to compare with: "
            f"`{cure}` brings it (nothing is fetched for you)"
        )

    def _has_it(self, repository: Repository) -> bool:
        return repository.try_to("cat-file", "-e", f"{self.commit}^{{commit}}").status == 0


def submodules_of_commit(repository: Repository, commit: str) -> list[Submodule]:
    """Those that a commit has."""
    entries = repository.ask("ls-tree", "-r", "-z", commit).split("\0")
    heads = [entry.split("\t", 1) for entry in entries if entry.startswith(_GITLINK)]
    settings = _settings(repository, "--blob", f"{commit}:.gitmodules") if heads else {}
    return [_submodule(repository, path, head.split()[2], settings) for head, path in heads]


def submodules_of_index(repository: Repository) -> list[Submodule]:
    """Those of the working tree: an added one that is not committed yet too."""
    entries = repository.ask("ls-files", "--stage", "-z").split("\0")
    heads = [entry.split("\t", 1) for entry in entries if entry.startswith(_GITLINK)]
    settings = _settings(repository, "--file", str(repository.top / ".gitmodules")) if heads else {}
    return [_submodule(repository, path, head.split()[1], settings) for head, path in heads]


def _of_index_if_any(repository: Repository) -> list[Submodule]:
    """As submodules_of_index; a repository that has no files checked out, only commits, has none."""
    try:
        return submodules_of_index(repository)
    except GateError:
        return []


def _submodule(repository: Repository, path: str, commit: str, settings: dict[str, dict[str, str]]) -> Submodule:
    for name, each in settings.items():
        if each.get("path") == path:
            return Submodule(repository, path, commit, name, each.get("url"))
    return Submodule(repository, path, commit, path)


def _settings(repository: Repository, *where: str) -> dict[str, dict[str, str]]:
    """What .gitmodules says: a name's settings; nothing where there is no such file, or a broken one."""
    found: dict[str, dict[str, str]] = {}
    said = repository.try_to("config", *where, "-z", "--get-regexp", r"^submodule\..*\.(path|url)$").output
    for entry in said.split("\0"):
        key, _, value = entry.partition("\n")
        name, _, setting = key.removeprefix("submodule.").rpartition(".")
        if name:
            found.setdefault(name, {})[setting] = value
    return found


def _kept_repositories(superproject: Repository, name: str) -> Iterator[Path]:
    """Where git may keep it: beside the superproject's own files, or those of one of its worktrees."""
    for words in (("--git-path", f"modules/{name}"), ("--git-common-dir",)):
        ended = superproject.try_to("rev-parse", *words)
        if ended.status == 0:
            folder = superproject.top / ended.output.rstrip("\n")
            yield folder if words[0] == "--git-path" else folder / "modules" / name


def _absolute(url: str | None, superproject: Repository) -> str | None:
    """A URL that git can fetch from: a relative one is relative to the superproject's own."""
    if url is None or not url.startswith(("./", "../")):
        return url
    own = superproject.try_to("config", "--get", "remote.origin.url").output.strip()
    scheme, separator, rest = own.partition("://")
    joined = posixpath.normpath(posixpath.join(rest if separator else own, url))
    return f"{scheme}://{joined}" if separator else joined


def _from_here(path: Path) -> str:
    """A path as somebody would type it where the gate was started."""
    try:
        shown = os.path.relpath(path)
    except ValueError:  # another drive
        shown = str(path)
    return shlex.quote(shown if not shown.startswith("..") else str(path))
