"""The items that a function is called with, from the few ways in which people have them: a number, a glob, a file."""

from __future__ import annotations

import glob
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from timetrial.errors import TargetError, TargetFailedError
from timetrial.languages import Text
from timetrial.target.locate import find

STANDARD_INPUT: Final = "-"
_MOST_ITEMS: Final = 1_000_000


@dataclass(frozen=True)
class Items:
    """What the function is called with, in order.

    ``imports`` and ``code`` are how a script would make them: lines of imports, and one expression. ``described`` is
    how people are told of them.
    """

    values: Sequence[Any] = field(repr=False)
    imports: tuple[str, ...]
    code: str
    described: str


def items_of(spelled: str, read_standard_input: Callable[[], str]) -> Items:
    """The items that ``--items`` stands for; raises TargetError where it stands for none."""
    found = _found(spelled, read_standard_input)
    if not found.values:
        raise TargetError(f"--items {spelled}: it gives no items, so there is nothing to run")
    if len(found.values) > _MOST_ITEMS:
        raise TargetError(
            f"--items {spelled}: {len(found.values):,} items are more than {_MOST_ITEMS:,}; a sample of them tells as "
            f"much: --items {_MOST_ITEMS // 10}"
        )
    return found


def _found(spelled: str, read_standard_input: Callable[[], str]) -> Items:
    if spelled.lstrip("+-").replace("_", "").isdigit():
        return _numbers(int(spelled))
    if spelled == STANDARD_INPUT:
        lines = read_standard_input().splitlines()
        return Items(lines, ("import sys",), "sys.stdin.read().splitlines()", _count(lines, "line"))
    if spelled.startswith("@"):
        return _from_file(Path(spelled[1:]))
    if glob.has_magic(spelled):
        paths = sorted(glob.glob(spelled, recursive=True))  # noqa: PTH207 - texts, as a person has them on the command line
        if not paths:
            raise TargetError(f"--items {spelled}: no file matches it (looked in {Path.cwd()})")
        code = f"sorted(glob({spelled!r}{', recursive=True' if '**' in spelled else ''}))"
        return Items(paths, ("from glob import glob",), code, _count(paths, "file"))
    if ":" in spelled and not Path(spelled).exists():
        return _made(spelled)
    if Path(spelled).is_file():
        raise TargetError(f"--items {spelled}: for the lines of that file, write --items @{spelled}")
    raise TargetError(
        f"--items {spelled}: write a number (200), a glob ('photos/*.jpg'), @FILE for its lines, @FILE.json, "
        f"file.py:function, or - for standard input"
    )


def _numbers(count: int) -> Items:
    if count < 1:
        raise TargetError(f"--items {count}: at least one item is needed")
    return Items(range(count), (), f"range({count})", f"{count:,} item{'s' * (count > 1)}")


def _from_file(path: Path) -> Items:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TargetError(f"--items @{path}: can't read it: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise TargetError(f"--items @{path}: it is not UTF-8 text ({error})") from None
    imports = ("from pathlib import Path",)
    read = f"Path({str(path)!r}).read_text(encoding='utf-8')"
    if path.suffix == ".json":
        values = _json(text, path)
        if not isinstance(values, list):
            raise TargetError(f"--items @{path}: it holds no list but a {type(values).__name__}: [item, item, ...]")
        return Items(values, ("import json", *imports), f"json.loads({read})", _count(values, "item"))
    lines = [line for line in text.splitlines() if line.strip()]
    if path.suffix == ".jsonl":
        values = [_json(line, path) for line in lines]
        code = f"[json.loads(line) for line in {read}.splitlines() if line.strip()]"
        return Items(values, ("import json", *imports), code, _count(values, "item"))
    return Items(lines, imports, f"[line for line in {read}.splitlines() if line.strip()]", _count(lines, "line"))


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise TargetError(f"--items @{path}: it is not JSON ({error})") from None


def _made(spelled: str) -> Items:
    """Called without arguments if it can be called, and taken as it is otherwise: a list in the module."""
    found = find(spelled)
    made = found.value
    if callable(made):
        try:
            made = made()
            values = list(made)
        except Exception as error:
            raise TargetFailedError(
                Text(f"or rather {spelled}, when it was asked for items", f"向 {spelled} 取各项时")
            ) from error
    else:
        values = _listed(made, spelled)
    expression = found.address.name + ("()" if callable(found.value) else "")
    code = expression if isinstance(made, list | tuple) else f"list({expression})"
    imports = (f"from {found.address.module} import {found.address.first_name}",)
    return Items(values, imports, code, _count(values, "item"))


def _listed(value: Any, spelled: str) -> list[Any]:
    if not isinstance(value, Iterable):
        raise TargetError(f"--items {spelled}: it is a {type(value).__name__}: a function or a list of items is needed")
    return list(value)


def _count(values: Sequence[Any], what: str) -> str:
    return f"{len(values):,} {what}{'s' * (len(values) != 1)}"
