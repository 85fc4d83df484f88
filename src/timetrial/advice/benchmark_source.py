"""The pytest benchmark that repeats a run in one's own suite."""

from __future__ import annotations

from collections.abc import Sequence

from timetrial.advice.script import Function, ItemsCode, import_lines, is_standard


def written_test(
    functions: Sequence[Function], items: ItemsCode, levels: Sequence[int], compare: str, folder: str | None
) -> str:
    """A whole test file. ``functions`` are the sync one, the async one or both; ``levels`` the concurrencies.

    ``folder`` is where the functions' module lies, if that is not where the test will be.
    """
    name = functions[0].first_name if functions[0].name.isidentifier() else functions[0].name.rpartition(".")[2]
    defined = [line for each in functions for line in _as_one(each)]
    parts = [each for function in functions for each in _parts(function)]
    path = ["import sys", "", f"sys.path.insert(0, {folder!r})", ""] if folder is not None else []
    imports = [line for each in functions for line in import_lines(each, items)]
    lines = [
        f'"""Repeats what timetrial run measured of {name}: python -m pytest --benchmark-only."""',
        "",
        *path,
        *dict.fromkeys([*(line for line in items.imports if is_standard(line)), "import pytest"]),
        "",
        *dict.fromkeys(imports),
        "from timetrial import Workload",
        *(["from timetrial.target.target import approximately"] if compare == "approx" else []),
        "",
        *defined,
        *(["", "def nothing(result):", "    del result", ""] if compare == "ignore" else []),
        "",
        f'WORKLOAD = Workload("{name}", {", ".join([*parts, *_comparable(compare)])})',
        "",
        "",
        "@pytest.mark.workload(WORKLOAD)",
        f'@pytest.mark.parametrize("concurrency", {list(levels)})',
        f"def test_{name.lower()}(trial, concurrency):",
        f"    trial(list({items.expression}), concurrency=concurrency)",
    ]
    return "\n".join(lines) + "\n"


def _as_one(function: Function) -> list[str]:
    """A function of one item, where the given one is called in another way."""
    if function.how == "item":
        return []
    kind, wait = ("async def", "await ") if function.is_async else ("def", "")
    arguments = "item" if function.resource is None else "item, resource"
    return ["", f"{kind} {_task(function)}({arguments}):", f"    return {wait}{function.call()}", ""]


def _task(function: Function) -> str:
    if function.how == "item":
        return function.name
    return "one_async" if function.is_async else "one"


def _parts(function: Function) -> list[str]:
    prefix = "async_" if function.is_async else ""
    parts = [f"{prefix}task={_task(function)}"]
    if function.resource is not None:
        parts.append(f"{prefix}resource={function.resource[1]}")
    return parts


def _comparable(compare: str) -> list[str]:
    return {"exact": [], "ignore": ["comparable=nothing"], "approx": ["comparable=approximately"]}[compare]
