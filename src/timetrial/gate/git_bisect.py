"""``git bisect`` in a worktree of its own: it chooses the commits, and the user's checkout knows nothing of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from timetrial.errors import GateError
from timetrial.gate.sides.git import Repository, head_of
from timetrial.gate.sides.scratch import Scratch

_CONTINUES: Final = 0
_ONLY_SKIPPED_LEFT: Final = 2
_FORMAT: Final = "%H%x00%an%x00%as%x00%s"


class Mark(StrEnum):
    """What a test makes of a commit; ``skip`` where it can't tell."""

    GOOD = "good"
    BAD = "bad"
    SKIP = "skip"


@dataclass(frozen=True)
class Commit:
    """A commit, as people know it; ``date`` is the author's, as YYYY-MM-DD."""

    hash: str
    """In full."""
    author: str
    date: str
    subject: str
    """The first line of its message."""

    def __str__(self) -> str:
        return f"{self.hash[:12]} {self.date} {self.author}: {self.subject}"


class GitBisect:
    """A search between a good and a bad commit, both by their full hashes.

    Ask ``due()`` for a commit and ``mark`` it, until there is none; then ``suspects()`` is what is left.
    """

    def __init__(self, repository: Repository, place: Scratch, good: str, bad: str) -> None:
        engine = place.folder / "engine" / repository.top.name
        place.announce_worktree(repository, engine)
        repository.ask("worktree", "add", "--quiet", "--detach", "--no-checkout", engine, head_of(repository))
        self._engine = Repository(engine)
        self._goes_on = True
        # Without a checkout: each commit that is due gets a worktree and an environment elsewhere, as any side does.
        self._take("start", "--no-checkout", bad, good)

    def due(self) -> Commit | None:
        """The commit that halves what is left, or None once there is nothing to be learnt."""
        return self.commit("BISECT_HEAD") if self._goes_on and len(self.suspects()) > 1 else None

    def mark(self, commit: Commit, mark: Mark) -> None:
        """What the test said of it; raises GateError where that can't be, such as a bad one before the good one."""
        self._take(mark, commit.hash)

    def suspects(self) -> list[Commit]:
        """The commits that may be the first bad one, the newest first."""
        good = self._engine.ask("for-each-ref", "--format=%(refname)", "refs/bisect/good-*").split()
        lines = self._engine.ask("log", f"--format={_FORMAT}", "refs/bisect/bad", "--not", *good).splitlines()
        return [Commit(*line.split("\0", 3)) for line in lines]

    def commit(self, ref: str) -> Commit:
        """A commit with its author, date and subject."""
        return Commit(*self._engine.ask("log", "-1", f"--format={_FORMAT}", ref).split("\0", 3))

    def _take(self, *words: str) -> None:
        ended = self._engine.try_to("bisect", *words)
        if ended.status not in (_CONTINUES, _ONLY_SKIPPED_LEFT):
            said = (ended.output + ended.complaint).strip()
            raise GateError(f"git can't bisect here; `git bisect {' '.join(words)}` says: {said}")
        self._goes_on = ended.status == _CONTINUES
