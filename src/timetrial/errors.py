"""Everything timetrial raises on purpose: one base class, and every message names the fix."""

from __future__ import annotations


class TimetrialError(Exception):
    """The base of all errors that timetrial raises on purpose."""


class WorkloadError(TimetrialError):
    """A workload is declared in a way that cannot be run, or not under the model that was asked for."""


class ModelUnavailableError(TimetrialError):
    """The concurrency model that was asked for cannot run here; no other one is put in its place."""


class ClusterError(TimetrialError):
    """A Dask cluster that was asked for does not answer, has no workers, or has something else installed than here."""


class LimitError(TimetrialError):
    """A limit of the operating system keeps a model from having as many workers as were asked for."""


class WorkerDiedError(TimetrialError):
    """A worker process ended without reporting back, so the round it took part in is lost."""


class NeverAwaitedError(TimetrialError):
    """A coroutine was made and never awaited: no work was done, so there is nothing to time."""


class NothingComputedError(TimetrialError):
    """What was run gave back work that is still to be done, so only its making could be timed."""


class VoidTrialError(TimetrialError):
    """A trial whose timing means nothing: ``kind`` is one of ``trial.void.Kind``, ``reason`` what happened."""

    def __init__(self, message: str, *, kind: str = "results", reason: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.reason = reason or message


class TargetError(TimetrialError):
    """What ``timetrial run`` is to run, or to run it with, can't be found or can't be meant."""


class TargetFailedError(TimetrialError):
    """Code of the user's raised where it was imported or asked for items; the cause is what it raised."""


class NoAnswerError(TimetrialError):
    """``timetrial run`` can say nothing of this function; the message says why, and what would help."""


class MockServerError(TimetrialError):
    """The mock server could not be started, or does not answer any more."""


class ResultsError(TimetrialError):
    """A file of results cannot be written or read."""


class ClaimError(TimetrialError):
    """A claim is written in a way that can't be judged, or there is none of that name."""


class GateError(TimetrialError):
    """A gate is asked for in a way that can't be meant, or its two sides can't be set against each other."""


class NoRoomError(GateError):
    """A gate can't write where it has to: the disk is full or forbids it, whatever code is compared."""


class SideDownError(GateError):
    """A side's process ended, or fell silent, in the middle of a launch; ``side`` is ``base`` or ``candidate``."""

    def __init__(self, side: str, message: str) -> None:
        super().__init__(message)
        self.side = side


class AccountingError(TimetrialError):
    """Processes can't be accounted for here, or the process that does it is gone."""


class MeterNotStartedError(TimetrialError):
    """A meter was stopped that had not been started."""


_LONGEST_ITEM_SHOWN = 200


def shorten(value: object) -> str:
    """``repr(value)``, cut in the middle so that an error stays readable whatever the item is."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 (anybody's repr; it must not hide the error that shows the value)
        return f"<{type(value).__name__}, whose repr() raises {type(error).__name__}>"
    if len(text) <= _LONGEST_ITEM_SHOWN:
        return text
    half = _LONGEST_ITEM_SHOWN // 2
    return f"{text[:half]} … {text[-half:]} ({len(text)} characters)"


def blame(error: BaseException, *, index: int, item: object, model: str) -> None:
    """Notes on an exception which item caused it, so that it can be raised as it is.

    ``index`` is the item's place in the round, from 0; ``model`` the model's name. Executors call it before they raise
    what a task raised. The note travels with the exception through pickle, and pytest prints it below the traceback.
    """
    error.add_note(f"timetrial: raised by item {index}, {shorten(item)}, under {model!r}")
