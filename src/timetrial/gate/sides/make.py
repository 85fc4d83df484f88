"""The two sides of a gate, made alike.

``sides_of_ref`` sets a commit against the working tree as it stands. Both are copied out into worktrees of one
temporary folder, under paths of equal length, and each gets a fresh environment from the same installer at the same
moment: neither has the advantage of another disk, an older resolution of its dependencies, or bytecode at hand. The
candidate is a copy too, so that editing may go on meanwhile and nothing is written into the user's checkout.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from timetrial.errors import GateError
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import SideName
from timetrial.gate.sides.environments import Installer, find_uv, make_environment, python_in
from timetrial.gate.sides.git import Repository, commit_of, head_of, repository_of
from timetrial.gate.sides.own_wheel import write_own_wheel
from timetrial.gate.sides.probe import Facts, differences
from timetrial.gate.sides.requirements import Wanted, requirements_of
from timetrial.gate.sides.scratch import Scratch, files_or_error, scratch
from timetrial.gate.sides.side import Side, check
from timetrial.gate.sides.tests_of import with_tests_of
from timetrial.gate.sides.worktrees import Checkouts

__all__ = ["FOLDERS", "Side", "SideMaker", "copies_of_ref", "sides_of_pythons", "sides_of_ref", "this_side"]

FOLDERS: Final = {SideName.BASE: "base", SideName.CANDIDATE: "cand"}
"""Where each side lies in a gate's folder: of equal length, so that paths are."""


@contextmanager
def sides_of_ref(
    root: Path,
    ref: str,
    policy: GatePolicy,
    say: Callable[[str], None],
    wanted: Wanted | None = None,
    tests: Sequence[str] | None = None,
) -> Iterator[tuple[Side, Side]]:
    """A commit as the base and the working tree as the candidate, each with a fresh environment; gone afterwards.

    ``root`` is the project's folder, ``ref`` what git knows the commit by; ``policy`` may say how to install. ``say``
    is told what happens, a line at a time. ``tests`` are the paths of tests that the base takes over from the
    candidate, if it is to. Raises GateError, which names the fix, where one of them can't be had.
    """
    with copies_of_ref(root, ref, policy, say, wanted, tests) as (maker, base, candidate):
        with files_or_error():
            maker.installed(base, candidate)
            for line in differences(check(base), check(candidate)):
                say(f"the sides differ in {line}")
        yield base, candidate


@contextmanager
def copies_of_ref(
    root: Path,
    ref: str,
    policy: GatePolicy,
    say: Callable[[str], None],
    wanted: Wanted | None = None,
    tests: Sequence[str] | None = None,
) -> Iterator[tuple[SideMaker, Side, Side]]:
    """The same without environments, to be installed here or elsewhere, and who made them."""
    repository = repository_of(root, ", or compare two environments with --base-python")
    commit = commit_of(repository, ref)
    _point_out(repository, commit, ref, say)
    with scratch(repository, say) as place:
        with files_or_error():
            maker = SideMaker.in_scratch(place, repository, root, policy, say, wanted)
            base, candidate = maker.of_commit(SideName.BASE, commit), maker.of_working_tree()
            if tests is not None:
                base = with_tests_of(candidate, base, tests)
            if base.revision == candidate.revision:
                say("both sides are the same commit: this gate can only raise false alarms")
        yield maker, base, candidate


def sides_of_pythons(base_python: Path | str, candidate_python: Path | str, root: Path) -> tuple[Side, Side]:
    """The same files, those in ``root``, under two Pythons that have what they need, each a path or a command.

    Raises GateError where one of them has not, or where the project's versions differ but both import one source.
    """
    base = Side(SideName.BASE, _python(base_python), root, _revision(root))
    candidate = replace(base, name=SideName.CANDIDATE, python=_python(candidate_python))
    _not_the_same_code(check(base), check(candidate), root)
    return base, candidate


def this_side(name: SideName) -> Side:
    """The Python and the folder that this runs in; twice the same, for measuring the gate itself."""
    return Side(name, Path(sys.executable), Path.cwd(), _revision(Path.cwd()))


@dataclass(frozen=True)
class SideMaker:
    """Makes sides of a project in a temporary folder: first the files of each, then their environments."""

    place: Scratch
    """The temporary folder."""
    repository: Repository
    """The user's own."""
    root: Path
    """The project in it."""
    installer: Installer
    """How both sides get what they run on."""
    say: Callable[[str], None]
    """Is told what happens, a line at a time."""

    @classmethod
    def in_scratch(
        cls,
        place: Scratch,
        repository: Repository,
        root: Path,
        policy: GatePolicy,
        say: Callable[[str], None],
        wanted: Wanted | None = None,
    ) -> SideMaker:
        """Decides how to install, once for all sides, and packs the running timetrial into ``place`` for them."""
        installer = Installer(find_uv(), policy.install, write_own_wheel(place.folder), wanted)
        return cls(place, repository, root, installer, say)

    def of_commit(self, name: SideName, commit: str) -> Side:
        """A side with the files of a commit, and no environment yet."""
        self.say(f"checking out {commit[:12]} as the {name}")
        target = self._target(name)
        Checkouts(self.place, self.say).of_commit(self.repository, commit, target)
        return self._side(name, commit, target)

    def of_working_tree(self) -> Side:
        """A candidate with the files of the working tree, and no environment yet."""
        self.say("copying the working tree as the candidate")
        target = self._target(SideName.CANDIDATE)
        revision = Checkouts(self.place, self.say).of_working_tree(self.repository, target)
        return self._side(SideName.CANDIDATE, revision, target)

    def installed(self, *sides: Side) -> tuple[Side, ...]:
        """The sides, each with its environment; made right after one another, so that they resolve alike."""
        for side in sides:
            assert side.environment is not None
            self.say(f"installing {side} {self.installer}")
            make_environment(self.installer, side.environment, side.project, str(side), side.variables())
        return sides

    def _target(self, name: SideName) -> Path:
        return self.place.folder / FOLDERS[name] / self.repository.top.name

    def _side(self, name: SideName, revision: str, target: Path) -> Side:
        folder = target / self.root.resolve().relative_to(self.repository.top.resolve())
        environment = target.parent / ".venv"
        side = Side(name, python_in(environment), folder, revision, environment, target, self.repository.top)
        if not folder.is_dir():
            raise GateError(f"{side} has no folder {folder.relative_to(target)}; take a commit that has it")
        return side


def _point_out(repository: Repository, commit: str, ref: str, say: Callable[[str], None]) -> None:
    """What a reader of the verdicts would want to have known."""
    head = head_of(repository)
    behind = repository.ask("rev-list", "--count", f"{head}..{commit}").strip()
    if behind != "0":
        say(
            f"{ref} has {behind} commit(s) that HEAD has not: what they changed counts against the candidate; "
            f"--base {ref}... compares with where HEAD branched off"
        )


def _not_the_same_code(base: Facts, candidate: Facts, root: Path) -> None:
    """Two installed versions of the project say nothing where its sources lie in the way of both."""
    name = requirements_of(root).project
    versions = [each.installed.get(name or "") for each in (base, candidate)]
    shadowed = [each for each, places in base.modules.items() if places and places == candidate.modules.get(each)]
    if versions[0] != versions[1] and shadowed:
        raise GateError(
            f"the environments hold {name} {versions[0]} and {versions[1]}, but in {root} both would import "
            f"{shadowed[0]!r} from {base.modules[shadowed[0]][0]}; run the gate in a folder without it, such as tests/"
        )


def _revision(root: Path) -> str | None:
    """The commit of a folder that may not be under git at all."""
    try:
        repository = repository_of(root)
        dirty = repository.ask("status", "--porcelain", "--untracked-files=normal")
        return head_of(repository) + ("+dirty" if dirty else "")
    except GateError:
        return None


def _python(given: Path | str) -> Path:
    """Not resolved any further: a virtual environment's Python is a link, and known by its place."""
    return Path(shutil.which(given) or given).absolute()
