"""The mock HTTP server: an instrument that costs little and attests what really happened."""

from __future__ import annotations
