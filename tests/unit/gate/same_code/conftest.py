"""Small programs, noted in processes of their own."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

SERVER = Path(__file__).with_name("noting_server.py")


@dataclass(frozen=True)
class Noted:
    """What was noted of a program's ``bench.run()``, and what it returned."""

    facts: Mapping[str, str]
    unseen: list[str]
    result: str

    def is_same_code_as(self, other: Noted) -> bool:
        """Whether it would be left unmeasured."""
        return not self.unseen and not other.unseen and self.facts == other.facts


@dataclass(frozen=True)
class Noting:
    """Notes programs, each in a folder of its own, with the files by their names."""

    process: subprocess.Popen[str]
    folder: Path
    numbers: Iterator[int]

    def __call__(self, files: Mapping[str, str]) -> Noted:
        """The folder's name has the same length each time, as both sides' have."""
        root = self.folder / f"side{next(self.numbers):06}"
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{root}\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        assert "error" not in told, told
        return Noted(**told)


@pytest.fixture(scope="session")
def note(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Mapping[str, str]], Noted]]:
    """Notes a program."""
    folder = tmp_path_factory.mktemp("noted")
    command = [sys.executable, "-P", "-B", str(SERVER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Noting(process, folder, itertools.count())
        assert process.stdin
        process.stdin.close()
