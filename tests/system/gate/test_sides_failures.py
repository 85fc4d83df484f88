"""What can go wrong with the two sides is one clear error that names the fix, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.gate.projects import Project, linked_policy, new_project
from timetrial.errors import GateError
from timetrial.gate.policy import GatePolicy
from timetrial.gate.sides import environments
from timetrial.gate.sides.git import commit_of, repository_of
from timetrial.gate.sides.make import sides_of_pythons, sides_of_ref
from timetrial.gate.sides.side import check


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One commit, nothing else."""
    return new_project(tmp_path / "project")


@pytest.fixture(autouse=True)
def no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """The install command of these tests needs none, and putting it in takes five seconds a side."""
    monkeypatch.setattr(environments.Installer, "needs_pip", False)


def advised(project: Project, ref: str) -> tuple[str, ...]:
    """The command of git's that is to bring the ref, without the word git."""
    with pytest.raises(GateError, match=r"`git [^`]+`") as caught:
        commit_of(repository_of(project.top), ref)
    return tuple(str(caught.value).split("`")[1].split()[1:])


def refusal(root: Path, ref: str = "HEAD", *install: str) -> str:
    """What the attempt to make two sides ends with."""
    policy = GatePolicy(install=install) if install else linked_policy(root.parent)
    with pytest.raises(GateError) as caught, sides_of_ref(root, ref, policy, lambda _line: None):
        pass  # pragma: no cover - it never gets here
    return str(caught.value)


def test_a_folder_that_is_not_under_git_is_an_error(tmp_path: Path) -> None:
    """It names the folder, and the way without git."""
    said = refusal(tmp_path)
    assert str(tmp_path) in said
    assert "--base-python" in said


def test_a_missing_git_is_an_error(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do."""
    monkeypatch.setenv("PATH", "")
    assert "git is not on the PATH; install it" in refusal(project.top)


def test_a_repository_without_a_commit_is_an_error(tmp_path: Path) -> None:
    """There is nothing to compare with."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "new")], check=True)
    assert "git knows no commit 'HEAD'" in refusal(tmp_path / "new")


@pytest.mark.parametrize(
    ("ref", "advice"),
    [
        ("origin/topic", "fetch it first: `git fetch origin +refs/heads/topic:refs/remotes/origin/topic`"),
        ("far", "is it origin/far?"),
        ("mian", "is it main"),
        ("zzz", "`git branch --all` and `git tag` list what there is"),
        ("--help", "git knows no commit '--help'"),
        ("far...", "is it origin/far?"),
    ],
)
def test_a_ref_that_does_not_exist_is_an_error_with_advice(project: Project, ref: str, advice: str) -> None:
    """Fetch it, or one that is spelt much like it."""
    project.git("branch", "far")
    clone = Project(project.top.parent / "clone")
    project.git("clone", "--quiet", str(project.top), str(clone.top))
    assert advice in refusal(clone.top, ref)


def test_a_shallow_repository_is_an_error_that_says_how_to_deepen_it(project: Project) -> None:
    """For a shell and for GitHub Actions."""
    older = project.commit("Older")
    project.commit("Newer")
    clone = project.top.parent / "clone"
    project.git("clone", "--quiet", "--depth=1", f"file://{project.top}", str(clone))
    for ref in (older, "origin/other"):
        said = refusal(clone, ref)
        assert "git fetch --unshallow" in said
        assert "fetch-depth: 0" in said


def test_the_cure_for_a_clone_of_one_branch_without_history_works_as_it_is_typed(project: Project) -> None:
    """``git clone --depth 1`` takes a single branch, so that `git fetch origin main` would not make origin/main."""
    main = project.commit("On main")
    project.git("switch", "--quiet", "--create", "topic", "HEAD~1")
    project.commit("On topic")
    project.commit("On topic too")
    bare, clone = project.top.parent / "bare", Project(project.top.parent / "clone")
    project.git("clone", "--quiet", "--bare", str(project.top), str(bare))
    project.git("clone", "--quiet", "--depth=1", "--branch=topic", bare.as_uri(), str(clone.top))
    repository = repository_of(clone.top)
    words = "fetch", "origin", "+refs/heads/main:refs/remotes/origin/main"
    assert advised(clone, "origin/main...") == advised(clone, "origin/main") == (words[0], "--unshallow", *words[1:])
    clone.git(*advised(clone, "origin/main"))
    assert commit_of(repository, "origin/main") == main
    assert commit_of(repository, "origin/main...") == project.git("rev-parse", "main~1")
    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    assert advised(clone, "origin/main") == words
    clone.git(*advised(clone, "origin/main"))
    assert commit_of(repository, "origin/main") == main


def test_a_base_without_the_project_s_folder_is_an_error(project: Project) -> None:
    """It names the commit and the folder."""
    project.write("new/place.txt", "")
    first = project.git("rev-parse", "HEAD")
    project.commit("A new folder")
    assert f"the base ({first[:12]}) has no folder new" in refusal(project.top / "new", first)
    assert project.worktrees() == []


def test_a_failed_install_shows_the_command_its_last_lines_and_the_ways_out(project: Project) -> None:
    """And the worktrees are gone."""
    lines = "import sys; print('\\n'.join(map('line %d'.__mod__, range(40)))); sys.exit('no such wheel')"
    said = refusal(project.top, "HEAD", sys.executable, "-c", lines)
    assert f"the base ({project.git('rev-parse', 'HEAD')[:12]}) can't be installed; this ended with 1:" in said
    assert "line 39\n" in said
    assert "line 20\n" not in said
    assert "no such wheel" in said
    assert "`install` in [tool.timetrial.gate]" in said
    assert "--base-python" in said
    assert project.worktrees() == []


def test_an_install_command_that_is_not_there_is_an_error(project: Project) -> None:
    """Before anything ran."""
    assert "can't run 'no-such-tool' to install the base" in refusal(project.top, "HEAD", "no-such-tool")


def test_an_unknown_placeholder_is_an_error(project: Project) -> None:
    """It lists those that there are."""
    said = refusal(project.top, "HEAD", "{python}", "-m", "pip", "install", "{rot}")
    assert "'rot'" in said
    assert "{python}, {environment}, {root}, {timetrial}" in said


def test_an_install_of_the_checkout_itself_is_an_error(project: Project) -> None:
    """Both sides would run the candidate's code, and the gate would pass for ever."""
    install = linked_policy(project.top.parent).install
    assert install is not None
    said = refusal(project.top, "HEAD", *install[:-1], str(project.top))
    assert f"imports 'spin' from your checkout ({project.top / 'src' / 'spin'})" in said
    assert "install {root}" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this platform has no /dev/full")
def test_an_install_that_fills_the_disk_is_an_error_that_says_so(project: Project) -> None:
    """The install's own words, and where more room might be."""
    fill = "with open('/dev/full', 'w') as full: full.write('x')"
    said = refusal(project.top, "HEAD", sys.executable, "-c", fill)
    assert "The disk seems to be full: make room, or set the variable TMPDIR" in said


_ON_A_SMALL_DISK = """
import sys
from pathlib import Path
from timetrial.errors import GateError
from timetrial.gate.policy import GatePolicy
from timetrial.gate.sides.make import sides_of_ref
try:
    with sides_of_ref(Path(sys.argv[1]), "HEAD", GatePolicy(), print):
        pass
except GateError as error:
    sys.exit(str(error))
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="this platform has no unshare")
@pytest.mark.parametrize("committed", [True, False])
def test_a_full_disk_is_an_error_that_leaves_nothing(project: Project, committed: bool) -> None:
    """A real file system of 12 MB: git's checkout hits its end, or the copying of what isn't committed."""
    disk = project.top.parent / "disk"
    disk.mkdir()
    mounted = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=12m none {disk}"
    if subprocess.run([*mounted, mount], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    (project.top / "large").write_bytes(os.urandom(13_000_000))
    if committed:
        project.commit("Large")
    attempt = [sys.executable, "-c", _ON_A_SMALL_DISK, str(project.top)]
    ended = subprocess.run(
        [*mounted, f'{mount} && "$@"; echo status $? left $(ls {disk})', "sh", *attempt],
        env={**os.environ, "TMPDIR": str(disk)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("unable to write file" if committed else "No space left on device") in ended.stderr
    assert "make room, or set the variable TMPDIR to a folder with more of it" in ended.stderr
    assert ended.stdout.splitlines()[-1] == "status 1 left"
    assert project.worktrees() == []


def script(folder: Path, name: str, content: str) -> Path:
    """An executable file."""
    path = folder / name
    path.write_text(content)
    path.chmod(0o755)
    return path


def other_timetrial(folder: Path, gate: str | None) -> Path:
    """A Python whose timetrial is another version: without a gate, or with this one's __init__.py."""
    package = folder / "timetrial"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    about = folder / "timetrial-0.0.7.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: timetrial\nVersion: 0.0.7\n")
    if gate is not None:
        (package / "gate").mkdir()
        (package / "gate" / "__init__.py").write_text(gate)
    return script(folder, "python", f'#!/bin/sh\nPYTHONPATH={folder} exec {sys.executable} "$@"\n')


def bare_environment(folder: Path) -> Path:
    """A virtual environment with nothing in it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return environments.python_in(folder)


@pytest.mark.skipif(os.name != "posix", reason="writes shell scripts in place of Pythons")
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder / "no-such", ["there is no", "no-such; name the python inside an environment"]),
        (
            lambda folder: bare_environment(folder / "env").parents[1],
            ["can't be run", "did you mean", "env/bin/python"],
        ),
        (lambda folder: script(folder, "ls", "#!/bin/sh\nls /\n"), ["doesn't answer as a Python does"]),
        (lambda folder: script(folder, "repeat", '#!/bin/sh\necho "$@" | tr -d "\\n"\n'), ["):\n-c import json", " …"]),
        (
            lambda folder: script(folder, "old", '#!/bin/sh\necho \'{"release": [3, 9], "version": "3.9.1"}\'\n'),
            ["is Python 3.9.1; timetrial needs 3.11 or newer"],
        ),
        (
            lambda folder: bare_environment(folder / "env"),
            [
                "has no pytest and no pytest-benchmark and no timetrial",
                "-m pip install pytest pytest-benchmark timetrial",
            ],
        ),
        (lambda folder: other_timetrial(folder / "a", None), ["timetrial 0.0.7 with no lock-step yet"]),
        (lambda folder: other_timetrial(folder / "b", ""), ["timetrial 0.0.7 with no lock-step yet"]),
        (
            lambda folder: other_timetrial(folder / "c", "PROTOCOL = 99"),
            ["timetrial 0.0.7 with the lock-step protocol 99"],
        ),
        (lambda folder: other_timetrial(folder / "d", "import no_such"), ["can't be imported", "'no_such'"]),
    ],
)
@pytest.mark.parametrize("who", ["base", "candidate"])
def test_a_python_that_cannot_be_a_side_is_named_with_what_it_lacks(
    tmp_path: Path, make: Callable[[Path], Path], said: list[str], who: str
) -> None:
    """Whichever of the two it is."""
    python, well = make(tmp_path), Path(sys.executable)
    base, candidate = (python, well) if who == "base" else (well, python)
    with pytest.raises(GateError) as caught:
        sides_of_pythons(base, candidate, tmp_path)
    assert str(caught.value).startswith(f"the {who}: ")
    assert all(each in str(caught.value) for each in said), str(caught.value)


def test_two_pythons_that_have_everything_are_two_sides(project: Project) -> None:
    """Of the same files and revision, wherever the project is; a link to a Python stays that link."""
    base, candidate = sides_of_pythons(sys.executable, Path(sys.executable), project.top)
    assert base.python == candidate.python == Path(sys.executable)
    assert base.revision == candidate.revision == project.git("rev-parse", "HEAD")
    assert sides_of_pythons(sys.executable, sys.executable, project.top.parent)[0].revision is None


def installed_spin(folder: Path, version: str) -> Path:
    """A Python that has the project of these tests in some version."""
    about = folder / f"spin-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: spin\nVersion: {version}\n")
    (folder / "spin").mkdir()
    (folder / "spin" / "__init__.py").touch()
    return script(folder, "python", f'#!/bin/sh\nPYTHONPATH={folder} exec {sys.executable} "$@"\n')


@pytest.mark.skipif(os.name != "posix", reason="writes shell scripts in place of Pythons")
def test_two_versions_are_told_apart_although_the_same_sources_lie_here(tmp_path: Path, project: Project) -> None:
    """A package that lies in the folder itself hides no installed one: each side imports its own."""
    one, two = (installed_spin(tmp_path / version, version) for version in ("1", "2"))
    assert sides_of_pythons(one, two, project.top)[0].python == one
    project.git("mv", "src/spin", "spin")
    places = [check(side).modules["spin"] for side in sides_of_pythons(one, two, project.top)]
    assert len(set(places)) == 2
    assert all(places)
    assert sides_of_pythons(one, two, project.top / "tests")[0].root == project.top / "tests"
