"""The concurrency models, one file each and the same shape side by side."""

from __future__ import annotations
