"""A function found by its address: ``file.py:name``, ``package.module:name``, and dotted names in either."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from timetrial.errors import TargetError, TargetFailedError
from timetrial.languages import Text
from timetrial.workload import Workload

_MOST_NAMES = 8


@dataclass(frozen=True)
class Address:
    """Where something is: the dotted ``name`` in a module.

    ``folder`` has to be on the import path for that; None is the working directory, or nothing.
    """

    module: str
    name: str
    folder: Path | None = None

    @property
    def first_name(self) -> str:
        """What the module itself has: ``Class`` of ``Class.method``."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Located:
    """What was found: the thing itself, and its address."""

    value: Any
    address: Address
    spelled: str

    @property
    def is_async(self) -> bool:
        """Whether calling it gives something to await."""
        return is_async(self.value)


def locate(spelled: str) -> Located:
    """As find, for what can be run: something to call, or a Workload."""
    found = find(spelled)
    if not callable(found.value) and not isinstance(found.value, Workload):
        kind = _article(type(found.value).__name__)
        raise TargetError(f"{spelled} is {kind}, which can't be called: name a function")
    return found


def find(spelled: str) -> Located:
    """Imports the module and finds the name in it.

    Raises TargetError for an address that leads nowhere, and TargetFailedError, with the error as its cause, where
    the module itself raises.
    """
    address = parse(spelled)
    value: Any = _import(address, spelled)
    for part in address.name.split("."):
        value = _attribute(value, part, spelled)
    return Located(value, address, spelled)


def parse(spelled: str) -> Address:
    """The address in a text such as ``jobs.py:crunch``; raises TargetError for one that is none."""
    where, colon, name = spelled.rpartition(":")
    if not colon or not where or not name:
        raise TargetError(
            f"{spelled!r} doesn't say what to run: write it as file.py:function or as package.module:function"
            + _functions_hint(spelled)
        )
    if not all(part.isidentifier() for part in name.split(".")):
        raise TargetError(f"{spelled!r}: {name!r} is no name in a module; write file.py:function")
    if where.endswith(".py") or "/" in where or "\\" in where:
        module, folder = _module_of_file(Path(where), spelled)
        return Address(module, name, folder)
    return Address(where, name)


def is_async(value: object) -> bool:
    """Whether calling it gives something to await: also for partials, and objects with an async ``__call__``."""
    while isinstance(value, partial):
        value = value.func
    return inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(getattr(value, "__call__", None))  # noqa: B004 - its kind, not its presence


def is_generator(value: object) -> bool:
    """Whether calling it gives a generator, so that nothing is computed."""
    while isinstance(value, partial):
        value = value.func
    return inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value)


def _module_of_file(file: Path, spelled: str) -> tuple[str, Path]:
    """A file in a package is a module of the package; any other one is a module of its own."""
    if not file.exists():
        raise TargetError(f"{spelled}: there is no file {file} (looked in {Path.cwd()}){_near_file(file)}")
    if file.suffix != ".py" or not file.is_file():
        raise TargetError(f"{spelled}: {file} is no Python file")
    file = file.resolve()
    parts, folder = [file.stem], file.parent
    while (folder / "__init__.py").exists() and folder.name.isidentifier():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder


def _import(address: Address, spelled: str) -> ModuleType:
    folder = str(address.folder or Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    elif address.folder is not None:
        sys.path.remove(folder)
        sys.path.insert(0, folder)
    _refuse_shadowing(address, spelled)
    try:
        return importlib.import_module(address.module)
    except ModuleNotFoundError as error:
        if error.name and (address.module == error.name or address.module.startswith(f"{error.name}.")):
            raise TargetError(
                f"{spelled}: there is no module {error.name!r} here; name a file (path/to/{address.module}.py:"
                f"{address.name}), or install the package that has it"
            ) from None
        raise TargetFailedError(
            Text(f"or rather {_where(spelled)}, when it was imported", f"导入 {_where(spelled)} 时")
        ) from error
    except (Exception, SystemExit) as error:
        raise TargetFailedError(
            Text(f"or rather {_where(spelled)}, when it was imported", f"导入 {_where(spelled)} 时")
        ) from error


def _refuse_shadowing(address: Address, spelled: str) -> None:
    """A file that has the name of a module which is loaded already would be taken for that one."""
    if address.folder is None or address.module not in sys.modules:
        return
    origin = getattr(sys.modules[address.module], "__file__", None)
    if origin is None or Path(origin).resolve().parent != address.folder.joinpath(*address.module.split(".")[:-1]):
        raise TargetError(
            f"{spelled}: Python has another module of the name {address.module!r} ({origin or 'built in'}); "
            f"give the file another name"
        )


def _attribute(owner: Any, name: str, spelled: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError:
        pass
    names = [each for each in vars(owner) if not each.startswith("_")] if hasattr(owner, "__dict__") else []
    near = difflib.get_close_matches(name, names, 1)
    own = [each for each in names if _defined_here(owner, each)][:_MOST_NAMES]
    there_are = f"; it has: {', '.join(own)}" if own else ""
    raise TargetError(
        f"{spelled}: {getattr(owner, '__name__', owner)!s} has no {name!r}"
        + (f"; did you mean {near[0]!r}?" if near else there_are)
    )


def _defined_here(owner: Any, name: str) -> bool:
    value = getattr(owner, name)
    return callable(value) and getattr(value, "__module__", None) == getattr(owner, "__name__", None)


def _functions_hint(spelled: str) -> str:
    file = Path(spelled)
    if file.suffix != ".py" or not file.is_file():
        return ""
    names = list(_functions_in(file))
    return f"; {file.name} has: {', '.join(names[:_MOST_NAMES])}" if names else ""


def _functions_in(file: Path) -> Iterator[str]:
    """The functions at the top of a file, without running it."""
    import ast

    try:
        body = ast.parse(file.read_bytes()).body
    except (SyntaxError, ValueError, OSError):
        return
    yield from (each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def _near_file(file: Path) -> str:
    folder = file.parent if file.parent.is_dir() else Path.cwd()
    near = difflib.get_close_matches(file.name, [each.name for each in folder.glob("*.py")], 1)
    return f"; did you mean {near[0]}?" if near else ""


def _where(spelled: str) -> str:
    return spelled.rpartition(":")[0]


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
