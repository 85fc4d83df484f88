"""Tasks that somebody left in the loop are found while it runs."""

from __future__ import annotations

import asyncio

from timetrial.measure.leftovers.pending_tasks import pending_since


async def wait_for_ever() -> None:
    """Until it is cancelled."""
    await asyncio.Event().wait()


def test_tasks_left_in_the_loop_are_told_once_for_each_coroutine() -> None:
    """With how many they are; those that were there before are somebody else's."""

    async def main() -> list[str]:
        before = asyncio.create_task(wait_for_ever())
        known = asyncio.all_tasks()
        tasks = [asyncio.create_task(wait_for_ever()) for _ in range(3)]
        found = await pending_since(known, patience_s=0.0)
        for each in (before, *tasks):
            each.cancel()
        return found

    (line,) = asyncio.run(main())
    assert line.startswith("a task of 'wait_for_ever' (")
    assert line.endswith(" is still pending (3 times)")


def test_tasks_that_are_about_to_end_are_waited_for() -> None:
    """Their loop runs on meanwhile."""

    async def main() -> list[str]:
        known = asyncio.all_tasks()
        event = asyncio.Event()
        task = asyncio.create_task(event.wait())
        asyncio.get_running_loop().call_later(0.05, event.set)
        found = await pending_since(known, patience_s=30)
        assert task.done()
        return found

    assert asyncio.run(main()) == []
