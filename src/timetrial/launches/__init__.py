"""Several fresh interpreters one after the other, kept apart: launches are the independent samples."""

from __future__ import annotations

from typing import Final

LAUNCHED: Final = "timetrial-launched"
"""The name under which a launch's pytest has its plugin registered."""
