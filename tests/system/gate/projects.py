"""Projects under git to be gated, and an install command that needs no network."""

from __future__ import annotations

import functools
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from timetrial.gate.policy import GatePolicy
from timetrial.gate.sides.environments import find_uv

PYPROJECT = '[project]\nname = "spin"\nversion = "1"\n'
BENCHMARK = "import spin\n\n\ndef test_spin(benchmark):\n    benchmark(spin.spin)\n"
# What an environment gets in these tests: the libraries of the running one, and the project's sources.
_INSTALL = """
import pathlib, sys, sysconfig
libraries, root = sys.argv[1:]
lines = f"import site; site.addsitedir({libraries!r})\\n{pathlib.Path(root, 'src')}\\n"
pathlib.Path(sysconfig.get_path("purelib"), "linked.pth").write_text(lines)
"""


@dataclass(frozen=True)
class Project:
    """A git repository with one package, ``src/spin``, and one benchmark."""

    top: Path

    def git(self, *words: str) -> str:
        """Runs git in it as somebody with a name."""
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "protocol.file.allow=always")
        ended = subprocess.run(["git", *who, *words], cwd=self.top, capture_output=True, text=True, check=True)
        return ended.stdout.strip()

    def write(self, name: str, content: str) -> None:
        """Writes a file, with the folders above it."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def commit(self, message: str, **files: str) -> str:
        """Commits everything, after writing ``spin=...`` and the like as modules of the package."""
        for name, content in files.items():
            self.write(f"src/spin/{name}.py", content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def worktrees(self) -> list[str]:
        """What git knows besides the checkout itself."""
        lines = self.git("worktree", "list", "--porcelain").splitlines()
        return [line.removeprefix("worktree ") for line in lines if line.startswith("worktree ")][1:]


def new_project(top: Path) -> Project:
    """With a first commit."""
    top.mkdir(parents=True)
    project = Project(top)
    project.git("init", "--quiet", "--initial-branch=main")
    project.write("pyproject.toml", PYPROJECT)
    project.write("tests/test_spin.py", BENCHMARK)
    project.write(".gitignore", "__pycache__/\nignored/\n")
    project.commit("The first", __init__="def spin():\n    return 1\n")
    return project


def linked_policy(folder: Path) -> GatePolicy:
    """Installs by linking what runs these tests, which takes no network and no time."""
    script = folder / "link.py"
    script.write_text(_INSTALL, encoding="utf-8")
    return GatePolicy(install=(*python_without_pip(), str(script), sysconfig.get_path("purelib"), "{root}"))


@functools.cache
def python_without_pip() -> tuple[str, ...]:
    """How an install command runs Python: through uv where there is one, since that needs no pip.

    Putting pip into an environment takes most of the time that a side takes.
    """
    return ("uv", "run", "--quiet", "--no-project", "--python", "{python}") if find_uv() else ("{python}",)
