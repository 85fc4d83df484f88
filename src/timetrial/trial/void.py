"""Why a trial can be void: a closed set of reasons, each with what to do about it."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from timetrial.errors import VoidTrialError
from timetrial.languages import Text, text


class Kind(StrEnum):
    """What can make a trial's timing mean nothing; docs/fairness.md has a section for each."""

    RESULTS = "results"
    REQUESTS = "requests"
    CONCURRENCY = "concurrency"
    POOL = "pool"
    LIMIT = "limit"
    SERVER_BOUND = "server-bound"
    ITEMS = "items"
    FALLBACK = "fallback"
    CLOCK = "clock"
    LEFTOVERS = "leftovers"
    DISTURBED = "disturbed"
    WORKER_ENVIRONMENT = "worker-environment"
    TRACED = "traced"
    WORKER_LOST = "worker-lost"
    THROTTLED = "throttled"


WRONG_WORK: Final = frozenset({Kind.RESULTS, Kind.REQUESTS, Kind.CONCURRENCY})
"""The kinds that fail the test, since what was timed is not the work; the others mark the trial and let it pass."""

FIXES: Final = {
    Kind.RESULTS: "the timing means nothing until every model does the same work: give the workload comparable= for "
    "what may differ; workers don't see what a test patches in Python's objects, except with --trial-start-method=fork",
    Kind.REQUESTS: "look for retries, caches or items that send none, or pass trial(..., requests_per_round=) if the "
    "expected number is wrong",
    Kind.CONCURRENCY: "the other models may not do so: bound the model's own tasks, threads or pool by concurrency=",
    Kind.POOL: "size the client's pool by the number that its resource is opened with: limit= of aiohttp's "
    "TCPConnector, pool_maxsize= of requests' HTTPAdapter, max_connections= of httpx's Limits",
    Kind.LIMIT: "raise the limit (ulimit -n for open files, net.ipv4.ip_local_port_range for ports), reuse "
    "connections, or ask for less at once",
    Kind.SERVER_BOUND: "give the server more of the machine (MockServer.start(processes=2), loop='uvloop'), or ask "
    "less of it (fewer bytes, a delay), so that the client decides how fast it goes",
    Kind.ITEMS: "let the task work on a copy of what it changes, such as sorted(item) in place of item.sort()",
    Kind.FALLBACK: "install or repair what was asked for (for the loop of an async def test: pytest-asyncio 1.4), or "
    "ask for what is there",
    Kind.CLOCK: "give the trial more items, so that a round takes longer",
    Kind.LEFTOVERS: "end what the task starts before it returns: it takes time and memory from the trials that follow",
    Kind.DISTURBED: "run it again while the machine is quiet, or beside another model without --trial-no-interleave: "
    "where models take turns, it meets all alike",
    Kind.THROTTLED: "raise the quota (limits.cpu of a pod, docker --cpus), or ask for a concurrency that it has "
    "room for",
    Kind.TRACED: "run the trials without it: it slows some code down more than other code",
    Kind.WORKER_LOST: "look into the workers' logs for what ended them, and run it again on a cluster that stays whole",
    Kind.WORKER_ENVIRONMENT: "set it before pytest starts, or have workers take all of it over with "
    "--trial-start-method=fork",
}


@dataclass(frozen=True)
class Void:
    """One reason why a trial's timing means nothing: what happened, with its figures."""

    kind: Kind
    reason: str

    @property
    def fix(self) -> str:
        """What to do about it, in words that follow the reason after a semicolon."""
        return FIXES[self.kind]

    def __str__(self) -> str:
        """For people: what happened and what to do."""
        return f"{self.reason}; {self.fix}"

    def as_dict(self) -> dict[str, str]:
        """For JSON: ``kind``, ``reason``, the same in Chinese as ``reason_zh``, and ``fix``."""
        chinese = {"reason_zh": told.zh} if (told := text(self.reason)).zh != told.en else {}
        return {"kind": str(self.kind), "reason": self.reason, **chinese, "fix": self.fix}

    def error(self, who: str) -> VoidTrialError:
        """What fails the test of a trial that did other work."""
        return VoidTrialError(f"{who}: {self}", kind=self.kind, reason=self.reason)


_LIMITS_REACHED: Final = {
    errno.EMFILE: Text("this process may open no more files (EMFILE)", "此进程不能再打开更多文件（EMFILE）"),
    errno.ENFILE: Text("the system may open no more files (ENFILE)", "系统不能再打开更多文件（ENFILE）"),
    errno.EADDRNOTAVAIL: Text(
        "there was no port left to connect from (EADDRNOTAVAIL)", "已没有可用于连接的端口（EADDRNOTAVAIL）"
    ),
    errno.ENOBUFS: Text("the system had no more room for sockets (ENOBUFS)", "系统已没有套接字的空间（ENOBUFS）"),
}
_DEEPEST_CAUSE: Final = 20


def void_of(error: BaseException) -> Void | None:
    """Why a trial that ended with this error is void; None for an error that is only the task's own."""
    if isinstance(error, VoidTrialError):
        return Void(Kind(error.kind), error.reason)
    reached = _limit_reached(error)
    if reached is None:
        return None
    said = f"{type(error).__name__}: {error}"
    return Void(Kind.LIMIT, Text(f"{reached.en}: {said}", f"{reached.zh}：{said}"))


def _limit_reached(error: BaseException) -> Text | None:
    """A client may wrap what the system said, so causes count; from a worker process come only their texts."""
    each: BaseException | None = error
    for _ in range(_DEEPEST_CAUSE):
        if each is None:
            return None
        if isinstance(each, OSError) and each.errno in _LIMITS_REACHED:
            return _LIMITS_REACHED[each.errno]
        told = "\n".join([str(each), *getattr(each, "__notes__", ())])
        for number, sentence in _LIMITS_REACHED.items():
            if f"[Errno {number}]" in told:
                return sentence
        each = each.__cause__ or each.__context__
    return None
