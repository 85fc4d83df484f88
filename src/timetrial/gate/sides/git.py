"""Questions to git: which repository, which commit; every failure says what to type."""

from __future__ import annotations

import difflib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timetrial.errors import GateError, NoRoomError
from timetrial.system.command import Ended, run_to_end

# What git sets for its hooks; a gate in a pre-push hook would otherwise work on the wrong index or repository.
LOCAL_VARIABLES: Final = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)
# Nobody is asked for a password, no index is refreshed on the side, no hook of the user's runs, and words are English.
_QUIET: Final = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
_OPTIONS: Final = ("-c", f"core.hooksPath={os.devnull}", "-c", "advice.detachedHead=false")

# The system's words on Unix and Windows, and git's, which hides them while it writes a checkout.
_DISK_FULL: Final = ("No space left on device", "Disk quota exceeded", "not enough space", "unable to write file")


@dataclass(frozen=True)
class Repository:
    """A git repository, by the top folder of one of its worktrees, or by git's own folder for it."""

    top: Path

    def try_to(self, *words: str | Path) -> Ended:
        """Runs git; its failure is for the caller to judge."""
        return _git(self.top, *self._without_files(), *words)

    def _without_files(self) -> tuple[str, ...]:
        """For git's own folder of a submodule whose files are gone: git would look for them, and give up."""
        if (self.top / ".git").exists() or not (self.top / "objects").is_dir():
            return ()
        return (f"--git-dir={self.top}", f"--work-tree={self.top}")

    def ask(self, *words: str | Path) -> str:
        """What git answers; raises GateError with git's own words where it fails."""
        ended = self.try_to(*words)
        if ended.status != 0:
            said = ended.complaint.strip() or ended.output.strip() or "(it said nothing)"
            raise failure(f"`git {' '.join(map(str, words))}` failed in {self.top}: {said}", said)
        return ended.output.strip("\n")


def failure(text: str, said: str) -> GateError:
    """The error to raise for what a program or the system said: a NoRoomError with the cure where a disk is full."""
    if not any(each in said for each in _DISK_FULL):
        return GateError(text)
    cure = "make room, or set the variable TMPDIR to a folder with more of it"
    return NoRoomError(f"{text}\nThe disk seems to be full: {cure}")


def repository_of(folder: Path, otherwise: str = "") -> Repository:
    """The repository that a folder is in; raises GateError where there is none, or no git.

    ``otherwise`` is what else the asker could do, such as ", or …".
    """
    if shutil.which("git") is None:
        raise GateError(f"git is not on the PATH; install it{otherwise}")
    ended = _git(folder, "rev-parse", "--show-toplevel")
    if ended.status != 0:
        if "not a git repository" in ended.complaint:
            raise GateError(
                f"{folder} is not in a git repository, so there are no commits to compare; go to the project's "
                f"checkout{otherwise}"
            )
        raise GateError(f"git can't work in {folder}: {ended.complaint.strip()}")
    return Repository(Path(ended.output.rstrip("\n")))


def commit_of(repository: Repository, ref: str) -> str:
    """The full hash of a branch, tag or commit; ``REF...`` is the commit where HEAD branched off from REF.

    Raises GateError for a ref that git does not know.
    """
    if ref.endswith("..."):
        return _merge_base(repository, commit_of(repository, ref[:-3]), ref)
    if not ref.startswith("-"):
        ended = repository.try_to("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        if ended.status == 0:
            return ended.output.strip()
    raise GateError(f"git knows no commit {ref!r} in {repository.top}{_advice(repository, ref)}")


def head_of(repository: Repository) -> str:
    """The full hash of the commit that is checked out; raises GateError where there is none yet."""
    ended = repository.try_to("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if ended.status != 0:
        raise GateError(f"{repository.top} has no commit yet, so there is nothing to compare with; make one")
    return ended.output.strip()


def is_shallow(repository: Repository) -> bool:
    """Whether the older history was left out when it was cloned."""
    return repository.try_to("rev-parse", "--is-shallow-repository").output.strip() == "true"


def _merge_base(repository: Repository, commit: str, ref: str) -> str:
    ended = repository.try_to("merge-base", commit, head_of(repository))
    if ended.status == 0:
        return ended.output.strip()
    why = _unshallow() if is_shallow(repository) else f"; they share no history: give {ref[:-3]} without the dots"
    raise GateError(f"git finds no commit where HEAD branched off from {ref[:-3]!r}{why}")


def _advice(repository: Repository, ref: str) -> str:
    """The most likely reason, and its cure."""
    remotes = repository.try_to("remote").output.split()
    remote, _, branch = ref.partition("/")
    # With both ends spelt out: a clone of a single branch forgets what `git fetch REMOTE BRANCH` brings.
    what = f"{remote} +refs/heads/{branch}:refs/remotes/{remote}/{branch}" if remote in remotes and branch else ""
    if is_shallow(repository):
        return _unshallow(what)
    if what:
        return f"; fetch it first: `git fetch {what}`"
    known = repository.try_to("for-each-ref", "--format=%(refname:short)").output.split()
    alike = [each for each in known if each.endswith(f"/{ref}")] or difflib.get_close_matches(ref, known, 3)
    return f"; is it {' or '.join(alike)}?" if alike else "; `git branch --all` and `git tag` list what there is"


def _unshallow(what: str = "") -> str:
    fetch = f"git fetch --unshallow {what}".rstrip()
    return (
        f": the repository is shallow, its older history was not cloned; `{fetch}` gets it "
        f"(in GitHub Actions: fetch-depth: 0 for actions/checkout)"
    )


def _git(folder: Path, *words: str | Path) -> Ended:
    inherited = {name: value for name, value in os.environ.items() if name not in LOCAL_VARIABLES}
    try:
        return run_to_end(["git", *_OPTIONS, *words], cwd=folder, variables={**inherited, **_QUIET}, names_files=True)
    except OSError as error:
        raise failure(f"can't run git in {folder}: {error.strerror or error}", str(error)) from error
