"""A module's source, taken apart: what runs when it is imported, and what only binds a name.

A statement that binds a name to something plain (a literal, an import, a function with plain defaults) does nothing
else: whoever doesn't mention that name can't tell whether it is there. Everything else may do anything to anybody, so
it counts for all that run in a process with this module.
"""

from __future__ import annotations

import ast
import builtins
import copy
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from timetrial.measure.execution.digests import digest
from timetrial.measure.execution.mentions import words_in

_PLAIN_DECORATORS: Final = {
    *("staticmethod", "classmethod", "property", "abc", "abstractmethod", "functools", "lru_cache", "cache"),
    *(
        "cached_property",
        "wraps",
        "contextlib",
        "contextmanager",
        "asynccontextmanager",
        "typing",
        "overload",
        "override",
    ),
    *("final", "pytest", "timetrial"),
}
_TAME_PACKAGES: Final = {"pytest", "timetrial", "pytest_asyncio", *sys.stdlib_module_names}
_TAME_DUNDERS: Final = {
    *("__version__", "__version_tuple__", "__author__", "__email__", "__license__", "__copyright__", "__date__"),
    *("__slots__", "__doc__", "__match_args__"),
}
_PLAIN_BASES: Final = {name for name, each in vars(builtins).items() if isinstance(each, type)} - {"type"}
_PYTESTS: Final = ("pytest", "collect_ignore")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Binding:
    """What a name is bound to: ``digest`` of the statement, without the bodies of functions."""

    digest: str
    mentions: frozenset[str]
    """Names that the statement itself looks up."""


@dataclass(frozen=True)
class Import:
    """What an import binds: a module, or with ``name`` what it has of that name; ``level`` are the dots before it."""

    level: int
    module: str
    name: str | None = None


@dataclass(frozen=True)
class Units:
    """A module, taken apart."""

    at_import: str
    """The digest of everything in it that isn't a plain binding, in its order; empty where there is nothing."""
    mentions: frozenset[str]
    """The names in that."""
    bindings: dict[str, Binding] = field(default_factory=dict)
    """The plain ones, by their names."""
    imports: dict[str, tuple[Import, ...]] = field(default_factory=dict)
    """Of the plain ones, what those are that come from an import."""
    unsure: frozenset[str] = frozenset()
    """Names that other statements may bind, and ``*`` where that may be any name."""


def units_of(source: bytes, *, whole: bool = False, own: Iterable[str] = ()) -> Units:
    """A module's units; with ``whole``, no statement of it counts as plain.

    ``own`` are the project's packages, whose decorators' functions are known by being called or mentioned; those of
    others may compile them. Raises SyntaxError as Python does.
    """
    tree = ast.parse(source)
    taker = _Taker(tree, frozenset(own), whole or any(map(_takes_all, tree.body)))
    plain: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for name in taker.plain_names(statement):
            plain.setdefault(name, []).append(statement)
    entangled = set(vars(builtins)) | _rebound(tree, [each for each in tree.body if not taker.plain_names(each)])
    loud_names = {
        name
        for name, found in plain.items()
        if name in entangled or (len(found) > 1 and not all(map(_is_import, found)))
    }
    loud = [each for each in tree.body if taker.is_loud(each, loud_names)]
    mentions = _mentions(taker.bare(each) for each in loud)
    bindings = {
        name: Binding(
            digest(*(taker.text(each, name) for each in found)), _mentions(taker.bare(each) for each in found)
        )
        for name, found in plain.items()
        if name not in loud_names
    }
    imports: dict[str, tuple[Import, ...]] = {}
    for name, each in (pair for statement in tree.body for pair in _imports_in(statement)):
        if name in bindings:
            imports[name] = (*imports.get(name, ()), each)
    unsure = frozenset(name for each in loud for name in _bound(each)) | loud_names
    return Units(_in_order(taker, tree.body, loud, mentions), mentions, bindings, imports, unsure)


def _in_order(taker: _Taker, body: Sequence[ast.stmt], loud: Sequence[ast.stmt], mentions: frozenset[str]) -> str:
    """The loud statements, and where between them a name is bound that they look up."""
    if not loud:
        return ""
    texts = []
    for statement in body:
        if statement in loud:
            texts.append(taker.text(statement))
        else:
            texts += [f"binds {name}" for name in taker.plain_names(statement) if name in mentions]
    return digest(*texts)


def _takes_all(statement: ast.stmt) -> bool:
    """Whether it may bind any name."""
    return isinstance(statement, ast.ImportFrom) and any(each.name == "*" for each in statement.names)


def _rebound(tree: ast.Module, others: Sequence[ast.stmt]) -> set[str]:
    """Names that other statements bind too, or that a function declares as global: there the order counts."""
    declared = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    return declared | {name for each in others for name in _bound(each)}


class _Taker:
    def __init__(self, tree: ast.Module, own: frozenset[str], whole: bool) -> None:
        self._whole = whole
        self._strangers = {name for name, package in _imported(tree) if package and package not in _TAME_PACKAGES | own}
        self._for_types = {name for name, package in _imported(tree) if package in ("typing", "typing_extensions")}
        tame = {name for name, package in _imported(tree) if package in _TAME_PACKAGES}
        self._ours = (set(_bound(tree)) & (_PLAIN_BASES | _PLAIN_DECORATORS)) - tame

    def plain_names(self, statement: ast.stmt) -> list[str]:
        """The names that a statement binds and nothing else; none for one that may do more."""
        if self._whole or not self._is_plain(statement):
            return []
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return [each.asname or each.name.partition(".")[0] for each in statement.names]
        if isinstance(statement, _Function | ast.ClassDef):
            return [statement.name]
        if isinstance(statement, ast.Assign):
            return [each.id for each in statement.targets if isinstance(each, ast.Name)]
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            return [statement.target.id]
        return ["__doc__"] if _is_text(statement) else []

    def is_loud(self, statement: ast.stmt, loud_names: set[str]) -> bool:
        names = self.plain_names(statement)
        if names:
            return not loud_names.isdisjoint(names)
        return self._whole or not (isinstance(statement, ast.Pass) or self._is_for_types(statement))

    def text(self, statement: ast.stmt, name: str = "") -> str:
        """All of it but the lines, and the bodies of functions that run only when called; of an import, one name."""
        if name and isinstance(statement, ast.Import | ast.ImportFrom):
            one = [each for each in statement.names if name in (each.asname, each.name.partition(".")[0])]
            return f"{getattr(statement, 'module', None)} {getattr(statement, 'level', 0)} {list(map(ast.dump, one))}"
        return ast.dump(self.bare(statement))

    def bare(self, statement: ast.stmt) -> ast.stmt:
        """Without those bodies."""
        made = copy.deepcopy(statement)
        for node in ast.walk(made):
            if isinstance(node, _Function) and not self._may_be_compiled(node):
                node.body = []
        return made

    def _may_be_compiled(self, node: _Function) -> bool:
        """Whether a decorator of somebody else's got the function, which may then run without being started."""
        return any(_root(each) in self._strangers for each in node.decorator_list)

    def _is_plain(self, statement: ast.stmt) -> bool:
        if isinstance(statement, ast.ImportFrom):
            return statement.module != "__future__" and all(each.name != "*" for each in statement.names)
        if isinstance(statement, _Function):
            return self._is_plain_function(statement)
        if isinstance(statement, ast.ClassDef):
            return self._is_plain_class(statement)
        if isinstance(statement, ast.Assign):
            return all(map(_is_plain_target, statement.targets)) and _is_literal(statement.value)
        if isinstance(statement, ast.AnnAssign):
            literal = statement.value is None or _is_literal(statement.value)
            return _is_plain_target(statement.target) and literal and _is_lookup(statement.annotation)
        return isinstance(statement, ast.Import) or _is_text(statement)

    def _is_plain_function(self, node: _Function) -> bool:
        given = node.args
        defaults = [*given.defaults, *(each for each in given.kw_defaults if each is not None)]
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        annotations = [each.annotation for each in arguments if each is not None and each.annotation is not None]
        looked_up = [*defaults, *annotations, *([node.returns] if node.returns else [])]
        return all(map(_is_lookup, looked_up)) and all(map(self._is_plain_decorator, node.decorator_list))

    def _is_plain_decorator(self, node: ast.expr) -> bool:
        if _root(node) not in _PLAIN_DECORATORS - self._ours:
            return False
        return all(_is_lookup(each) for each in _arguments(node))

    def _is_plain_class(self, node: ast.ClassDef) -> bool:
        plain_bases = all(isinstance(each, ast.Name) and each.id in _PLAIN_BASES - self._ours for each in node.bases)
        return plain_bases and not (node.decorator_list or node.keywords) and all(map(self._is_plain_member, node.body))

    def _is_plain_member(self, statement: ast.stmt) -> bool:
        return isinstance(statement, ast.Pass) or (
            self._is_plain(statement) and not isinstance(statement, ast.ClassDef)
        )

    def _is_for_types(self, statement: ast.stmt) -> bool:
        """What only type checkers read."""
        if not isinstance(statement, ast.If) or statement.orelse:
            return False
        test = statement.test
        named = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
        return named == "TYPE_CHECKING" and _root(test) in self._for_types


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each name that an import at any place binds, with the package that it comes from; nothing for a relative one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield each.asname or each.name.partition(".")[0], each.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            for each in node.names:
                yield each.asname or each.name, "" if node.level else (node.module or "").partition(".")[0]


def _bound(tree: ast.AST) -> Iterator[str]:
    """Names that are bound in it, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, _Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.asname or node.name


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_plain_target(node: ast.expr) -> bool:
    """A name that means nothing to Python or to pytest."""
    if not isinstance(node, ast.Name) or node.id.startswith(_PYTESTS):
        return False
    return not (node.id.startswith("__") and node.id.endswith("__")) or node.id in _TAME_DUNDERS


def _is_literal(node: ast.expr) -> bool:
    """Numbers, texts, and containers of them: nobody's methods run to make it."""
    allowed = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop)
    return all(isinstance(each, (*allowed, ast.expr_context)) for each in ast.walk(node))


def _is_lookup(node: ast.expr) -> bool:
    """A literal, or names that are looked up."""
    allowed = (ast.Name, ast.Attribute, ast.Subscript, ast.keyword, ast.expr_context)
    return all(
        isinstance(each, allowed) or (isinstance(each, ast.expr | ast.operator | ast.unaryop) and _is_leaf(each))
        for each in ast.walk(node)
    )


def _is_leaf(node: ast.AST) -> bool:
    leaves = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop)
    return isinstance(node, leaves)


def _root(node: ast.expr) -> str:
    """The name that an expression begins with: ``pytest`` of ``pytest.mark.skip("no")``."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _arguments(node: ast.expr) -> Sequence[ast.expr]:
    return [*node.args, *(each.value for each in node.keywords)] if isinstance(node, ast.Call) else []


def _mentions(statements: Iterable[ast.stmt]) -> frozenset[str]:
    return frozenset(name for statement in statements for name in _named(statement))


def _named(node: ast.AST) -> Iterator[str]:
    """As ``measure.execution.mentions`` has them."""
    chain = _chain(node)
    if chain is not None:
        yield chain
        return
    if isinstance(node, ast.Attribute):
        yield f".{node.attr}"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from (f"?{word}" for word in words_in(node.value))
    for child in ast.iter_child_nodes(node):
        yield from _named(child)


def _chain(node: ast.AST) -> str | None:
    """``a.b.c`` where it begins with a name that is looked up."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return ".".join([node.id, *reversed(parts)])
    return None


def _imports_in(statement: ast.stmt) -> Iterator[tuple[str, Import]]:
    if isinstance(statement, ast.Import):
        for each in statement.names:
            yield (
                each.asname or each.name.partition(".")[0],
                Import(0, each.name if each.asname else each.name.partition(".")[0]),
            )
    elif isinstance(statement, ast.ImportFrom):
        for each in statement.names:
            yield each.asname or each.name, Import(statement.level, statement.module or "", each.name)
