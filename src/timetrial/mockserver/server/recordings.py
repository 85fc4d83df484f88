"""Requests one by one, while somebody wants them."""

from __future__ import annotations

from collections import deque

_MOST_BYTES = 64 * 2**20
# What a row takes beside its texts.
_ROW_BYTES = 600


class Recording:
    """The last ``limit`` requests of a scope, or of the whole server (None), as far as they go into 64 MiB.

    A row is what RequestRecord is made of: scope, method, path, status, fault, whole, connection, client port, and the
    seconds of its arrival, its end and its delay.
    """

    def __init__(self, scope: str | None, limit: int) -> None:
        self.scope = scope
        self.limit = limit
        self._rows: deque[tuple[list[object], int]] = deque()
        self._size_bytes = 0

    def add(self, row: list[object]) -> None:
        """Keeps it, in the place of the oldest."""
        size_bytes = _ROW_BYTES + sum(4 * len(text) for text in row if isinstance(text, str))
        self._rows.append((row, size_bytes))
        self._size_bytes += size_bytes
        while len(self._rows) > self.limit or self._size_bytes > _MOST_BYTES:
            self._size_bytes -= self._rows.popleft()[1]

    def all_rows(self) -> list[list[object]]:
        """The rows, oldest first."""
        return [row for row, _ in self._rows]
