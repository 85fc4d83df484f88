"""What pytest's node ids say: variants of one test differ in what stands between the brackets."""

from __future__ import annotations

from collections.abc import Iterable


def family_of(node_id: str) -> str:
    """The test that this is a variant of: ``a.py::test_b`` for ``a.py::test_b[8-x]``, and for itself."""
    path, separator, inside = node_id.partition("::")
    return f"{path}{separator}{inside.partition('[')[0]}"


def by_family(node_ids: Iterable[str]) -> dict[str, list[str]]:
    """The ids of each family, in their order."""
    families: dict[str, list[str]] = {}
    for node_id in node_ids:
        families.setdefault(family_of(node_id), []).append(node_id)
    return families
