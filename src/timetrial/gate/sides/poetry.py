"""Poetry's own way to write requirements, as every installer understands them (PEP 508)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version


def pep508_of(dependencies: Mapping[str, Any], root: Path) -> list[str]:
    """The lines for a table of Poetry's; ``root`` is what its paths are relative to.

    A constraint that can't be said in one line (``^1 || ^2``) is left out: the newest version is then installed.
    """
    return [line for name, given in dependencies.items() if name != "python" for line in _lines(name, given, root)]


def _lines(name: str, given: Any, root: Path) -> Iterator[str]:
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, str):
            yield name + specifier_of(each)
        elif isinstance(each, Mapping) and not each.get("optional"):
            yield _detailed(name, each, root)


def _detailed(name: str, given: Mapping[str, Any], root: Path) -> str:
    extras = given.get("extras") or []
    whole = f"{name}[{','.join(extras)}]" if extras else name
    markers = [f"({given['markers']})"] if given.get("markers") else []
    markers += [f"python_version {operator} '{version}'" for operator, version in _pythons(given.get("python"))]
    behind = f" ; {' and '.join(markers)}" if markers else ""
    source = _source(given, root)
    return f"{whole} @ {source}{behind}" if source else whole + specifier_of(str(given.get("version", "*"))) + behind


def _source(given: Mapping[str, Any], root: Path) -> str | None:
    if "git" in given:
        revision = given.get("rev") or given.get("tag") or given.get("branch")
        return f"git+{given['git']}" + (f"@{revision}" if revision else "")
    if "url" in given:
        return str(given["url"])
    for key in ("path", "file"):
        if key in given:
            return Path(root, str(given[key])).resolve().as_uri()
    return None


def _pythons(constraint: object) -> list[tuple[str, str]]:
    text = specifier_of(constraint) if isinstance(constraint, str) else ""
    return [(each.operator, each.version) for each in SpecifierSet(text)] if text else []


def specifier_of(constraint: str) -> str:
    """``^1.2`` and its like as ``>=1.2,<2``; empty for any version, and for what can't be said so."""
    parts = [_part(each) for each in re.split(r"\s*,\s*|(?<=[\w*])\s+(?=[<>=!~^])", constraint.strip()) if each]
    text = ",".join(each for each in parts if each)
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return ""
    return text


def _part(text: str) -> str:
    text = text.replace(" ", "")
    try:
        if text.startswith("^"):
            return _up_to(text[1:], _caret(Version(text[1:]).release))
        if text.startswith("~") and not text.startswith("~="):
            release = Version(text[1:]).release
            return _up_to(text[1:], (*release[:1], release[1] + 1) if len(release) > 1 else (release[0] + 1,))
    except InvalidVersion:
        return ""
    if text == "*":
        return ""
    return text if (text[:1] in "<>=!~" and text[1:2] == "=") or text[:1] in "<>" else f"=={text.lstrip('=')}"


def _caret(release: tuple[int, ...]) -> tuple[int, ...]:
    """The first version that may break something: the leftmost number but zero goes up."""
    for index, number in enumerate(release):
        if number or index == len(release) - 1:
            return (*release[:index], number + 1)
    return release


def _up_to(least: str, below: tuple[int, ...]) -> str:
    return f">={least},<{'.'.join(map(str, below))}"
