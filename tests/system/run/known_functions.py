"""Forty functions that are known: what they do with their time, from how they are built, and what to use for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from timetrial.target.request import Request

PRELUDE = '''
import asyncio, hashlib, json, random, re, subprocess, sys, threading, time, zlib
from contextlib import asynccontextmanager, contextmanager
from functools import partial

BLOCK = random.Random(0).randbytes(1_000_000)
PACKED = zlib.compress(BLOCK[:300_000] * 3)
LOCK = threading.Lock()
TREE = {str(n): list(range(20)) for n in range(300)}
TEXT = "the quick brown fox " * 2_000
SHUFFLED = random.Random(0).sample(range(20_000), 20_000)


def held(ms):
    """Computes so long with the GIL held."""
    until = time.thread_time() + ms / 1e3
    while time.thread_time() < until:
        pass
    return ms


def free(ms):
    """Computes so long without it."""
    until = time.thread_time() + ms / 1e3
    while time.thread_time() < until:
        hashlib.sha256(BLOCK).digest()
    return ms


def wait(ms):
    time.sleep(ms / 1e3)
    return ms


'''


@dataclass(frozen=True)
class Known:
    """A function, its shares as far as they are known, and the models of which one has to be advised.

    ``needs_cores`` says that the advice is the one only on a machine with a second core that is free.
    """

    name: str
    code: str
    models: tuple[str, ...]
    waiting: float | None = None
    with_gil: float | None = None
    words: tuple[str, ...] = ()
    needs_cores: bool = False

    @property
    def script(self) -> str:
        """The whole file; the function is called f."""
        return PRELUDE + self.code

    def request(self, file: str = "jobs.py", items: str = "200") -> Request:
        """What the command line asks for, with the function in that file."""
        pairs = zip(self.words[::2], self.words[1::2], strict=True)
        options: dict[str, Any] = {
            name.strip("-").replace("-", "_"): value.replace("jobs.py", file) for name, value in pairs
        }
        return replace(Request(f"{file}:f", items), **options)


_ANY = ("serial", "threads", "processes", "coroutines[to_thread]")
_OVERLAPS = ("threads",)
_SHARES_OUT = ("processes",)

KNOWN = [
    Known("waits 2 ms", "def f(n): return wait(2)", _OVERLAPS, 1.0, 0.0),
    Known("waits 10 ms", "def f(n): return wait(10)", _OVERLAPS, 1.0, 0.0),
    Known("waits 50 ms", "def f(n): return wait(50)", _OVERLAPS, 1.0, 0.0),
    Known("holds 2 ms", "def f(n): return held(2)", _SHARES_OUT, 0.0, 1.0, needs_cores=True),
    Known("holds 20 ms", "def f(n): return held(20)", _SHARES_OUT, 0.0, 1.0, needs_cores=True),
    Known("frees 5 ms", "def f(n): return free(5)", _OVERLAPS, 0.0, 0.0, needs_cores=True),
    Known("frees 20 ms", "def f(n): return free(20)", _OVERLAPS, 0.0, 0.0, needs_cores=True),
    Known("waits half, holds half", "def f(n): return wait(10) + held(10)", _SHARES_OUT, 0.5, 0.5, needs_cores=True),
    Known("waits half, frees half", "def f(n): return wait(20) + free(20)", _OVERLAPS, 0.5, 0.0, needs_cores=True),
    Known(
        "holds half, frees half",
        "def f(n): return held(20) + free(20)",
        _SHARES_OUT + _OVERLAPS,
        0.0,
        0.5,
        needs_cores=True,
    ),
    Known(
        "a third of each",
        "def f(n): return wait(15) + held(15) + free(15)",
        _SHARES_OUT + _OVERLAPS,
        1 / 3,
        1 / 3,
        needs_cores=True,
    ),
    Known("waits most, holds some", "def f(n): return wait(18) + held(2)", _OVERLAPS + _SHARES_OUT, 0.9, 0.1),
    Known("waits most, frees some", "def f(n): return wait(36) + free(4)", _OVERLAPS, 0.9, 0.0),
    Known("holds most, waits some", "def f(n): return held(16) + wait(4)", _SHARES_OUT, 0.2, 0.8, needs_cores=True),
    Known(
        "frees most, holds some",
        "def f(n): return free(32) + held(8)",
        _OVERLAPS + _SHARES_OUT,
        0.0,
        0.2,
        needs_cores=True,
    ),
    Known("tiny sum", "def f(n): return n + 1", ("serial",)),
    Known("tiny text", "def f(n): return str(n)", ("serial",)),
    Known("tiny, no parameters", "def f(): return 7", ("serial",)),
    Known("tiny dictionary", "def f(n): return {'n': n}", ("serial",)),
    Known("huge result, no work", "def f(n): return bytes(1_000_000)", ("serial", "threads")),
    Known(
        "huge result, much work",
        "def f(n):\n    held(20)\n    return bytes(200_000)",
        _SHARES_OUT,
        0.0,
        None,
        needs_cores=True,
    ),
    Known("contended lock, waiting", "def f(n):\n    with LOCK:\n        return wait(5)", _SHARES_OUT, 1.0, 0.0),
    Known("one item far longer", "def f(n): return wait(100 if n == 0 else 2)", _OVERLAPS, 1.0, 0.0),
    Known(
        "fails at the fortieth, counted",
        "def f(n):\n    wait(5)\n    if n == 40: raise ValueError(n)\n    return n",
        _OVERLAPS,
        1.0,
        0.0,
        ("--on-error", "count"),
    ),
    Known("JSON", "def f(n): return len(json.dumps(TREE))", (*_SHARES_OUT, "serial"), 0.0, 1.0, needs_cores=True),
    Known(
        "regular expression",
        "def f(n): return len(re.sub(r'(q)u', r'\\\\1', TEXT))",
        (*_SHARES_OUT, "serial"),
        0.0,
        1.0,
        needs_cores=True,
    ),
    Known("sorting", "def f(n): return sorted(SHUFFLED)[n]", _SHARES_OUT, 0.0, 1.0, needs_cores=True),
    Known("large numbers", "def f(n): return pow(3, 60_000) % 1_000_003", _SHARES_OUT, 0.0, 1.0, needs_cores=True),
    Known("hashing", "def f(n): return hashlib.sha512(BLOCK).hexdigest()", _OVERLAPS, 0.0, 0.0, needs_cores=True),
    Known("compressing", "def f(n): return len(zlib.compress(BLOCK, 1))", _OVERLAPS, 0.0, 0.0, needs_cores=True),
    Known("a method", "class Client:\n    def get(self, n): return wait(5)\nf = Client().get", _OVERLAPS, 1.0, 0.0),
    Known("a partial", "f = partial(lambda ms, n: wait(ms), 5)", ("threads",), 1.0, 0.0),
    Known(
        "an object to call", "class Fetch:\n    def __call__(self, n): return wait(5)\nf = Fetch()", _OVERLAPS, 1.0, 0.0
    ),
    Known(
        "a session for each worker",
        "@contextmanager\ndef session(count): yield 's'\ndef f(n, s): return wait(5)",
        _OVERLAPS,
        1.0,
        0.0,
        ("--resource", "jobs.py:session"),
    ),
    Known(
        "a program", "def f(n): return subprocess.run([sys.executable, '-S', '-c', ''], check=True).returncode", _ANY
    ),
    Known(
        # What the loop computes for its timer depends on the machine: 0.1 to 0.3 ms, a tenth of the item.
        "async, waits 2 ms",
        "async def f(n):\n    await asyncio.sleep(0.002)\n    return n",
        ("coroutines",),
    ),
    Known(
        "async, waits 8 ms", "async def f(n):\n    await asyncio.sleep(0.008)\n    return n", ("coroutines",), 1.0, 0.0
    ),
    Known(
        "async, waits 20 ms", "async def f(n):\n    await asyncio.sleep(0.02)\n    return n", ("coroutines",), 1.0, 0.0
    ),
    Known(
        "async, holds 10 ms", "async def f(n): return held(10)", ("processes+coroutines",), 0.0, 1.0, needs_cores=True
    ),
    Known("async, blocks", "async def f(n): return wait(5)", ("processes+coroutines",), 1.0, 0.0),
    Known("async, tiny", "async def f(n): return n", ("coroutines",)),
    Known(
        "async beside sync",
        "def f(n): return wait(5)\nasync def af(n):\n    await asyncio.sleep(0.005)\n    return 5",
        ("threads", "coroutines"),
        None,
        None,
        ("--async-task", "jobs.py:af"),
    ),
]
