"""A commit and the working tree become two sides that are alike, and nothing of the user's is touched."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.system.gate.projects import Project, linked_policy, new_project
from timetrial.gate.sides import environments
from timetrial.gate.sides.make import Side, sides_of_ref


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose second commit is checked out; the base in most tests is the first."""
    project = new_project(tmp_path / "project")
    project.git("tag", "first")
    project.commit("The second", __init__="def spin():\n    return 2\n", extra="")
    return project


@pytest.fixture(autouse=True)
def no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """The install command of these tests needs none, and putting it in takes five seconds a side."""
    monkeypatch.setattr(environments.Installer, "needs_pip", False)


@contextmanager
def both_sides(
    project: Project, ref: str = "first", folder: str = ".", said: list[str] | None = None
) -> Generator[tuple[Side, Side]]:
    """The sides of a project, installed without a network."""
    policy = linked_policy(project.top.parent)
    said = [] if said is None else said
    with sides_of_ref(project.top / folder, ref, policy, said.append) as sides:
        yield sides


def run_in(side: Side, code: str) -> str:
    """What a line of Python prints on a side."""
    command = [str(side.python), "-c", code]
    ended = subprocess.run(command, cwd=side.root, env=side.variables(), capture_output=True, text=True, check=True)
    return ended.stdout.strip()


def everything_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, git's own too, but for what git logs of worktrees."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_side_runs_its_own_code(project: Project) -> None:
    """The base that of the commit, the candidate that of the files as they are: changed, new and deleted."""
    project.write("src/spin/__init__.py", "def spin():\n    return 3\n")
    project.write("src/spin/new.py", "")
    (project.top / "src/spin/extra.py").unlink()
    with both_sides(project) as (base, candidate):
        assert [run_in(side, "import spin; print(spin.spin())") for side in (base, candidate)] == ["1", "3"]
        files = [sorted(path.name for path in (side.root / "src/spin").glob("*.py")) for side in (base, candidate)]
        assert files == [["__init__.py"], ["__init__.py", "new.py"]]


def test_what_is_staged_and_what_is_not_are_both_taken(project: Project) -> None:
    """A file that became a folder, a folder that became a file, a staged new file, and a link."""
    project.commit("More", apart="")
    project.write("docs/a.txt", "a")
    project.write("data", "1")
    project.commit("Docs and data")
    (project.top / "docs/a.txt").unlink()
    (project.top / "docs").rmdir()
    project.write("docs", "a file now")
    (project.top / "data").unlink()
    project.write("data/1.txt", "a folder now")
    project.write("staged.txt", "staged")
    project.git("add", "staged.txt")
    (project.top / "link").symlink_to("staged.txt")
    with both_sides(project) as (_, candidate):
        read = [(candidate.root / name).read_text() for name in ("docs", "data/1.txt", "staged.txt", "link")]
        assert read == ["a file now", "a folder now", "staged", "staged"]
        assert (candidate.root / "link").is_symlink()


def test_the_checkout_and_the_index_stay_as_they_are(project: Project) -> None:
    """While the sides stand and after: not a byte of it changes, the index's timestamps included."""
    project.write("src/spin/__init__.py", "def spin():\n    return 3\n")
    project.write("staged.txt", "")
    project.git("add", "staged.txt")
    project.write("ignored/data", "")
    before = everything_in(project.top)
    with both_sides(project):
        during = everything_in(project.top)
        assert {name: during[name] for name in before} == before
        assert all(name.startswith(".git/worktrees/") for name in during.keys() - before.keys())
    assert everything_in(project.top) == before


def test_nothing_is_left_afterwards(project: Project) -> None:
    """Not after an error either."""
    folders = []
    with suppress(ZeroDivisionError), both_sides(project) as sides:
        folders += [side.root.parents[1] for side in sides]
        assert len(project.worktrees()) == 2
        raise ZeroDivisionError
    assert project.worktrees() == []
    assert [folder.exists() for folder in folders] == [False, False]


def test_the_two_sides_are_alike_but_for_their_code(project: Project) -> None:
    """Paths of one length, the folder's name kept, one Python, bytecode at hand on both."""
    with both_sides(project) as (base, candidate):
        assert len(str(base.root)) == len(str(candidate.root))
        assert base.root.name == candidate.root.name == project.top.name
        assert len(str(base.python)) == len(str(candidate.python))
        versions = {run_in(side, "import sys; print(sys.version, sys._base_executable)") for side in (base, candidate)}
        assert len(versions) == 1
        assert all(list((side.root / "src/spin/__pycache__").glob("*.pyc")) for side in (base, candidate))


def test_a_revision_says_whether_files_differ_from_it(project: Project) -> None:
    """Full commits; the candidate's is marked once anything is uncommitted."""
    first, second = project.git("rev-parse", "first"), project.git("rev-parse", "HEAD")
    with both_sides(project) as (base, candidate):
        assert (base.revision, candidate.revision) == (first, second)
    project.write("new.txt", "")
    with both_sides(project) as (_, candidate):
        assert candidate.revision == f"{second}+dirty"


def test_a_project_in_a_folder_of_its_repository_has_the_rest_beside_it(tmp_path: Path) -> None:
    """In a monorepo the sides' root is that folder, and its neighbours are where they were."""
    project = new_project(tmp_path / "mono")
    project.write("shared/data.txt", "1")
    project.git("mv", "-k", "src", "tests", "pyproject.toml", "shared")
    project.commit("Into a folder")
    with both_sides(project, "HEAD", "shared/tests") as (base, candidate):
        for side in (base, candidate):
            assert side.root.name == "tests"
            assert (side.root.parent / "data.txt").read_text() == "1"
            assert run_in(side, "import spin; print(spin.spin())") == "1"


def test_submodules_come_along_at_the_commits_that_each_side_names(tmp_path: Path) -> None:
    """The base's at the commit that the base records, the candidate's as it stands in the checkout; no fetching."""
    library = new_project(tmp_path / "library")
    project = new_project(tmp_path / "project")
    project.git("submodule", "--quiet", "add", str(library.top), "vendor/library")
    project.commit("With a submodule")
    project.git("tag", "first", "--force")
    inner = Project(project.top / "vendor/library")
    inner.commit("Newer", __init__="def spin():\n    return 2\n")
    project.commit("A newer submodule")
    inner.write("src/spin/__init__.py", "def spin():\n    return 3\n")
    library.git("branch", "--move", "elsewhere")
    with both_sides(project) as (base, candidate):
        file = "vendor/library/src/spin/__init__.py"
        assert [(side.root / file).read_text()[-2] for side in (base, candidate)] == ["1", "3"]
        assert str(candidate.revision).endswith("+dirty")
    assert inner.worktrees() == project.worktrees() == []


def test_a_submodule_that_was_never_fetched_is_empty_and_named(tmp_path: Path) -> None:
    """It is empty in the checkout too; the user is told how to get it."""
    library = new_project(tmp_path / "library")
    project = new_project(tmp_path / "project")
    project.git("submodule", "--quiet", "add", str(library.top), "vendor")
    project.commit("With a submodule")
    project.git("submodule", "--quiet", "deinit", "--force", "vendor")
    said: list[str] = []
    with both_sides(project, "HEAD", said=said) as (base, _):
        assert list((base.root / "vendor").iterdir()) == []
    assert any("git submodule update --init" in line for line in said)


def test_a_variable_that_leads_into_the_checkout_leads_to_each_side(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With PYTHONPATH pointing at the working tree, both sides would run the candidate's code."""
    monkeypatch.setenv("PYTHONPATH", f"{project.top / 'src'}:/elsewhere:relative")
    with both_sides(project) as (base, _):
        assert base.variables()["PYTHONPATH"] == f"{base.root / 'src'}:/elsewhere:relative"
        assert run_in(base, "import spin; print(spin.spin())") == "1"


def test_a_gate_in_a_git_hook_looks_at_the_right_repository(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git gives its hooks variables that would turn every other git call to the hook's index and folder."""
    monkeypatch.setenv("GIT_INDEX_FILE", str(project.top / "no-such-index"))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    with both_sides(project) as (base, candidate):
        assert [run_in(side, "import spin; print(spin.spin())") for side in (base, candidate)] == ["1", "2"]
        assert "GIT_DIR" not in base.variables()


def test_no_hook_of_the_user_s_runs(project: Project) -> None:
    """A worktree is a checkout, and checkouts run hooks."""
    hook = project.top / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {project.top}/hooked\n")
    hook.chmod(0o755)
    with both_sides(project):
        pass
    assert not (project.top / "hooked").exists()


def test_a_base_with_three_dots_is_where_head_branched_off(project: Project) -> None:
    """As in ``git diff main...``; without the dots, what the base has gained counts against the candidate: told."""
    project.git("switch", "--quiet", "--create", "topic", "first")
    project.commit("On the branch", own="")
    said: list[str] = []
    with both_sides(project, "main", said=said) as (base, _):
        assert base.revision == project.git("rev-parse", "main")
    assert any("1 commit(s) that HEAD has not" in line for line in said)
    with both_sides(project, "main...") as (base, _):
        assert base.revision == project.git("rev-parse", "first")


def test_comparing_a_commit_with_itself_is_said(project: Project) -> None:
    """A job that is set up wrongly passes for ever otherwise, and nobody notices."""
    said: list[str] = []
    with both_sides(project, "HEAD", said=said):
        pass
    assert any("both sides are the same commit" in line for line in said)
