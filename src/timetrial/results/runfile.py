"""One JSON file a run, complete and valid at every moment: what was measured before a crash is on disk."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import secrets
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from numbers import Integral, Rational, Real
from pathlib import Path
from typing import Any, BinaryIO, Final

from timetrial.environment.record import python_label
from timetrial.errors import ResultsError, shorten

_TEMPORARY_SUFFIX = ".writing"
_IGNORED = """\
# Stored runs, by their names, and this file. A baseline, which has a name of its own, can be committed.
[0-9][0-9][0-9][0-9]_[0-9][0-9]_[0-9][0-9]-*.json
/.gitignore
"""


class RunFile:
    """The file of one run in pytest-benchmark's schema, written anew after each benchmark.

    ``header`` is everything but the benchmarks, ``about`` what timetrial has to add. The name sorts by time, tells
    the Python, and ends in a random part, so that two runs at once never share a file.
    """

    def __init__(self, directory: Path, header: Mapping[str, Any], about: Mapping[str, Any] | None = None) -> None:
        self.path = directory / f"{datetime.now(UTC):%Y_%m_%d-%H%M%S}-{python_label()}-{secrets.token_hex(3)}.json"
        self._header = dict(header)
        self._about = dict(about or {})
        try:
            make_folder(directory)
        except OSError as error:
            raise self._failure(error) from error
        _sweep(directory)

    def write(
        self, benchmarks: list[dict[str, Any]], *, complete: bool = False, also: Mapping[str, Any] | None = None
    ) -> None:
        """Replaces the file in one step; ``complete`` tells a finished run from one that was cut off.

        ``also`` is what timetrial has to add that was not known when the run began.
        """
        about = {**self._about, **(also or {}), "complete": complete}
        content = {**self._header, "benchmarks": benchmarks, "timetrial": about}
        try:
            replace_file(self.path, dumps(content).encode(), durable=complete)
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> ResultsError:
        return ResultsError(
            f"can't write {self.path}: {error.strerror or error}; make room or permit it, or choose another directory "
            f"with --trial-results=DIR (what was written before is still there, and whole)"
        )


def make_folder(directory: Path) -> None:
    """A folder for stored runs. Git is told to leave runs alone in what is new of it; baselines are no runs.

    Raises OSError.
    """
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    if missing:
        missing[-1].joinpath(".gitignore").write_text(_IGNORED, encoding="utf-8")


def dumps(content: Any) -> str:
    """Strict JSON, one line: what has no JSON form becomes text, and NaN or infinity null."""
    try:
        text = json.dumps(content, default=_plain, allow_nan=False)
    except (ValueError, TypeError):
        text = _SURROGATE  # whatever it is, it takes the thorough way
    if _SURROGATE not in text:
        return text
    return json.dumps(_strict(content), default=_strict_plain, allow_nan=False)


# How json writes half a character, which strict readers refuse to read. Whole ones beyond U+FFFF begin so as well.
_SURROGATE: Final = r"\ud"


def _plain(value: object) -> object:
    """A number of another kind, such as numpy's, as Python's own; anything else as text."""
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Decimal) or (isinstance(value, Real) and not isinstance(value, Rational)):
        number = float(value)
        return number if math.isfinite(number) else None
    return _text_of(value)


def _text_of(value: object) -> str:
    """repr(), whatever that does."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 (anybody's repr; it must not lose a run's results)
        return shorten(value)


def _strict_plain(value: object) -> Any:
    return _strict(_plain(value))


def _strict(value: Any) -> Any:
    """The same with text for keys that JSON does not have, and null for NaN and infinity.

    Half a character, as Python's file names may have, becomes its escape; a whole number that is too long for Python
    to write out or read back is written in hexadecimal digits, as text.
    """
    if isinstance(value, dict):
        return {_key(key): _strict(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(each) for each in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, int):
        return _writable(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _writable(value: int) -> int | str:
    try:
        int.__repr__(value)
    except ValueError:
        return hex(value)
    return value


def _key(key: object) -> object:
    if isinstance(key, Integral) and not isinstance(key, int):
        key = int(key)
    return _strict(key) if key is None or isinstance(key, str | int) else _strict(_text_of(key))


def try_to_write(path: Path) -> None:
    """Raises OSError where ``replace_file`` could put no file: to be asked before what takes long.

    Makes the folder. What is no plain file, such as a device, isn't replaced.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise FileExistsError(errno.EEXIST, "it is no plain file")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
        pass


def replace_file(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Puts content at path so that a reader, a crash or SIGKILL finds the old file or the new one, never a part.

    Where the system can make a nameless file (Linux), not even a temporary one can be left behind half-written.
    ``durable`` waits for the disk, which a power cut needs and a crash of the process does not.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{_TEMPORARY_SUFFIX}")
    try:
        if not _write_nameless(temporary, content, durable):
            with temporary.open("wb") as file:
                _fill(file, content, durable)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _write_nameless(path: Path, content: bytes, durable: bool) -> bool:
    """Writes a file that gets its name only once it is whole; False where the system or file system has no such."""
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None:
        return False
    try:
        descriptor = os.open(path.parent, flag | os.O_WRONLY, 0o644)
    except OSError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        _fill(file, content, durable)
        # A directory's descriptor makes Python call linkat(), which alone can follow the link in /proc.
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=directory, follow_symlinks=True)
        except OSError:
            return False
        finally:
            os.close(directory)
    return True


def _fill(file: BinaryIO, content: bytes, durable: bool) -> None:
    file.write(content)
    file.flush()
    if durable:
        os.fsync(file.fileno())


def _sweep(directory: Path) -> None:
    """Removes the temporary files of runs that were killed while they wrote."""
    for path in directory.glob(f".*{_TEMPORARY_SUFFIX}"):
        with contextlib.suppress(OSError, ValueError, OverflowError):
            if not _alive(int(path.name.removesuffix(_TEMPORARY_SUFFIX).rpartition(".")[2])):
                path.unlink()


def _alive(pid: int) -> bool:
    """Whether a process of this machine may still be writing; in doubt, yes."""
    if os.name != "posix":
        return True  # a signal 0 would end the process there; Windows keeps an open file from being removed anyway
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
