"""What has to be installed to run a project's benchmarks, as its pyproject.toml tells it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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
    wanted = _wanted({*map(normal, offered), *map(normal, groups)})
    chosen = tuple(each for each in groups if normal(each) in wanted)
    return Requirements(
        project=_project_name(content, root),
        extras=tuple(each for each in offered if normal(each) in wanted),
        groups=chosen,
        grouped=tuple(dict.fromkeys(line for each in chosen for line in _lines(groups, each, root))),
        files=() if content.get("project") else tuple(root.glob("requirements.txt")),
    )


def normal(name: str) -> str:
    """A name as packaging compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


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
        return normal(name)
    return root.name if "build-system" in content or (root / "setup.py").is_file() else None


def _wanted(offered: set[str]) -> set[str]:
    return offered & {*_FOR_RUNS} or offered & {*_OTHERWISE}


def _lines(groups: dict[str, Any], name: str, root: Path, *, within: Iterable[str] = ()) -> Iterator[str]:
    """The requirements of a dependency group and of those that it includes (PEP 735)."""
    by_name = {normal(each): lines for each, lines in groups.items()}
    path = [*within, normal(name)]
    if path[-1] in path[:-1] or path[-1] not in by_name:
        raise GateError(f"{root / 'pyproject.toml'}: the dependency group {name!r} is missing, or includes itself")
    for line in by_name[path[-1]]:
        if isinstance(line, str):
            yield line
        else:
            yield from _lines(groups, line["include-group"], root, within=path)
