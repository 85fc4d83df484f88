"""Begins to note what a process runs and reads; workers that it starts anew join by what a variable tells them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator

from timetrial.measure.execution.code_watch import CodeWatch
from timetrial.measure.execution.inputs import Inputs
from timetrial.measure.execution.notes import VARIABLE, Notes
from timetrial.measure.execution.whose import Kind, Whose


class Watching:
    """What is noted of this process, and whose files are whose."""

    def __init__(self, notes: Notes, whose: Whose, code: CodeWatch) -> None:
        self.notes = notes
        self.whose = whose
        self.resting = code.resting
        self.early = frozenset(self.loaded())
        """The project's files that were loaded before: nobody saw what ran in them."""

    def begin(self, sink: str) -> None:
        """Forgets all so far: from now on, workers of this process write to ``sink``."""
        self.notes.begin(sink)
        os.environ[VARIABLE] = json.dumps({"sink": sink, **self.whose.told()})

    def loaded(self) -> dict[str, str | None]:
        """The project's own modules that are loaded, by their files; with the module's name."""
        return dict(_own_modules(self.whose))


def watch(whose: Whose) -> Watching:
    """Begins, for good: nothing may be timed in this process any more. Raises RuntimeError where it can't be done."""
    notes = Notes()
    code = CodeWatch(notes, whose)
    watching = Watching(notes, whose, code)
    Inputs(notes, whose).start()
    code.start()
    return watching


def join_as_told() -> None:
    """The same in a process that was started anew by one that is noted; does nothing in any other."""
    told = os.environ.get(VARIABLE)
    if not told:
        return
    content = json.loads(told)
    watching = watch(Whose([(path, name) for path, name in content["roots"]], content["places"]))
    watching.notes.write_to(content["sink"])
    for file in watching.early:
        watching.notes.add("unseen", f"{watching.whose.label(file)} was loaded in a worker before that could be seen")
    watching.notes.add("joined", str(os.getpid()))


def _own_modules(whose: Whose) -> Iterator[tuple[str, str | None]]:
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and whose.kind(file) is Kind.OWN:
            yield file, name
