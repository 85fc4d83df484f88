"""Which options go together: a pair that the server can't do, or of which one would be lost, is refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from timetrial.errors import MockServerError
from timetrial.mockserver.behaviour import PLAIN, Behaviour

MOST_GZIPPED_BYTES = 16 * 2**20

# Answers that have no body, whatever is asked for (RFC 9110).
NO_BODY = (204, 205, 304)
# Where a Location says what comes next.
REDIRECTS = (301, 302, 303, 307, 308)
# These need at least one byte of a body, those only an answer that may have one.
IN_A_BODY = frozenset({"reset_in_body", "short_body", "hang_in_body", "bad_encoding"})
OF_A_BODY = IN_A_BODY | {"long_body", "bad_chunks", "endless_body"}
# Nothing of an answer is ever seen.
_NO_ANSWER = ("reset_before_headers", "hang", "garbage")

# option: those of which it needs at least one, since without any of them it would change nothing
_NEEDS = {
    "retry_after_s": ("status",),
    "service_ms": ("slots",),
    "queue": ("slots",),
    "interval_ms": ("fault",),
    "per": ("first",),
    "share": ("status", "fault", "cut_after_bytes"),
    "nth": ("status", "fault", "cut_after_bytes"),
    "first": ("status", "fault", "cut_after_bytes"),
}


def check_together(how: Behaviour, where: str) -> None:
    """Raises MockServerError for the first pair of options that don't go together, with the reason."""
    for problem in _problems(how):
        raise MockServerError(f"{where}: {problem}")


def _problems(how: Behaviour) -> Iterator[str]:
    for name, needed in _NEEDS.items():
        if _given(how, name) and not any(_given(how, other) for other in needed):
            yield f"{name}= needs {_either([f'{other}=' for other in needed])}"
    if how.cut_after_bytes >= 0 and how.fault not in ("", "short_body"):
        yield f'cut_after_bytes= is a short body of its own and does not go with fault="{how.fault}"'
    yield from _problems_of_status(how)
    yield from _problems_of_form(how)


def _problems_of_status(how: Behaviour) -> Iterator[str]:
    fault = of_a_body(how)
    if how.status in NO_BODY and fault:
        yield f"an answer of status={how.status} has no body, which {fault} is about"
    if how.status and how.fault in _NO_ANSWER:
        yield f'status= would not be seen with fault="{how.fault}", which sends no answer'
    if how.status and how.fault == "close_on_reuse" and limited(how):
        yield 'status= and fault="close_on_reuse" are not done to the same request, so that no limit is for both'
    if how.status and how.fault == "redirect_loop" and how.status not in REDIRECTS:
        statuses = _either([str(status) for status in REDIRECTS])
        yield f'fault="redirect_loop" goes with a status= of {statuses}, not {how.status}'


def _problems_of_form(how: Behaviour) -> Iterator[str]:
    forms = [f"{name}=" for name in ("gzip", "chunked") if _given(how, name)]
    if how.gzip and how.fault in ("bad_encoding", "endless_body"):
        yield f'gzip= does not go with fault="{how.fault}", which sends a body that is not compressed'
    if limited(how) or not (forms or how.rate_bytes_per_s):
        return
    if forms and how.status in NO_BODY:
        yield f"an answer of status={how.status} has no body, which {forms[0]} is about"
    if forms and how.fault in _NO_ANSWER:
        yield f'{forms[0]} would not be seen with fault="{how.fault}", which sends no answer'
    if how.rate_bytes_per_s and how.fault in ("reset_before_headers", "hang"):
        yield f'rate_bytes_per_s= would not be seen with fault="{how.fault}", which sends no answer'


def limited(how: Behaviour) -> bool:
    """Whether only some of the requests are hit by ``status``, ``fault`` and ``cut_after_bytes``."""
    return bool(how.share < 1 or how.nth or how.first)


def of_a_body(how: Behaviour) -> str:
    """The option that is done to a body, in words; empty if there is none."""
    if how.cut_after_bytes >= 0:
        return "cut_after_bytes="
    return f'fault="{how.fault}"' if how.fault in OF_A_BODY else ""


def check_body(how: Behaviour, size_bytes: int, where: str) -> None:
    """Raises MockServerError for what can't be done to a body of exactly so many bytes."""
    if how.gzip and size_bytes > MOST_GZIPPED_BYTES:
        raise MockServerError(f"{where}: gzip is for bodies of up to {MOST_GZIPPED_BYTES} bytes, not {size_bytes}")
    if how.status not in (0, 200):
        return  # what is cut then is the text of that answer
    if how.cut_after_bytes >= size_bytes:
        raise MockServerError(f"{where}: cut_after_bytes={how.cut_after_bytes} cuts nothing off {size_bytes} bytes")
    if not size_bytes and how.fault in IN_A_BODY:
        raise MockServerError(f'{where}: fault="{how.fault}" needs a body of at least one byte')


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _given(how: Behaviour, name: str) -> bool:
    return bool(getattr(how, name) != getattr(PLAIN, name))
