"""From what a benchmark started to all that it rests on: facts with digests, to be compared between two sides.

Beside each function that was started, what its code mentions counts too, and so on: a branch that was not taken this
time may be taken the next. A name is followed to where it is bound. What is no global, such as a method, counts in
every place of the project that has the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from timetrial.gate.same_code.program import Facts, Function, Module, Place, Program
from timetrial.measure.execution.code_watch import parts_of

# Code that looks names up while it runs, in ways that don't show which.
_REFLECTS: Final = frozenset(
    {"getattr", "vars", "globals", "locals", "dir", "eval", "exec", "__dict__", "__getattribute__", "getmembers"}
    | {"import_module", "__import__", "getattr_static", "attrgetter", "get_objects", "get_referrers", "f_globals"}
)


class Closure:
    """All that follows from what was started and mentioned; ``facts`` grow until nothing new is reached."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.facts: Facts = {}
        self.reached: set[tuple[str, str, int]] = set()
        """The functions that follow, each by its file, qualified name and first line."""
        self._seen: set[tuple[str, str]] = set()
        self._touched: set[tuple[str, str]] = set()
        self._wanted: list[tuple[Module | None, str]] = []

    def start(
        self, executed: Mapping[str, object], generated: Mapping[str, object], modules: Mapping[str, object]
    ) -> None:
        """Takes in what was started: functions by their keys, and modules, with the digests that they ran with."""
        for key, ran in executed.items():
            self._executed(key, str(ran))
        for each, mentions in generated.items():
            self.facts[f"generated {each}"] = ""
            self._want(None, map(str, mentions) if isinstance(mentions, list) else ())
        for file, ran in modules.items():
            self._import(file, str(ran))
        while self._wanted:
            self._follow(*self._wanted.pop())

    def _executed(self, key: str, ran: str) -> None:
        file, qualname, line = parts_of(key)
        module = self._program.modules.get(file)
        function = module.functions.get((qualname, line)) if module else None
        if module is None or function is None:
            self.facts[f"as it ran {qualname} {ran}"] = ran
            return
        self._reach(module, function)
        if ran != function.digest:  # pytest has rewritten it, or somebody has replaced its code
            self.facts[f"as it ran {module.label} {qualname} {ran}"] = ran

    def _import(self, file: str, ran: str) -> None:
        module = self._program.modules.get(file)
        if module is None:
            self.facts[f"as it ran {ran}"] = ran
            return
        if module.units.at_import:  # otherwise it makes no difference whether it is there
            self.facts[f"module {module.label}"] = module.units.at_import
        self._want(module, module.units.mentions)

    def _reach(self, module: Module, function: Function) -> None:
        place = (function.file, function.qualname, function.line)
        if place in self.reached:
            return
        self.reached.add(place)
        self.facts[f"function {module.label} {function.key}"] = function.digest
        self._want(module, function.mentions)
        self._touch(module, function.outermost)

    def _touch(self, module: Module, name: str) -> None:
        """What a name is bound to in a module; of a class, what Python itself calls of it too."""
        if (module.file, name) in self._touched:
            return
        self._touched.add((module.file, name))
        binding = module.units.bindings.get(name)
        if binding is not None:
            self.facts[f"name {module.label} {name}"] = binding.digest
            self._want(module, binding.mentions)
        for function in module.top.get(name, ()):
            self._reach(module, function)

    def _want(self, module: Module | None, mentions: Iterable[str]) -> None:
        for mention in mentions:
            key = (module.file if module and mention[0] not in ".?" else "", mention)
            if key not in self._seen:
                self._seen.add(key)
                self._wanted.append((module, mention))

    def _follow(self, module: Module | None, mention: str) -> None:
        if mention.startswith("?"):
            self._anywhere(mention[1:])
            return
        parts = [each for each in mention.split(".") if each]
        if not _REFLECTS.isdisjoint(parts):
            self._all_bindings()
        if mention.startswith(".") or module is None:
            for part in parts:
                self._anywhere(part)
        else:
            self._resolve(module, parts)

    def _resolve(self, module: Module, parts: list[str]) -> None:
        """Follows a name and what is looked up in it, as far as these are modules."""
        for place in self._program.places(module, parts[0]):
            self._at(place, parts)

    def _at(self, place: Place, parts: list[str]) -> None:
        if place.elsewhere:
            return
        if place.whole and place.module is not None:
            if len(parts) > 1:
                self._resolve(place.module, parts[1:])
            return
        if place.unsure or place.module is None:
            self._anywhere(parts[0])
        else:
            self._touch(place.module, place.name)
            if place.name in place.module.units.imports:
                return  # what that stands for is another place
        for part in parts[1:]:
            self._anywhere(part)

    def _anywhere(self, name: str) -> None:
        for module, function in self._program.named(name):
            self._reach(module, function)
        for module in self._program.binding(name):
            self._touch(module, name)
            if name in module.units.imports:
                self._want(module, [name])

    def _all_bindings(self) -> None:
        for module in self._program.modules.values():
            for name in module.units.bindings:
                self._touch(module, name)
