"""What a project offers to install besides itself, wherever it says so: extras, groups and requirements files.

PEP 621 and 735 have tables for it. Poetry, PDM, Hatch, Flit, uv and setuptools had their own before, and keep them.
"""

from __future__ import annotations

import ast
import configparser
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from dependency_groups import resolve
from packaging.utils import canonicalize_name

from timetrial.errors import GateError
from timetrial.gate.sides.poetry import pep508_of

_FILES: Final = (
    "requirements.txt",
    *(f"{folder}{name}.txt" for folder in ("", "requirements/") for name in ("{}-requirements", "{}_requirements")),
    *("requirements-{}.txt", "requirements_{}.txt", "requirements.{}.txt", "requirements/{}.txt"),
)


@dataclass(frozen=True)
class Offers:
    """By the names that the project gives them.

    ``extras``: each with its requirements, as far as they can be read without running anything. ``groups``: those of
    PEP 735, which installers know by name. ``lists``: groups of a tool's own table, by their requirements. ``files``:
    requirements files, by what they are for; "" is the plain one.
    """

    extras: dict[str, list[str]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[Path]] = field(default_factory=dict)

    def names(self) -> set[str]:
        """All of them, as packaging compares names."""
        return {canonicalize_name(name) for name in (*self.extras, *self.groups, *self.lists, *self.files) if name}


def offers_of(root: Path, content: Mapping[str, Any], purposes: tuple[str, ...]) -> Offers:
    """What the project in ``root`` offers; ``content`` is its pyproject.toml, ``purposes`` the usual names of files."""
    tools = _table(content, "tool")
    extras: dict[str, list[str]] = {}
    for found in (
        _table(content, "project", "optional-dependencies"),
        _table(tools, "flit", "metadata", "requires-extra"),
        _poetry_extras(_table(tools, "poetry")),
        _setup_cfg_extras(root),
        _setup_py_extras(root),
    ):
        extras.update({name: _texts(lines) for name, lines in found.items() if name not in extras})
    groups = _table(content, "dependency-groups")
    return Offers(
        extras, {name: _group(groups, name, root) for name in groups}, _lists(root, tools), _files(root, purposes)
    )


def group_lines(groups: Mapping[str, Any], names: Iterator[str] | tuple[str, ...], root: Path) -> list[str]:
    """The requirements of these dependency groups and of those that they include (PEP 735), each once."""
    try:
        return list(dict.fromkeys(resolve(dict(groups), *names)))
    except (ValueError, TypeError, LookupError) as error:
        raise GateError(f"{root / 'pyproject.toml'}: {error}; mend its [dependency-groups]") from error


def _group(groups: Mapping[str, Any], name: str, root: Path) -> list[str]:
    try:
        return group_lines(groups, (name,), root)
    except GateError:  # who wants this one is told
        return []


def _lists(root: Path, tools: Mapping[str, Any]) -> dict[str, list[str]]:
    """Groups that only the tool itself can install, as requirements that every installer knows."""
    found: dict[str, list[str]] = {}
    poetry = _table(tools, "poetry")
    for name, group in _table(poetry, "group").items():
        _add(found, name, pep508_of(_table(group, "dependencies"), root))
    _add(found, "dev", pep508_of(_table(poetry, "dev-dependencies"), root))
    for name, lines in _table(tools, "pdm", "dev-dependencies").items():
        _add(found, name, [line for line in _texts(lines) if not line.startswith("-")])
    _add(found, "dev", _texts(_table(tools, "uv").get("dev-dependencies")))
    for name, environment in _table(tools, "hatch", "envs").items():
        lines = [*_texts(_of(environment, "dependencies")), *_texts(_of(environment, "extra-dependencies"))]
        _add(found, _HATCH.get(name, name), lines)
    _add(found, "test", _setup_cfg_list(root, "tests_require"))
    return found


_HATCH: Final = {"default": "dev", "hatch-test": "test"}


def _add(found: dict[str, list[str]], name: str, lines: list[str]) -> None:
    if lines:
        found.setdefault(name, []).extend(lines)


def _files(root: Path, purposes: tuple[str, ...]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    if (root / "requirements.txt").is_file():
        found[""] = [root / "requirements.txt"]
    for purpose in purposes:
        for pattern in _FILES[1:]:
            path = root / pattern.format(purpose)
            if path.is_file():
                found.setdefault(purpose, []).append(path)
    return found


def _poetry_extras(poetry: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: _texts(lines) for name, lines in _table(poetry, "extras").items()}


def _setup_cfg(root: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    with suppress(configparser.Error, ValueError):  # setuptools is about to say what is wrong with it
        parser.read(root / "setup.cfg", encoding="utf-8")
    return parser


def _setup_cfg_extras(root: Path) -> dict[str, list[str]]:
    parser = _setup_cfg(root)
    section = "options.extras_require"
    if not parser.has_section(section):
        return {}
    return {name: _lines_of(text) for name, text in parser.items(section)}


def _setup_cfg_list(root: Path, name: str) -> list[str]:
    return _lines_of(_setup_cfg(root).get("options", name, fallback=""))


def name_in_setup_cfg(root: Path) -> str | None:
    """The project's name, where setup.cfg has it."""
    return _setup_cfg(root).get("metadata", "name", fallback="").strip() or None


def _lines_of(text: str) -> list[str]:
    lines = (line.strip() for line in text.replace(";;", "\n").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _setup_py_extras(root: Path) -> dict[str, list[str]]:
    """The extras of setup.py, where they can be read without running it."""
    try:
        tree = ast.parse((root / "setup.py").read_bytes())
    except (OSError, ValueError, SyntaxError):
        return {}
    names = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "extras_require":
            value = names.get(node.value.id) if isinstance(node.value, ast.Name) else node.value
            return _literal_extras(value, names)
    return {}


def _literal_extras(value: ast.expr | None, names: Mapping[str, ast.expr]) -> dict[str, list[str]]:
    if not isinstance(value, ast.Dict):
        return {}
    found = {}
    for key, lines in zip(value.keys, value.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found[key.value] = _literal_lines(names.get(lines.id, lines) if isinstance(lines, ast.Name) else lines)
    return found


def _literal_lines(value: ast.expr) -> list[str]:
    try:
        return _texts(ast.literal_eval(value))
    except ValueError:  # it is computed; the name is enough
        return []


def _table(content: Any, *keys: str) -> Mapping[str, Any]:
    """A table within others; an empty one where there is none, or something else."""
    for key in keys:
        content = content.get(key, {}) if isinstance(content, Mapping) else {}
    return content if isinstance(content, Mapping) else {}


def _of(content: Any, key: str) -> Any:
    return content.get(key) if isinstance(content, Mapping) else None


def _texts(lines: Any) -> list[str]:
    if isinstance(lines, str):
        return [lines]
    return [line for line in lines if isinstance(line, str)] if isinstance(lines, list | tuple | set) else []
