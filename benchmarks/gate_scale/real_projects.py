"""Other people's projects, gated between two of their releases with the benchmarks that they ship, as they are.

Takes both releases' sdists from the package index, makes a git repository of them, and runs a gate with today's
benchmarks on both::

    python -m benchmarks.gate_scale.real_projects --budget 4m multidict cattrs

Without names, all of ``PROJECTS``. The repositories and raw pairs are left in ``--folder``.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_WHO: Final = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


@dataclass(frozen=True)
class RealProject:
    """Two releases of a project whose sdists have its benchmarks."""

    base: str
    candidate: str
    tests: tuple[str, ...]
    """The paths that the gate is given."""
    requirements: tuple[str, ...] = ()
    """Its files that say what the benchmarks need, where they have no usual name."""
    extras: tuple[str, ...] = ()
    """The extras that they need, likewise."""
    chosen: str = ""
    """As for ``-k``; empty for all."""


PROJECTS: Final[dict[str, RealProject]] = {
    "cattrs": RealProject("26.1.0", "26.2.1", ("bench",), extras=("msgspec", "orjson")),
    "lazy-object-proxy": RealProject("1.12.0", "1.13.0", ("tests/test_perf.py",)),
    "multidict": RealProject("7.1.0", "7.2.1", ("tests/test_multidict_benchmarks.py",), ("requirements/pytest.txt",)),
    "propcache": RealProject("0.5.3", "0.5.4", ("tests/test_benchmarks.py",), ("requirements/codspeed.txt",)),
    "pint": RealProject("0.25.3", "0.26.2", ("pint/testsuite/benchmarks",)),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the gates, one after the other, and prints what came of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PROJECTS)}")
    parser.add_argument("--budget", default="4m", help="of each gate (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("real_projects"), help="where all goes")
    options = parser.parse_args(argv)
    if unknown := set(options.names) - set(PROJECTS):
        parser.error(f"{min(unknown)} is none of {', '.join(PROJECTS)}")
    for name in options.names or PROJECTS:
        project = PROJECTS[name]
        root = options.folder.resolve() / name
        if not (root / ".git").exists():
            make_repository(name, project, root)
        print(f"== {name}, {project.base} against {project.candidate}", flush=True)
        began_s = time.monotonic()
        status = subprocess.run(gate_command(project, options.budget), cwd=root, check=False).returncode
        print(f"== {name}: exit {status} after {time.monotonic() - began_s:.0f} s", flush=True)


def make_repository(name: str, project: RealProject, root: Path) -> None:
    """A commit and a tag for each of the two releases."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    _git(root, "init", "--quiet", "--initial-branch=main")
    for version in (project.base, project.candidate):
        for old in root.iterdir():
            if old.name != ".git":
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        _unpack(sdist_of(name, version, root.parent / "sdists"), root)
        _git(root, "add", "--all", "--force")
        _git(root, "commit", "--quiet", "-m", f"{name} {version}")
        _git(root, "tag", version)


def sdist_of(name: str, version: str, folder: Path) -> Path:
    """The archive, downloaded if it isn't there yet."""
    pattern = f"{name.replace('-', '?')}-{version}.tar.gz"  # a dash is an underscore in newer archives' names
    if not list(folder.glob(pattern)):
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", name)
        subprocess.run([*pip, "--dest", str(folder), f"{name}=={version}"], check=True)
    (found,) = folder.glob(pattern)
    return found


def _unpack(archive: Path, root: Path) -> None:
    """Without the folder that everything in it lies in."""
    with tarfile.open(archive) as packed:
        packed.extractall(root, filter="data")
    (inside,) = (each for each in root.iterdir() if each.name != ".git")
    for each in list(inside.iterdir()):
        each.rename(root / each.name)
    inside.rmdir()


def _git(root: Path, *words: str) -> None:
    subprocess.run(["git", *_WHO, *words], cwd=root, check=True)


def gate_command(project: RealProject, budget: str) -> list[str]:
    """The candidate's benchmarks on both sides, as a maintainer would type it."""
    words = [sys.executable, "-m", "timetrial.cli", "gate", "--base", project.base, "--tests-from", "candidate"]
    more = [word for file in project.requirements for word in ("--requirements", file)]
    more += [word for extra in project.extras for word in ("--extra", extra)]
    chosen = ["-k", project.chosen] if project.chosen else []
    return [*words, "--budget", budget, *more, *chosen, *project.tests]


if __name__ == "__main__":
    main()
