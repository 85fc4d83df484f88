"""Whose policy a gate follows: the base's, since a pull request must not choose the rule that it is judged by."""

from __future__ import annotations

import json
import os
import posixpath
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

from timetrial.errors import GateError
from timetrial.gate.policy import GatePolicy, policy_from, policy_in, read_policy
from timetrial.gate.sides.git import Repository, commit_of, repository_of
from timetrial.system.credentials import without_secrets

CANDIDATE: Final = "candidate"
_EACH_SIDE_HAS_ITS_OWN: Final = ("extras", "groups", "requirements")
_LINK: Final = "120000"
_MOST_LINKS: Final = 5


@dataclass(frozen=True)
class ChosenPolicy:
    """The policy that counts, whose it is in words, and a line for each setting in which the candidate's differs."""

    policy: GatePolicy
    whose: str = ""
    differs: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """What a reader of the verdicts has to know; nothing where there is one policy."""
        if not self.differs:
            return []
        return [f"policy: {self.whose} counts, and the candidate's differs from it in", *self.differs]

    def within(self, budget_s: float | None) -> ChosenPolicy:
        """The same with the budget that the command line says, if it does."""
        return self if budget_s is None else replace(self, policy=replace(self.policy, budget_s=budget_s))


def choose_policy(root: Path, base: str | None, named: str | None) -> ChosenPolicy:
    """By default that of ``base``, a git revision; the working tree's, where there is none to compare with.

    ``named`` is what the command line says: "candidate", for the working tree's, or the path of a TOML file. Raises
    GateError for a policy that can't be read or meant.
    """
    if named is not None and named != CANDIDATE:
        return _against(policy_in(Path(named)), f"that of {named}", root)
    if base is None:
        return ChosenPolicy(read_policy(root), "the project's")
    if named == CANDIDATE:
        return _of_candidate(root, base)
    return _against(_policy_at(root, base), f"the base's ({base})", root)


def _against(policy: GatePolicy, whose: str, root: Path) -> ChosenPolicy:
    try:
        differs = _differences(policy, read_policy(root))
    except GateError as error:
        differs = (f"  all: {error}",)
    return ChosenPolicy(policy, whose, differs)


def _of_candidate(root: Path, base: str) -> ChosenPolicy:
    """The candidate's own, set against the base's, which may be broken or unknown here."""
    policy = read_policy(root)
    try:
        differs = _differences(_policy_at(root, base), policy)
    except GateError as error:
        differs = (f"  all, as far as can be told: {error}",)
    lines = tuple(f"{line} (which counts)" for line in differs)
    return ChosenPolicy(policy, "the candidate's, as --policy candidate says,", lines)


def _differences(counts: GatePolicy, candidate: GatePolicy) -> tuple[str, ...]:
    pairs = ((each.name, getattr(counts, each.name), getattr(candidate, each.name)) for each in fields(GatePolicy))
    return tuple(
        without_secrets(f"  {name}: {_toml(one)} here, {_toml(other)} in the candidate's")
        for name, one, other in pairs
        if one != other and name not in _EACH_SIDE_HAS_ITS_OWN
    )


def _toml(value: object) -> str:
    """As it stands in pyproject.toml."""
    if value is None:
        return "not set"
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _policy_at(root: Path, ref: str) -> GatePolicy:
    """The policy of a commit, for the same folder; raises GateError that says how to go on without it."""
    repository = repository_of(root)
    commit = commit_of(repository, ref)
    here = root.resolve().relative_to(repository.top.resolve())
    for folder in (here, *here.parents):
        path = (folder / "pyproject.toml").as_posix()
        content = _file_at(repository, commit, path)
        if content is not None:
            return _policy_in_base(content, f"{path} of {ref}")
    return read_policy(repository.top.parent)  # as for the working tree: above the repository both sides have the same


def _policy_in_base(content: str, where: str) -> GatePolicy:
    try:
        return policy_from(os.fsencode(content), where)
    except GateError as error:
        raise GateError(
            f"{error}\nThe base's policy counts, and this one can't be used; --policy candidate takes that of the "
            f"working tree, --policy FILE that of a file"
        ) from error


def _file_at(repository: Repository, commit: str, path: str) -> str | None:
    """The content of a file in a commit, behind links too; None where there is none."""
    for _ in range(_MOST_LINKS):
        entry = repository.ask("ls-tree", "-z", commit, "--", f":(top,literal){path}")
        mode, _, kind_and_more = entry.partition(" ")
        if not kind_and_more.startswith("blob"):
            return None
        content = repository.ask("show", f"{commit}:{path}")
        if mode != _LINK:
            return content
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), content))
    return None
