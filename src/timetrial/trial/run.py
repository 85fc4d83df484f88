"""One trial, from top to bottom: open the model, prove the work, time the rounds, close, record."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from typing import Any, Self

from timetrial.errors import WorkloadError
from timetrial.models.base import InLoopModel
from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import TrialPlan
from timetrial.trial.recorder import Recorder


def run_trial(plan: TrialPlan) -> Measurement:
    """Runs a trial in the calling thread, which must not be running an event loop if the model has one of its own.

    Raises VoidTrialError when the work was not the expected work, and whatever a task or a model raises.
    """
    with OpenTrial(plan) as trial:
        while trial.wants_another_round():
            trial.time_a_round()
    return trial.measurement()


async def run_trial_in_loop(plan: TrialPlan) -> Measurement:
    """As run_trial, inside the running event loop, for a model that can join one (coroutines)."""
    if not isinstance(plan.model(), InLoopModel):
        return run_trial(plan)
    async with OpenTrialInLoop(plan) as trial:
        while trial.wants_another_round():
            await trial.time_a_round()
    return trial.measurement()


class OpenTrial:
    """A trial whose model is open, warm and proved: its rounds can be timed one at a time, whoever decides when."""

    def __init__(self, plan: TrialPlan) -> None:
        self._plan = plan
        self._recorder = Recorder(plan)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        plan, recorder = self._plan, self._recorder
        with ExitStack() as stack:
            stack.enter_context(recorder.without_tracers())
            self._executor = stack.enter_context(plan.model().open(plan.way(), plan.in_flight))
            if recorder.first_item:
                self._executor.run(recorder.first_item)
            recorder.before_first_round()
            results = self._executor.run(plan.items)
            recorder.first_round(results, self._executor.details, self._executor.worker_pids())
            while recorder.looks_for_its_pace:
                with recorder.pacing():
                    self._executor.run(plan.items)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure: Any) -> bool | None:
        self._recorder.closing(self._executor.details, failed=failure[0] is not None)
        swallowed = self._stack.__exit__(*failure)
        if failure[0] is None:
            self._recorder.closed()
        return swallowed

    def wants_another_round(self) -> bool:
        """Whether the plan's policy asks for more; also tells ``on_round`` how far it is."""
        return self._recorder.wants_another_round()

    def time_a_round(self) -> float:
        """Runs one round between two readings of the clock, proves it afterwards, and returns its duration.

        That of one execution: a round of very short ones is made of several.
        """
        run, items, more = self._executor.run, self._plan.items, range(self._recorder.executions - 1)
        with self._recorder.timed_round() as finish:
            for _ in more:
                run(items)
            results = run(items)
            finish()
        return self._recorder.check(results)

    def worker_pids(self) -> Sequence[int]:
        """The processes that do the work, this one included where it takes part."""
        return self._executor.worker_pids()

    def measurement(self) -> Measurement:
        """What was found out, once the trial is closed."""
        return self._recorder.measurement()


class OpenTrialInLoop:
    """As OpenTrial, inside the running event loop, under a model that can join one."""

    def __init__(self, plan: TrialPlan) -> None:
        self._plan = plan
        self._recorder = Recorder(plan, in_loop=True)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        plan, recorder, model = self._plan, self._recorder, self._plan.model()
        if not isinstance(model, InLoopModel):
            raise WorkloadError(f"{plan.workload.name!r}: {plan.model_id!r} can't run inside an async test's loop")
        async with AsyncExitStack() as stack:
            stack.enter_context(recorder.without_tracers())
            self._executor = await stack.enter_async_context(model.open_in_loop(plan.way(), plan.in_flight))
            if recorder.first_item:
                await self._executor.run(recorder.first_item)
            recorder.before_first_round()
            results = await self._executor.run(plan.items)
            recorder.first_round(results, self._executor.details, [os.getpid()])
            while recorder.looks_for_its_pace:
                with recorder.pacing():
                    await self._executor.run(plan.items)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *failure: Any) -> bool | None:
        self._recorder.closing(self._executor.details, failed=failure[0] is not None)
        swallowed = await self._stack.__aexit__(*failure)
        if failure[0] is None:
            self._recorder.closed()
        return swallowed

    def wants_another_round(self) -> bool:
        """As in OpenTrial."""
        return self._recorder.wants_another_round()

    async def time_a_round(self) -> float:
        """As in OpenTrial."""
        run, items, more = self._executor.run, self._plan.items, range(self._recorder.executions - 1)
        with self._recorder.timed_round() as finish:
            for _ in more:
                await run(items)
            results = await run(items)
            finish()
        return self._recorder.check(results)

    def measurement(self) -> Measurement:
        """As in OpenTrial."""
        return self._recorder.measurement()
