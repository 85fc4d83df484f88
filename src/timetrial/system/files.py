"""Files that are whole at every moment: written aside and put in place in one step, or an error that says why not."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from timetrial.errors import ResultsError, TimetrialError

_TEMPORARY_SUFFIX: Final = ".writing"


@contextlib.contextmanager
def writing(path: Path, advice: str = "", *, error: type[TimetrialError] = ResultsError) -> Iterator[None]:
    """Within, an OSError becomes ``error``, which names the file, why it can't be written, and the ``advice``."""
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or problem
        raise error(f"can't write {path}: {reason}" + (f"; {advice}" if advice else "")) from problem


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
    ``durable`` waits until content and name are on the disk, which a power cut needs and a crash of the process does
    not. Raises OSError.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{_TEMPORARY_SUFFIX}")
    try:
        if not _write_nameless(temporary, content, durable):
            with temporary.open("wb") as file:
                _fill(file, content, durable)
        temporary.replace(path)
        if durable:
            _sync_folder(path.parent)
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


def _sync_folder(folder: Path) -> None:
    """Waits until the disk knows the new name too; Windows and some network file systems offer no such thing."""
    if os.name == "nt":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # names may be put into it, and not be listed
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def remove_abandoned(directory: Path) -> None:
    """Removes the temporary files that ``replace_file`` left there when its process was killed."""
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
