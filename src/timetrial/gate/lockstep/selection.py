"""Which tests each side is asked for: a path that only one of them has is new there, or missing on the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def selection_on(root: Path, other_root: Path, selection: Sequence[str], *, nothing: Path) -> list[str]:
    """The words for pytest in ``root``, without the paths that only ``other_root`` has.

    ``nothing`` is an empty folder, which is named where no path is left: without any, pytest would take all tests.
    """
    paths = {index for index in range(len(selection)) if _is_path(selection, index, root, other_root)}
    missing = {index for index in paths if not _exists(root, selection[index])}
    kept = [word for index, word in enumerate(selection) if index not in missing]
    return [*kept, str(nothing)] if missing and missing == paths else kept


def paths_in(root: Path, selection: Sequence[str]) -> list[str]:
    """The words of the selection that are paths in this folder, as they were given."""
    return [word for index, word in enumerate(selection) if _is_path(selection, index, root)]


def _is_path(selection: Sequence[str], index: int, *roots: Path) -> bool:
    """Whether a word is a path that a side has, and not an option or what belongs to one."""
    word, before = selection[index], selection[index - 1] if index else ""
    if word.startswith("-") or (before.startswith("-") and "=" not in before):
        return False
    return any(_exists(root, word) for root in roots)


def _exists(root: Path, word: str) -> bool:
    return (root / word.partition("::")[0]).exists()
