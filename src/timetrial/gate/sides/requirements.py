"""What has to be installed to run a project's benchmarks, as its pyproject.toml tells it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dependency_groups import resolve
from packaging.utils import canonicalize_name

from timetrial.errors import GateError

# The names that projects give to the extras and dependency groups that a benchmark run needs.
_FOR_RUNS: Final = ("bench", "benchmark", "benchmarks", "perf", "performance", "test", "tests", "testing")
_OTHERWISE: Final = ("dev", "develop", "development")


@dataclass(frozen=True)
class Requirements:
    """What a project's folder offers: ``project`` is its name, None where there is nothing to install.

    ``groups`` are names of dependency groups, ``grouped`` what they hold, ``files`` requirement files.
    """

    project: str | None
    extras: tuple[str, ...] = ()
    """Names of extras, as pyproject.toml writes them."""
    groups: tuple[str, ...] = ()
    grouped: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def is_timetrial(self) -> bool:
        """Whether the project is timetrial itself, and so brings its own."""
        return self.project == "timetrial"


def requirements_of(root: Path) -> Requirements:
    """Reads pyproject.toml, or takes setup.py and requirements.txt; raises GateError for what can't be read."""
    content = _pyproject(root)
    offered = content.get("project", {}).get("optional-dependencies", {})
    groups = content.get("dependency-groups", {})
    wanted = _wanted({canonicalize_name(name) for name in (*offered, *groups)})
    chosen = tuple(name for name in groups if canonicalize_name(name) in wanted)
    return Requirements(
        project=_project_name(content, root),
        extras=tuple(name for name in offered if canonicalize_name(name) in wanted),
        groups=chosen,
        grouped=_lines(groups, chosen, root),
        files=() if content.get("project") else tuple(root.glob("requirements.txt")),
    )


def _pyproject(root: Path) -> dict[str, Any]:
    path = root / "pyproject.toml"
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GateError(f"can't read {path}: {error}") from error


def _project_name(content: dict[str, Any], root: Path) -> str | None:
    """A pyproject.toml that only configures tools describes no project."""
    name = content.get("project", {}).get("name")
    if name is not None:
        return canonicalize_name(name)
    return root.name if "build-system" in content or (root / "setup.py").is_file() else None


def _wanted(offered: Set[str]) -> Set[str]:
    return offered & {*_FOR_RUNS} or offered & {*_OTHERWISE}


def _lines(groups: Any, names: Iterable[str], root: Path) -> tuple[str, ...]:
    """The requirements of these dependency groups and of those that they include (PEP 735), each once."""
    try:
        return tuple(dict.fromkeys(resolve(groups, *names)))
    except (ValueError, TypeError, LookupError) as error:
        raise GateError(f"{root / 'pyproject.toml'}: {error}; mend its [dependency-groups]") from error
