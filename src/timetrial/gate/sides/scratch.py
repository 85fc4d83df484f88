"""A temporary folder for worktrees and environments that is gone afterwards, whatever ends the gate.

What a killed run left behind is found and removed when the next one starts: each folder is locked by the process that
uses it, and lists the worktrees that git has to forget.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from timetrial.gate.sides.git import Repository, failure
from timetrial.system.held_folder import GATE, LAUNCH, LEDGER, abandoned, claim_new, held_folder, is_abandoned, remove
from timetrial.system.signals import endings_unwind, undisturbed


class Scratch:
    """The folder, and the list of the worktrees in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def announce_worktree(self, repository: Repository, path: Path) -> None:
        """Notes a worktree before it is made, so that it is found even if the making is cut off."""
        with (self.folder / LEDGER).open("a", encoding="utf-8") as ledger:
            ledger.write(json.dumps([str(repository.top), str(path)]) + "\n")


@contextmanager
def scratch(repository: Repository, say: Callable[[str], None]) -> Iterator[Scratch]:
    """An empty folder, removed at the end with the worktrees in it, after a signal too."""
    _sweep(repository, say)
    with endings_unwind():
        with files_or_error():
            folder, lock = claim_new(GATE)
        try:
            yield Scratch(folder)
        finally:
            with undisturbed():
                lock.close()
                if not _remove(folder):
                    say(f"could not remove all of {folder}; the next gate tries again")


@contextmanager
def gate_folder() -> Iterator[Path]:
    """A new temporary folder of a gate that no other gate takes away meanwhile."""
    with ExitStack() as stack:
        with files_or_error():
            folder = stack.enter_context(held_folder(GATE))
        yield folder


@contextmanager
def files_or_error() -> Iterator[None]:
    """Turns what the file system refuses into a GateError; for the preparation, not for what is then measured."""
    try:
        yield
    except OSError as error:
        raise failure(f"can't prepare the two sides: {error}", str(error)) from error


def _sweep(repository: Repository, say: Callable[[str], None]) -> None:
    """Removes what killed gates left: folders that nobody holds any more, and worktrees whose folder is gone."""
    worktrees = _worktrees_of_ours(repository)
    elsewhere = {each.parents[1] for each in worktrees}
    for folder in sorted({*abandoned(GATE, LAUNCH), *filter(is_abandoned, elsewhere)}):
        say(f"removing {folder}, left behind by a command that was killed")
        _remove(folder)
    for path in worktrees:
        if not path.exists():
            repository.try_to("worktree", "remove", "--force", "--force", path)


def _worktrees_of_ours(repository: Repository) -> list[Path]:
    """Those at ``.../timetrial-gate-…/SIDE/NAME``, which is where ``sides`` puts them."""
    listed = repository.try_to("worktree", "list", "--porcelain", "-z")
    if listed.status == 0:
        lines = listed.output.split("\0")
    else:  # git before 2.36
        lines = repository.try_to("worktree", "list", "--porcelain").output.split("\n")
    paths = [Path(line.removeprefix("worktree ")) for line in lines if line.startswith("worktree ")]
    return [path for path in paths if len(path.parents) > 1 and path.parents[1].name.startswith(GATE)]


def _remove(folder: Path) -> bool:
    """Worktrees first, those of submodules before their parents'; processes that are about to end get a second."""
    for top, path in reversed(_ledger(folder)):
        if top.is_dir():
            Repository(top).try_to("worktree", "remove", "--force", "--force", path)
    return remove(folder)


def _ledger(folder: Path) -> list[tuple[Path, Path]]:
    pairs = []
    with suppress(OSError, ValueError):  # none was made, or the last line was cut off
        for line in (folder / LEDGER).read_text(encoding="utf-8").splitlines():
            top, path = json.loads(line)
            pairs.append((Path(top), Path(path)))
    return pairs
