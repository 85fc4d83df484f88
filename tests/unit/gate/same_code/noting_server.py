"""Notes what ``bench.run()`` rests on in a folder, each time in a process forked for it: a folder a line, JSON back.

It runs by its path, so that nothing but the standard library and timetrial is loaded in it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from timetrial.environment.installed_modules import InstalledProject
from timetrial.gate.same_code import side_notes
from timetrial.gate.same_code.ground import metadata_of
from timetrial.measure.execution.watching import watch
from timetrial.measure.execution.whose import OWN_METADATA, Whose, roots_of


def noted(folder: str) -> dict[str, Any]:
    """The facts of one folder, what could not be seen, and what the function returned."""
    sys.path.insert(0, folder)
    os.chdir(folder)
    libraries = Path(folder, "site-packages")
    project = None
    if libraries.is_dir():  # with the project installed
        sys.path.insert(0, str(libraries))
        packages = [each.name for each in libraries.iterdir() if each.suffix != ".dist-info"]
        project = InstalledProject(Path(folder), dict.fromkeys(packages, libraries))
    metadata = ((each, OWN_METADATA) for each in metadata_of(project))
    watching = watch(Whose(roots_of((folder, "{files}"), *metadata)))
    notes = side_notes.SideNotes(watching, project)
    import bench  # type: ignore[import-not-found]

    common = notes.common()
    returned: list[str] = []

    def run() -> None:
        returned.append(repr(bench.run()))

    found = notes.of_benchmark(run, Path(folder, "sink"))
    facts = {**common.facts, **found.facts}
    return {"facts": facts, "unseen": [*common.unseen, *found.unseen], "result": returned[0]}


def main() -> None:
    """Until standard input ends."""
    mock.patch.object(side_notes, "ground_facts", return_value={}).start()  # what is installed is the same here
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                content = json.dumps(noted(line.strip()))
            except BaseException as error:  # noqa: BLE001 - it is told
                content = json.dumps({"error": repr(error)})
            os.write(writing, content.encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            sys.stdout.write(pipe.read() + "\n")
        sys.stdout.flush()
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
