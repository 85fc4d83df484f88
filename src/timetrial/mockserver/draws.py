"""Reproducible chance: a draw depends on a seed, a URL's path and the request's number there, not on arrival."""

from __future__ import annotations

import zlib

_MASK = (1 << 64) - 1


def draw(seed: int, index: int) -> float:
    """A number above 0 and below 1 for the request with this number; the same one in every run.

    This is the mixing step of SplitMix64: cheap, well spread, and without a state that requests would share.
    """
    z = (seed * 0x9E3779B97F4A7C15 + (index + 1) * 0xD1342543DE82EF95) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    z ^= z >> 31
    return ((z >> 12) + 0.5) / (1 << 52)  # one bit more, and the highest would be rounded to 1


def seed_for(seed: int, what: str, path: str) -> int:
    """The seed of one kind of draws at one path: other paths, and other kinds, draw other numbers."""
    return seed ^ zlib.crc32(f"{what} {path}".encode())
