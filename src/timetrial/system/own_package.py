"""Where this package itself lies, for those who copy it, hand it on or know its code from others'."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1]
"""The folder ``timetrial``; its parent is what has to be on ``sys.path``."""
