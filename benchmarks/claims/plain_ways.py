"""One job in each model, as short as its library lets a careful person write it: what code costs is counted here.

The job: so many numbers, a few at a time, results in order, and a count of those done that all workers add to.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import multiprocessing
import textwrap
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, Final, NamedTuple

AT_ONCE: Final = 2


def cube(number: int) -> int:
    """A number's work."""
    return number**3


async def cube_later(number: int) -> int:
    """The same where a coroutine has to wait for it."""
    await asyncio.sleep(0)
    return number**3


def by_threads(numbers: Sequence[int]) -> tuple[list[int], int]:
    """A pool, and a lock for the count."""
    done, lock = 0, threading.Lock()

    def work(number: int) -> int:
        nonlocal done
        result = cube(number)
        with lock:
            done += 1
        return result

    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(work, numbers))
    return results, done


_done: Any = None


def share(done: Any) -> None:
    """Each worker process is handed the count when it starts."""
    global _done
    _done = done


def work_in_process(number: int) -> int:
    """At the top of its module, or it can't be pickled."""
    result = cube(number)
    with _done.get_lock():
        _done.value += 1
    return result


def by_processes(numbers: Sequence[int]) -> tuple[list[int], int]:
    """A pool, and a number in shared memory with its lock."""
    done = multiprocessing.Value("q")
    with ProcessPoolExecutor(AT_ONCE, initializer=share, initargs=(done,)) as pool:
        results = list(pool.map(work_in_process, numbers))
    return results, done.value


async def by_coroutines(numbers: Sequence[int]) -> tuple[list[int], int]:
    """A semaphore, and no lock: nothing is awaited between reading the count and writing it."""
    done, at_once = 0, asyncio.Semaphore(AT_ONCE)

    async def work(number: int) -> int:
        nonlocal done
        async with at_once:
            result = await cube_later(number)
        done += 1
        return result

    results = await asyncio.gather(*map(work, numbers))
    return results, done


OF_MODEL: Final[dict[str, tuple[Callable[..., Any], ...]]] = {
    "threads": (by_threads,),
    "processes": (share, work_in_process, by_processes),
    "coroutines": (by_coroutines,),
}
"""The functions that each model's code is made of."""


class Complexity(NamedTuple):
    """What is counted of a piece of source."""

    lines: int
    """Without empty ones, comments and docstrings."""
    branches: int
    """Where it may go one way or another: conditions, loops, handlers, comprehensions."""
    primitives: int
    """Different ones of the concurrency libraries, and of the words async and await."""


_BRANCHES: Final = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.comprehension)
_PRIMITIVES: Final = frozenset(
    {"Lock", "ThreadPoolExecutor", "ProcessPoolExecutor", "Semaphore", "Value", "get_lock", "gather", "initializer"}
)
_SYNTAX: Final = (ast.AsyncFunctionDef, ast.Await, ast.AsyncWith, ast.AsyncFor, ast.Global)


def complexity(functions: Iterable[Callable[..., Any]]) -> Complexity:
    """Counted from their source."""
    trees = [_without_docstrings(ast.parse(textwrap.dedent(inspect.getsource(each)))) for each in functions]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    lines = sum(len(ast.unparse(tree).splitlines()) for tree in trees)
    words = {type(node).__name__ for node in nodes if isinstance(node, _SYNTAX)}
    return Complexity(lines, sum(isinstance(node, _BRANCHES) for node in nodes), len(words | _names(nodes)))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return tree


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    kinds = ((ast.Name, "id"), (ast.Attribute, "attr"), (ast.keyword, "arg"))
    names = {getattr(node, name) for node in nodes for kind, name in kinds if isinstance(node, kind)}
    return names & _PRIMITIVES
