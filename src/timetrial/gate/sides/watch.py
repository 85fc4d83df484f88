"""Whether both sides are still what was made: what changed in their files since, looked at between launches.

A side may write where it likes, also into the folder beside it. What it changes by accident or on purpose would count
for the other one, so a launch in which a file changed is not counted, and the gate ends.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from timetrial.errors import GateError
from timetrial.gate.sides.side import Side
from timetrial.system import own_package
from timetrial.system.command import run_to_end

# What decides what Python runs, or how pytest does.
_CODE: Final = (".py", ".so", ".pyd", ".dll", ".dylib", ".pth", ".toml", ".ini", ".cfg")
_TEXT: Final = (".py", ".pth", ".toml", ".ini", ".cfg")
_CACHE: Final = "__pycache__"
_NOT_CODE: Final = (".git", "node_modules")
_DIGESTED_BYTES: Final = 262_144  # of a larger file, size and time have to do
_MOST_FILES: Final = 200_000
_SHOWN: Final = 5
_LIBRARIES: Final = "import sysconfig; print(sysconfig.get_path('purelib')); print(sysconfig.get_path('platlib'))"

# Size, time of the last change, and the file's number.
_Stamp = tuple[int, int, int]


class Watch:
    """Of two sides from the moment it is made."""

    def __init__(self, *sides: Side) -> None:
        whose: dict[tuple[str, Path, bool], list[str]] = {}
        for side in sides:
            for who, kind, root, whole in _places(side):
                whose.setdefault((kind, root, whole), []).append(who)
        self._places = [_Place(who[0] if len(set(who)) == 1 else "both sides", *place) for place, who in whose.items()]

    def refuse_changes(self) -> None:
        """Raises GateError that names the files which are not what they were."""
        changed = [line for place in self._places for line in place.changed()]
        new = {place: place.new() for place in self._places if place.whole}
        # What both sides wrote alike, such as a parser's tables, each wrote for itself.
        changed += [
            f"{place.who}: new: {place.root / name}"
            for place, names in new.items()
            for name in names
            if not any(
                name in others and _alike(place.root / name, other.root / name)
                for other, others in new.items()
                if other.kind == place.kind and other != place
            )
        ]
        if changed:
            shown = "\n".join(f"  {line}" for line in changed[:_SHOWN])
            more = f"\n  and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
            raise GateError(
                f"files changed while the gate measured, so the sides are not what was compared; this launch does not "
                f"count:\n{shown}{more}\nHave tests write to tmp_path, and let nobody install or edit there meanwhile"
            )


def _places(side: Side) -> Iterator[tuple[str, str, Path, bool]]:
    """Where a side's code lies: whose it is in words, what kind of place, and whether it was made for the gate."""
    who = f"the {side.name} side"
    if side.worktree is not None:
        yield who, "files", side.worktree, True
    else:
        yield who, "files", side.root, False
    if side.environment is not None:
        yield who, "environment", side.environment, True
    else:
        for folder in _libraries(side):
            yield f"{side.python}", "environment", folder, False
    yield "the gate itself", "tools", own_package.FOLDER, False


def _libraries(side: Side) -> list[Path]:
    ended = run_to_end([side.python, "-c", _LIBRARIES], cwd=side.root, variables=side.variables())
    return [Path(line) for line in dict.fromkeys(ended.output.splitlines()) if Path(line).is_dir()]


@dataclass(eq=False)
class _Place:
    """One folder with all below it; ``whole`` where every file in it was made for the gate."""

    who: str
    kind: str
    root: Path
    whole: bool
    _stamps: Mapping[str, _Stamp] = field(init=False)
    _digests: Mapping[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._stamps = dict(self._files())
        hashed = self.whole and self.kind == "files"
        self._digests = (
            {name: _digest(self.root / name) for name, stamp in self._stamps.items() if _small(stamp)} if hashed else {}
        )
        self._now: Mapping[str, _Stamp] = self._stamps

    def changed(self) -> list[str]:
        """The files that are others now, or gone."""
        self._now = dict(self._files())
        if self._now == self._stamps:
            return []
        return [
            f"{self.who}: {'changed' if name in self._now else 'gone'}: {self.root / name}"
            for name, stamp in self._stamps.items()
            if self._now.get(name) != stamp and not self._is_the_same(name)
        ]

    def new(self) -> set[str]:
        """Code that was not there, as far as the last look has seen; Python's and pytest's own caches are none."""
        return {name for name in self._now.keys() - self._stamps.keys() if name.endswith(_CODE) and _CACHE not in name}

    def _is_the_same(self, name: str) -> bool:
        """Written anew with what it held, as tests that record what they see do."""
        return name in self._digests and name in self._now and _digest(self.root / name) == self._digests[name]

    def _files(self) -> Iterator[tuple[str, _Stamp]]:
        found = _below(self.root, "", whole=self.whole)
        for count, (name, stamp) in enumerate(found):
            if count >= _MOST_FILES:
                return
            yield name, stamp


def _alike(file: Path, other: Path) -> bool:
    """Whether two sides wrote the same; of what they compiled, the paths and times in it may differ."""
    return file.suffix not in _TEXT or _digest(file) == _digest(other)


def _small(stamp: _Stamp) -> bool:
    return stamp[0] <= _DIGESTED_BYTES


def _digest(path: Path) -> bytes:
    try:
        return hashlib.blake2b(path.read_bytes()).digest()
    except OSError:
        return b""


def _below(root: Path, inside: str, *, whole: bool) -> Iterator[tuple[str, _Stamp]]:
    """Each file's path below the root, and its stamp; links are not followed. Of a folder of the user's, only code."""
    try:
        entries = sorted(os.scandir(root / inside), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        name = f"{inside}/{entry.name}" if inside else entry.name
        try:
            if entry.is_dir(follow_symlinks=False):
                if whole or not _is_elsewhere(entry):
                    yield from _below(root, name, whole=whole)
            elif whole or name.endswith(_CODE):
                status = entry.stat(follow_symlinks=False)
                yield name, (status.st_size, status.st_mtime_ns, status.st_ino)
        except OSError:
            continue  # gone since


def _is_elsewhere(entry: os.DirEntry[str]) -> bool:
    """Folders in a project that hold none of its code; an environment in it is looked at as such."""
    hidden = entry.name.startswith(".") or entry.name in (*_NOT_CODE, _CACHE)
    return hidden or os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))  # noqa: PTH110, PTH118 - a Path costs more
