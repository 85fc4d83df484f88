"""What a page takes beyond timetrial itself."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from timetrial.errors import ResultsError

_MODULES: Final = {"jinja2": "Jinja2", "msgspec": "msgspec", "numpy": "numpy"}


def require_extra(wanted: str) -> None:
    """Raises ResultsError that names the extra, where a part of it is missing; ``wanted`` is the command."""
    missing = [name for module, name in _MODULES.items() if find_spec(module) is None]
    if missing:
        raise ResultsError(f"{wanted} needs {' and '.join(missing)}: install timetrial[report]")
