"""A script in the making: what is imported, what follows, and how that becomes one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Function:
    """Where the function is imported from, and how it is called: one of target.calls.HOW.

    ``folder`` has to be on the import path, None where it is already.
    """

    module: str
    name: str
    how: str = "item"
    is_async: bool = False
    folder: str | None = None
    resource: tuple[str, str] | None = None
    """The module and the name of what each worker opens once."""

    @property
    def first_name(self) -> str:
        """What is imported."""
        return self.name.partition(".")[0]

    def call(self, item: str = "item", resource: str = "resource") -> str:
        """The call as an expression."""
        given = {"item": [item], "star": [f"*{item}"], "kwargs": [f"**{item}"], "none": []}[self.how]
        if self.resource is not None:
            given = [resource, *given] if self.how == "kwargs" else [*given, resource]
        return f"{self.name}({', '.join(given)})"


@dataclass(frozen=True)
class ItemsCode:
    """How a script makes the items: lines of imports, and one expression."""

    imports: tuple[str, ...]
    expression: str
    count: int = 1


@dataclass
class Script:
    """Its imports, of the standard library and others, and its lines after them."""

    standard: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)


def text_of(script: Script, function: Function, items: ItemsCode) -> str:
    """The whole script."""
    own = [*script.own, *import_lines(function, items)]
    standard = [*script.standard, *(line for line in items.imports if is_standard(line))]
    if any("import_module(" in line for line in own):
        standard.append("from importlib import import_module")
    path = ["import sys", "", f"sys.path.insert(0, {function.folder!r})"] if function.folder is not None else []
    parts = [path, _sorted_imports(standard), own, *_blocks(script.body)]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def import_lines(function: Function, items: ItemsCode) -> list[str]:
    """What brings the function, its resource and what makes the items, from the user's own modules."""
    lines = [f"from {function.module} import {function.first_name}"]
    if not all(part.isidentifier() for part in function.module.split(".")):
        lines = [f'{function.first_name} = import_module("{function.module}").{function.first_name}']
    if function.resource is not None:
        lines.append(f"from {function.resource[0]} import {function.resource[1].partition('.')[0]}")
    return _merged([*lines, *(line for line in items.imports if not is_standard(line))])


def is_standard(line: str) -> bool:
    """Whether a line of items' imports is of the standard library."""
    return line.startswith(("import ", "from glob", "from pathlib"))


def _sorted_imports(lines: Sequence[str]) -> list[str]:
    return sorted(dict.fromkeys(lines), key=lambda line: (line.startswith("from"), line))


def _merged(lines: Sequence[str]) -> list[str]:
    """Imports of one module on one line."""
    found: dict[str, list[str]] = {}
    others = []
    for line in lines:
        if line.startswith("from "):
            module, _, name = line.removeprefix("from ").partition(" import ")
            if name not in found.setdefault(module, []):
                found[module].append(name)
        else:
            others.append(line)
    return [*(f"from {module} import {', '.join(names)}" for module, names in found.items()), *others]


def _blocks(body: Sequence[str]) -> list[list[str]]:
    """Two blank lines in the body part its blocks; they become one in the end, and one line more before a def."""
    blocks: list[list[str]] = [[]]
    for line in body:
        if line == "":
            blocks.append([])
        else:
            blocks[-1].append(line)
    return blocks


def guarded(lines: Sequence[str]) -> list[str]:
    """The lines that only the main module runs, and no worker process that imports it."""
    return ['if __name__ == "__main__":', *(f"    {line}" for line in lines)]
