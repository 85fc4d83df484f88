"""What a side's benchmarks rest on, computed in its own process from what was noted there."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from timetrial.environment.installed_modules import InstalledProject
from timetrial.gate.same_code.closure import Closure
from timetrial.gate.same_code.ground import NATIVE, ground_facts, metadata_of
from timetrial.gate.same_code.program import Facts, Program
from timetrial.gate.same_code.values import value_facts, values_of
from timetrial.measure.execution.code_watch import key_of
from timetrial.measure.execution.digests import digest
from timetrial.measure.execution.watching import Watching, watch
from timetrial.measure.execution.whose import OWN_METADATA, Kind, Whose, roots_of

_JOINING_S: Final = 2.0
_LOOK_AGAIN_S: Final = 0.01


@dataclass(frozen=True)
class Found:
    """What was found: facts to be compared, and what can't be seen, in words."""

    facts: Facts = field(default_factory=dict)
    unseen: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """As a message has it."""
        return {"facts": self.facts, "unseen": list(self.unseen)}


def whose_of(folder: Path, project: InstalledProject | None) -> Whose:
    """By the folder that pytest runs in, and where the project is installed."""
    around = (folder, *folder.parents)
    top = next((each for each in around if (each / ".git").exists()), project.root if project else folder)
    metadata = [(each, OWN_METADATA) for each in metadata_of(project)]
    roots = roots_of((str(top), "{files}"), (sys.prefix, "{environment}"), *metadata)
    places = [str(place / name.rpartition(".")[2]) for name, place in project.places.items()] if project else []
    return Whose(roots, [begin for each in places for begin in (each + os.sep, each + ".")])


def watch_side(folder: Path, project: InstalledProject | None) -> Watching:
    """Begins to note; to be called before conftests are loaded. Raises RuntimeError where that can't be."""
    return watch(whose_of(folder, project))


class SideNotes:
    """Of one side: first what is common to all of its benchmarks, then each by itself, in a process forked for it."""

    def __init__(self, watching: Watching, project: InstalledProject | None) -> None:
        self._watching = watching
        self._project = project
        names = project.places if project else {}
        self._program = Program(own=frozenset(name.partition(".")[0] for name in names))
        self._common: Facts = {}

    def common(self) -> Found:
        """Once all tests are collected: Python, what is installed, and whatever ran or was read until now."""
        watching, program = self._watching, self._program
        with watching.resting():
            self._read_modules()
            closure = Closure(program)
            notes = watching.notes
            executed = {**notes.of("code"), **self._all_in(watching.early)}
            modules = {**dict.fromkeys(program.modules, ""), **notes.of("module")}
            closure.start(executed, notes.of("generated"), modules)
            loud = [each.label for each in program.modules.values() if each.units.at_import]
            facts = ground_facts(watching.whose, self._project)
            facts["order of imports"] = digest(loud, self._libraries())
            facts.update({key: str(value) for key, value in notes.of("input").items()})
            facts.update(closure.facts)
            self._common = facts
            return Found(facts, (*notes.of("unseen"), *self._unread()))

    def of_benchmark(self, run: Callable[[], str | None], sink: Path) -> Found:
        """Runs a benchmark, once, in this process; ``run`` returns why it can't count, if so."""
        watching = self._watching
        watching.begin(str(sink))
        trouble = run()
        with watching.resting():
            self._await_workers()
            self._read_modules()
            notes = watching.notes
            for file in notes.of("module"):
                self._read(file)
            closure = Closure(self._program)
            closure.start(notes.of("code"), notes.of("generated"), notes.of("module"))
            facts = {**{key: str(value) for key, value in notes.of("input").items()}, **closure.facts}
            facts.update(self._values(closure))
            new = {key: value for key, value in facts.items() if self._common.get(key) != value}
            unseen = [*notes.of("unseen"), *self._unread(), *([trouble] if trouble else [])]
            if len(notes.of("started")) > len(notes.of("joined")):
                unseen.append("a worker process could not be seen")
            return Found(new, tuple(unseen))

    def _await_workers(self) -> None:
        """Until all that were started have told that they are noted, or have had time for it."""
        notes, ends_s = self._watching.notes, time.monotonic() + _JOINING_S
        notes.gather()
        while len(notes.of("started")) > len(notes.of("joined")) and time.monotonic() < ends_s:
            time.sleep(_LOOK_AGAIN_S)
            notes.gather()

    def _read_modules(self) -> None:
        for file, name in self._watching.loaded().items():
            self._read(file, name or "")

    def _read(self, file: str, name: str = "") -> None:
        label = self._watching.whose.label(file)
        if file.endswith(NATIVE):
            return  # its content is in the ground
        try:
            self._program.add(file, label, Path(file).read_bytes(), name)
        except OSError:  # in an archive, or gone
            self._program.unread.add(label)

    def _unread(self) -> list[str]:
        return [f"{label} is no Python that could be read" for label in sorted(self._program.unread)]

    def _all_in(self, files: frozenset[str]) -> dict[str, object]:
        """Every function of modules that were loaded before anything could be noted."""
        modules = [module for file, module in self._program.modules.items() if file in files]
        return {
            key_of(each.file, each.qualname, each.line): each.digest
            for module in modules
            for each in module.functions.values()
        }

    def _libraries(self) -> list[str]:
        """The modules that are neither Python's nor the project's, in the order of their import."""
        whose = self._watching.whose
        files = [(name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items())]
        return [name for name, file in files if isinstance(file, str) and whose.kind(file) is Kind.LIBRARY]

    def _values(self, closure: Closure) -> Facts:
        labels = {file: module.label for file, module in self._program.modules.items()}
        modules = [
            (labels[file], module)
            for file, name in self._watching.loaded().items()
            if file in labels and name and (module := sys.modules.get(name)) is not None
        ]
        return value_facts(values_of(modules), closure.reached, labels)
