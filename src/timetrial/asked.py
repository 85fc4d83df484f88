"""What the models of one test ask the server for: the same paths as often, or one of them does other work."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final

from timetrial.digest import digest
from timetrial.plan import TrialPlan
from timetrial.voids import Kind, Void

_MOST_NAMED: Final = 3


class Asked:
    """Holds what each model's proving round asked for against that of the first model of the same test.

    Only where their items are the same too: a test may make new URLs for each of its models.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[str, Mapping[str, int]]] = {}

    def differs(self, test: Hashable, plan: TrialPlan, paths: Mapping[str, int]) -> Void | None:
        """Why this plan's model did other work than the first one of that test, or None."""
        # The server's own address may be another one for each model.
        items = digest(repr(list(plan.items)).replace(getattr(plan.server, "url", "") or "\0", ""))
        first, expected = self._known.setdefault((test, items), (plan.model_id, paths))
        wrong = sorted(each for each in {**expected, **paths} if expected.get(each, 0) != paths.get(each, 0))
        if not wrong:
            return None
        named = [f"{each} {paths.get(each, 0)} time(s), {first} {expected.get(each, 0)}" for each in wrong]
        more = f", and {len(wrong) - _MOST_NAMED} more paths" if len(wrong) > _MOST_NAMED else ""
        return Void(Kind.REQUESTS, f"it asked for {'; '.join(named[:_MOST_NAMED])}{more}")
