"""The project's modules as a process has loaded them: their functions, and what their names are bound to, and where."""

from __future__ import annotations

import builtins
import inspect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import CodeType
from typing import Final

from timetrial.gate.same_code.units import Import, Units, units_of
from timetrial.measure.execution.digests import digest_of_code
from timetrial.measure.execution.mentions import mentions_in

Facts = dict[str, str]

_CONFTEST: Final = "conftest.py"
_PACKAGE: Final = "__init__.py"
_BUILTINS: Final = frozenset(vars(builtins)) | {
    "__name__",
    "__file__",
    "__doc__",
    "__path__",
    "__spec__",
    "__package__",
}


@dataclass(frozen=True)
class Function:
    """A function as it is written."""

    file: str
    qualname: str
    line: int
    code: CodeType
    number: int = 0
    """Which of those in its file that are called so."""

    @cached_property
    def digest(self) -> str:
        """Of its code."""
        return digest_of_code(self.code)

    @cached_property
    def mentions(self) -> set[str]:
        """What its code names."""
        return mentions_in(self.code)

    @property
    def key(self) -> str:
        """What it is known by within its file, whatever line it is on."""
        return f"{self.qualname} {self.number}" if self.number else self.qualname

    @property
    def name(self) -> str:
        """What it is called by."""
        return self.qualname.rpartition(".")[2]

    @property
    def outermost(self) -> str:
        """The name in the module that it is reached by."""
        return self.qualname.partition(".")[0]


@dataclass(frozen=True, eq=False)
class Module:
    """One of the project's files."""

    file: str
    label: str
    """Its path, as both sides call it."""
    name: str
    """Its dotted name."""
    units: Units
    functions: Mapping[tuple[str, int], Function]
    """By qualified name and first line."""
    top: Mapping[str, Sequence[Function]]
    """The functions that a name in the module stands for; of a class, the methods that Python calls by itself."""

    def has(self, name: str) -> bool:
        """Whether it defines that name itself."""
        return name in self.top or (name in self.units.bindings and name not in self.units.imports)

    def absolute(self, found: Import) -> str:
        """The dotted name of the module that one of its imports names."""
        if not found.level:
            return found.module
        package = self.name.split(".") if self.file.endswith(_PACKAGE) else self.name.split(".")[:-1]
        kept = package[: len(package) - (found.level - 1)]
        return ".".join([*kept, found.module] if found.module else kept)


@dataclass(frozen=True)
class Place:
    """What a name stands for: ``module`` where it is defined, or the module itself with ``whole``.

    ``elsewhere``: nothing of the project's; ``unsure``: it may be anything of that name.
    """

    module: Module | None = None
    name: str = ""
    whole: bool = False
    elsewhere: bool = False
    unsure: bool = False


_ELSEWHERE: Final = Place(elsewhere=True)
_UNSURE: Final = Place(unsure=True)


@dataclass
class Program:
    """All modules of the project that a process has loaded, by their files."""

    own: frozenset[str] = frozenset()
    """The names of the project's packages."""
    modules: dict[str, Module] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    """The labels of files that are no Python source."""
    _by_name: dict[str, list[tuple[Module, Function]]] = field(default_factory=dict)
    _binding: dict[str, list[Module]] = field(default_factory=dict)
    _dotted: dict[str, Module] = field(default_factory=dict)

    def add(self, file: str, label: str, source: bytes, name: str) -> None:
        """Takes a module in; does nothing for one that is there."""
        if file in self.modules or label in self.unread:
            return
        try:
            units = units_of(source, whole=file.endswith(_CONFTEST), own=self.own)
            code = compile(source, file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            self.unread.add(label)
            return
        functions = {(each.qualname, each.line): each for each in _numbered(_functions_in(code, file))}
        module = Module(file, label, name, units, functions, _top(functions.values()))
        self.modules[file] = self._dotted[name] = module
        for function in functions.values():
            self._by_name.setdefault(function.name, []).append((module, function))
        for bound in {*units.bindings, *module.top}:
            self._binding.setdefault(bound, []).append(module)

    def named(self, name: str) -> list[tuple[Module, Function]]:
        """Every function of that name."""
        return self._by_name.get(name, [])

    def binding(self, name: str) -> list[Module]:
        """Every module in which that name is plainly bound, or stands for a function or a class."""
        return self._binding.get(name, [])

    def places(self, module: Module, name: str, depth: int = 0) -> list[Place]:
        """What a name stands for in a module."""
        if name in module.units.unsure or depth > 20:
            return [_UNSURE, *([Place(module, name)] if module.has(name) else [])]
        if module.has(name):
            return [Place(module, name)]
        if name in module.units.imports:
            found = [self._imported(module, each, depth) for each in module.units.imports[name]]
            return [Place(module, name), *(place for places in found for place in places)]
        inner = self._dotted.get(f"{module.name}.{name}")
        if inner is not None:
            return [Place(inner, whole=True)]
        return [_ELSEWHERE if name in _BUILTINS and "*" not in module.units.unsure else _UNSURE]

    def _imported(self, module: Module, found: Import, depth: int) -> list[Place]:
        dotted = module.absolute(found)
        target = self._dotted.get(dotted)
        if target is None:
            return [_UNSURE if dotted.partition(".")[0] in self._tops() else _ELSEWHERE]
        if found.name is None:
            return [Place(target, whole=True)]
        return self.places(target, found.name, depth + 1)

    def _tops(self) -> set[str]:
        return {name.partition(".")[0] for name in self._dotted} | self.own


def _top(functions: Iterable[Function]) -> Mapping[str, Sequence[Function]]:
    found: dict[str, list[Function]] = {}
    for function in functions:
        special = function.name.startswith("__") and function.name.endswith("__")
        if function.outermost == function.qualname or special:
            found.setdefault(function.outermost, []).append(function)
    return found


def _functions_in(code: CodeType, file: str) -> Iterator[Function]:
    """Each function in a module's code, at any depth; class bodies are none, but those in them are."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & inspect.CO_OPTIMIZED:
                yield Function(file, constant.co_qualname, constant.co_firstlineno, constant)
            yield from _functions_in(constant, file)


def _numbered(functions: Iterable[Function]) -> Iterator[Function]:
    seen: Counter[str] = Counter()
    for function in functions:
        yield replace(function, number=seen[function.qualname])
        seen[function.qualname] += 1
