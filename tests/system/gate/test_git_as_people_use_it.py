"""Names that are no text, submodules that moved, were removed, are nested, shallow or new: each side has its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system.gate.projects import Project, linked_policy, new_project
from timetrial.errors import GateError
from timetrial.gate.sides.make import sides_of_ref
from timetrial.gate.sides.side import Side


@contextmanager
def both(project: Project, ref: str, said: list[str] | None = None) -> Iterator[tuple[Side, Side]]:
    """The two sides of a gate against ``ref``."""
    lines: list[str] = [] if said is None else said
    with sides_of_ref(project.top, ref, linked_policy(project.top.parent), lines.append) as sides:
        yield sides


NAMES = [
    "plain.dat",
    "with space.dat",
    " leading and trailing ",
    "café.dat",
    "файл.dat",
    "quo'te\"s.dat",
    "-dash.dat",
    "new\nline.dat",
    "tab\tand\rreturn.dat",
    "line\u2028separator.dat",
    "back\\slash.dat",
    "#hash!*?[a].dat",
    os.fsdecode(b"latin\xe9.dat"),
    os.fsdecode(b"\xff\xfe"),
]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="it has names of text alone")
def test_a_file_of_any_name_is_what_it_is_on_each_side(tmp_path: Path) -> None:
    """Changed, new, deleted, renamed: no path is dropped in silence."""
    project = new_project(tmp_path / "project")
    for folder in ("changed", "deleted", "renamed", "assumed"):
        (project.top / folder).mkdir()
        for name in NAMES:
            (project.top / folder / name).write_text("old")
    project.commit("Files of all names")
    project.git("update-index", "--assume-unchanged", "assumed/plain.dat")
    (project.top / "assumed" / "plain.dat").write_text("new")
    (project.top / "new").mkdir()
    for name in NAMES:
        (project.top / "changed" / name).write_text("new")
        (project.top / "new" / name).write_text("new")
        (project.top / "deleted" / name).unlink()
        (project.top / "renamed" / name).rename(project.top / "renamed" / (name + "x"))
    with both(project, "HEAD") as (base, candidate):
        for name in NAMES:
            assert [(side.root / "changed" / name).read_text() for side in (base, candidate)] == ["old", "new"]
            assert [(side.root / "deleted" / name).exists() for side in (base, candidate)] == [True, False]
            assert [(side.root / "new" / name).exists() for side in (base, candidate)] == [False, True]
            assert [(side.root / "renamed" / name).exists() for side in (base, candidate)] == [True, False]
            assert (candidate.root / "renamed" / (name + "x")).read_text() == "old"
        assert (candidate.root / "assumed" / "plain.dat").read_text() == "new"


def _with_submodule(tmp_path: Path, path: str = "extern/lib") -> tuple[Project, Project]:
    library, project = new_project(tmp_path / "library"), new_project(tmp_path / "project")
    project.git("submodule", "--quiet", "add", str(library.top), path)
    project.commit("With a submodule")
    return library, project


def _is_there(side: Side, path: str) -> bool:
    return (side.root / path / "src" / "spin" / "__init__.py").is_file()


def test_a_submodule_that_was_moved_is_at_its_old_place_on_the_base(tmp_path: Path) -> None:
    """Git keeps it by its name."""
    _, project = _with_submodule(tmp_path)
    (project.top / "third").mkdir()
    project.git("mv", "extern/lib", "third/party")
    with both(project, "HEAD") as (base, candidate):
        assert (_is_there(base, "extern/lib"), _is_there(base, "third/party")) == (True, False)
        assert (_is_there(candidate, "extern/lib"), _is_there(candidate, "third/party")) == (False, True)


def test_a_submodule_that_was_removed_is_there_on_the_base(tmp_path: Path) -> None:
    """Its commits are still kept."""
    _, project = _with_submodule(tmp_path)
    project.git("rm", "--quiet", "extern/lib")
    project.commit("Without it")
    with both(project, "HEAD~1") as (base, candidate):
        assert (_is_there(base, "extern/lib"), _is_there(candidate, "extern/lib")) == (True, False)


def test_a_submodule_that_is_not_committed_yet_is_on_the_candidate(tmp_path: Path) -> None:
    """As a new file would be."""
    library, project = new_project(tmp_path / "library"), new_project(tmp_path / "project")
    project.git("submodule", "--quiet", "add", str(library.top), "lib")
    with both(project, "HEAD") as (base, candidate):
        assert (_is_there(base, "lib"), _is_there(candidate, "lib")) == (False, True)


def test_a_folder_and_a_submodule_may_take_each_others_place(tmp_path: Path) -> None:
    """Each side has its own kind, also before that is committed."""
    library, project = _with_submodule(tmp_path, "was")
    for name in ("lib/one.py", "lib/src/spin/two.py"):
        project.write(name, "")
    project.commit("A folder and a submodule")
    project.git("rm", "-r", "--quiet", "lib", "was")
    project.git("submodule", "--quiet", "add", str(library.top), "lib")
    project.write("was/one.py", "")
    for ref in ("HEAD", "HEAD~1"):
        with both(project, ref) as (base, candidate):
            assert (_is_there(base, "was"), _is_there(candidate, "lib")) == (True, True)
            assert [(side.root / "lib" / "one.py").exists() for side in (base, candidate)] == [True, False]
            assert not (candidate.root / "lib" / "src" / "spin" / "two.py").exists()
            assert [(side.root / "was" / "one.py").exists() for side in (base, candidate)] == [False, True]
        project.commit("Swapped")


def test_a_sparse_checkout_is_sparse_on_both_sides(tmp_path: Path) -> None:
    """What lies outside of it in the checkout all the same is on both, as each has it."""
    project = new_project(tmp_path / "project")
    for name in ("away/as_it_was", "away/edited", "away/not_here"):
        project.write(name, "old")
    project.commit("Files")
    project.git("sparse-checkout", "set", "--cone", "src", "tests")
    project.write("away/as_it_was", "old")
    project.write("away/edited", "new")
    said: list[str] = []
    with both(project, "HEAD", said) as (base, candidate):
        for side, edited in ((base, "old"), (candidate, "new")):
            assert (side.root / "away" / "as_it_was").read_text() == "old"
            assert (side.root / "away" / "edited").read_text() == edited
            assert not (side.root / "away" / "not_here").exists()
    assert sum("this checkout is sparse" in line for line in said) == 2


def test_submodules_within_submodules_come_along(tmp_path: Path) -> None:
    """After the outer one was moved, too."""
    inner, library = new_project(tmp_path / "inner"), new_project(tmp_path / "library")
    library.git("submodule", "--quiet", "add", str(inner.top), "inner")
    library.commit("With one of its own")
    project = new_project(tmp_path / "project")
    project.git("submodule", "--quiet", "add", str(library.top), "lib")
    project.git("submodule", "--quiet", "update", "--init", "--recursive")
    project.commit("With a submodule")
    project.git("mv", "lib", "moved")
    project.commit("Moved")
    with both(project, "HEAD~1") as (base, candidate):
        assert _is_there(base, "lib/inner")
        assert _is_there(candidate, "moved/inner")


def _refusal(project: Project, ref: str) -> str:
    with pytest.raises(GateError) as caught, both(project, ref):
        pass
    return str(caught.value)


def test_a_shallow_submodule_is_refused_with_the_command_that_cures_it(tmp_path: Path) -> None:
    """As CI systems clone it; typed as it is said, it works."""
    library, project = _with_submodule(tmp_path)
    before = library.commit("More")
    inside = Project(project.top / "extern" / "lib")
    inside.git("pull", "--quiet", "origin", "main")
    project.commit("Newer")
    library.commit("Still more")
    inside.git("pull", "--quiet", "origin", "main")
    project.commit("Newest")
    clone = Project(tmp_path / "clone")
    clone.top.mkdir()
    clone.git("clone", "--quiet", project.top.as_uri(), ".")
    clone.git("config", "submodule.extern/lib.url", library.top.as_uri())
    clone.git("submodule", "--quiet", "update", "--init", "--depth", "1")
    said = _refusal(clone, "HEAD~1")
    assert before[:12] in said
    assert "git -C " in said
    assert "extern/lib fetch --unshallow" in said
    Project(clone.top / "extern" / "lib").git("fetch", "--quiet", "--unshallow")
    with both(clone, "HEAD~1") as (base, _):
        assert _is_there(base, "extern/lib")


def test_a_submodule_from_another_url_on_the_base_is_refused_with_that_url(tmp_path: Path) -> None:
    """The commits of the other repository are not among those of this one."""
    library, project = _with_submodule(tmp_path)
    elsewhere, commit = tmp_path / "elsewhere", "1" * 40
    project.git("config", "--file", ".gitmodules", "submodule.extern/lib.url", str(elsewhere))
    project.git("update-index", "--cacheinfo", f"160000,{commit},extern/lib")
    project.git("add", ".gitmodules")
    project.git("commit", "--quiet", "-m", "From elsewhere")
    project.git("config", "--file", ".gitmodules", "submodule.extern/lib.url", str(library.top))
    project.git("add", "--all")
    project.git("commit", "--quiet", "-m", "Back again")
    assert f"fetch {elsewhere} {commit}" in _refusal(project, "HEAD~1")


def test_a_base_whose_pyproject_is_broken_is_refused_by_name(tmp_path: Path) -> None:
    """Its requirements can't be known."""
    project = new_project(tmp_path / "project")
    project.write("pyproject.toml", "[project\n")
    project.commit("Broken")
    project.write("pyproject.toml", '[project]\nname = "spin"\nversion = "1"\n')
    said: list[str] = []
    with (
        pytest.raises(GateError, match=r"(?s)can't read .*pyproject\.toml.*another base"),
        sides_of_ref(project.top, "HEAD", linked_policy(tmp_path), said.append),
    ):
        pass
