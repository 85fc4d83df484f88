"""The timetrial that is running, as a wheel, so that both sides are measured by the same one."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from timetrial.errors import GateError
from timetrial.system import own_package

_TAG: Final = "py3-none-any"
_WHEEL: Final = f"Wheel-Version: 1.0\nGenerator: timetrial\nRoot-Is-Purelib: true\nTag: {_TAG}\n"


def write_own_wheel(folder: Path) -> Path:
    """Packs this very timetrial, released or not, with its own metadata; the format is that of PEP 427."""
    own = _own_distribution()
    about = f"timetrial-{own.version}.dist-info"
    path = folder / f"timetrial-{own.version}-{_TAG}.whl"
    record = []
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in _files(own, about):
            wheel.writestr(name, content)
            record.append(f"{name},sha256={_digest(content)},{len(content)}")
        wheel.writestr(f"{about}/RECORD", "\n".join([*record, f"{about}/RECORD,,", ""]))
    return path


def _own_distribution() -> Distribution:
    try:
        return distribution("timetrial")
    except PackageNotFoundError as error:
        raise GateError("this timetrial is not installed, only importable; install it with pip first") from error


def _files(own: Distribution, about: str) -> Iterator[tuple[str, bytes]]:
    package = own_package.FOLDER
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{package.name}/{path.relative_to(package).as_posix()}", path.read_bytes()
    for name in ("METADATA", "entry_points.txt"):
        yield f"{about}/{name}", (own.read_text(name) or "").encode()
    yield f"{about}/WHEEL", _WHEEL.encode()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
