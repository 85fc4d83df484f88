"""One folder for the temporary files of a round, so that those left over are told from other programs' files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_VARIABLES: Final = ("TMPDIR", "TEMP", "TMP")


@dataclass(frozen=True)
class TemporaryPlace:
    """A folder. The process in which it is unpickled, a worker, puts its temporary files there from then on."""

    folder: Path

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        _use(self.folder)


@contextmanager
def temporary_place() -> Generator[TemporaryPlace]:
    """A new folder that this process and its children use for temporary files; removed at the end, whatever is in it.

    A worker behind a fork server that runs already has that one's environment: send it the place itself.
    """
    from multiprocessing.util import get_temp_dir

    get_temp_dir()  # made now, where it would be otherwise: a fork server's socket in it outlives the round
    before = {name: os.environ.get(name) for name in _VARIABLES}, tempfile.tempdir
    folder = Path(tempfile.mkdtemp(prefix="tt-"))
    try:
        _use(folder)
        yield TemporaryPlace(folder)
    finally:
        _put_back(*before)
        shutil.rmtree(folder, ignore_errors=True)


def _use(folder: Path) -> None:
    os.environ.update(dict.fromkeys(_VARIABLES, str(folder)))
    tempfile.tempdir = str(folder)


def _put_back(variables: Mapping[str, str | None], tempdir: Any) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    tempfile.tempdir = tempdir
