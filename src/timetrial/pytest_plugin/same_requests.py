"""What the models of one test ask the server for: the same paths as often, or one of them does other work."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

from timetrial.trial.digest import digest_of_items
from timetrial.trial.plan import TrialPlan
from timetrial.trial.void import Kind, Void

_MOST_NAMED: Final = 3


class Asked:
    """Holds what each model's rounds ask for against those of the first model of the same test.

    Only where their items are the same too, as far as that can be told: a test may make new URLs for each of its
    models.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[str, Mapping[str, int]]] = {}

    def differs(self, test: Hashable, plan: TrialPlan, paths: Mapping[str, int]) -> Void | None:
        """Why this plan's model did other work than the first one of that test, or None."""
        items = work_of(plan)
        if items is None:
            return None
        first, expected = self._known.setdefault((test, items), (plan.model_id, paths))
        wrong = sorted(each for each in {**expected, **paths} if expected.get(each, 0) != paths.get(each, 0))
        if not wrong:
            return None
        named = [f"{each} {paths.get(each, 0)} time(s), {first} {expected.get(each, 0)}" for each in wrong]
        more = f", and {len(wrong) - _MOST_NAMED} more paths" if len(wrong) > _MOST_NAMED else ""
        return Void(Kind.REQUESTS, f"a round asked for {'; '.join(named[:_MOST_NAMED])}{more}")


def work_of(plan: TrialPlan) -> bytes | None:
    """A digest of the items apart from the server's own address, which may be another one for each model."""
    return digest_of_items(_without(getattr(plan.server, "url", ""), list(plan.items)))


def _without(url: str, thing: Any) -> Any:
    if isinstance(thing, str):
        return thing.replace(url, "") if url else thing
    return [_without(url, each) for each in thing] if isinstance(thing, list | tuple) else thing
