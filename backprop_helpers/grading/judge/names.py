"""Which names a cell binds and reads: so that a test cell finds what it needs, and the learner's things stay the learner's."""

from __future__ import annotations

import ast
import builtins
import functools
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

_CALLS = ("check", "diagnose")


@dataclass(frozen=True)
class Cell:
    """A cell's syntax tree and its names.

    tree: None where it can't be read; binds: names that its top level gives a value; stores: those of them that plain
    assignments bind, which later cells may go on changing; reads: all names it reads and does not bind itself before;
    handed: those of `reads` that are nothing but arguments of `check` or `diagnose`.
    """

    tree: ast.Module | None
    binds: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    handed: frozenset[str] = frozenset()


@functools.lru_cache(maxsize=4096)
def looked_at(source: str) -> Cell:
    """The names of a cell of the course's own; also with IPython's magics in it."""
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Cell(None)
    loads = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    given = {n.id for n in _given_to_checks(tree)}
    elsewhere = {n.id for n in loads} - {n.id for n in _given_to_checks(tree)} | _also_used(tree, loads)
    binds, stores = bound(tree)
    reads = {n.id for n in loads} - set(dir(builtins))
    return Cell(tree, binds, stores, frozenset(reads), frozenset(given - elsewhere))


def _given_to_checks(tree: ast.AST) -> list[ast.Name]:
    """Arguments of check(…) and diagnose(…) that are plain names."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
            values = [*node.args, *(k.value for k in node.keywords)]
            found += [v for v in values if isinstance(v, ast.Name)]
    return found


def _also_used(tree: ast.AST, loads: list[ast.Name]) -> set[str]:
    given = {id(n) for n in _given_to_checks(tree)}
    return {n.id for n in loads if id(n) not in given}


def bound(tree: ast.Module) -> tuple[frozenset[str], frozenset[str]]:
    """(all names that the top level of a tree binds, those that assignments bind)."""
    binds: set[str] = set()
    stores: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            binds.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            binds |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        else:
            stores |= {
                n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
    return frozenset(binds | stores), frozenset(stores)


@functools.lru_cache(maxsize=1024)
def defined(source: str) -> frozenset[str]:
    """The names that a learner's cell binds at its top level; none where it can't be read."""
    cell = looked_at(source)
    return cell.binds
