"""A module of the course without the answers of a lesson and of those after it."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import backprop_helpers
from backprop_helpers.checks import exercises

ROOT = Path(backprop_helpers.__file__).parent

# What answers an exercise of a lesson under another name than the exercise's: a module, or "module:name".
ANSWERS = {
    "gradcheck": "03_chain_rule",  # numerical_gradient
    "bug_hunt:MENDED": "04_backward_pass",
    "capstone": "06_training_loop",
}
# Modules that a page may import, as far as they are no answers. Whatever is not named here is not there.
GIVEN = (
    *(
        "layers",
        "losses",
        "network",
        "optimizers",
        "chain_rule",
        "bug_hunt",
        "gradcheck",
        "data",
        "history",
        "training",
    ),
    *(
        "capstone",
        "autodiff",
        "checkpointing",
        "cost",
        "counting",
        "initialisation",
        "layer_health",
        "own_words",
    ),
)
_SHOWS_ITSELF = ("_repr_html_", "_ipython_display_", "_repr_mimebundle_", "_render_traceback_")


@functools.cache
def owners() -> dict[tuple[str, str], tuple[str, str]]:
    """(module, name) of every reference → (its lesson, its exercise)."""
    found = {}
    for exercise in exercises().values():
        for reference in exercise.references:
            parts = reference.__module__.split(".")
            if parts[0] == "backprop_helpers" and parts[1] in GIVEN:
                found[parts[1], reference.__qualname__] = exercise.lesson, exercise.name
    return found


def lesson_of(module: str, name: str = "") -> str:
    """The lesson to whose answers a module or one of its names belongs; "" for none."""
    listed = ANSWERS.get(module) or ANSWERS.get(f"{module}:{name}")
    return listed or owners().get((module, name), ("", ""))[0]


@functools.cache
def first_lesson(module: str) -> str:
    """The first lesson that asks for something of a module; "" where none does."""
    return min((lesson for (where, _), (lesson, _) in owners().items() if where == module), default="")


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a module: the names it binds and those it needs to run."""

    node: ast.stmt
    binds: frozenset[str]
    needs: frozenset[str]


class _Bare(ast.NodeTransformer):
    """Takes out annotations, and methods by which a thing shows itself in a notebook."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        if node.name in _SHOWS_ITSELF:
            return None
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            argument.annotation = None
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        return node if node.value is None else ast.Assign([node.target], node.value, lineno=node.lineno)


@functools.cache
def statements(module: str) -> tuple[Statement, ...]:
    """The top of a module without docstring, type-checking imports and loose expressions."""
    tree = ast.parse((ROOT / f"{module}.py").read_text(encoding="utf-8"))
    found = []
    for node in tree.body:
        if isinstance(node, ast.Expr | ast.If):
            continue
        if not isinstance(node, ast.ClassDef) or not _is_data(node):
            node = ast.fix_missing_locations(_Bare().visit(node))
        found += [Statement(n, frozenset(_bound(n)), frozenset(_needed(n))) for n in _single(node)]
    return tuple(found)


def _is_data(node: ast.ClassDef) -> bool:
    """A dataclass or named tuple, whose annotations are its fields."""
    return bool(node.decorator_list or node.bases)


def _single(node: ast.stmt) -> Iterator[ast.stmt]:
    """An import of several names as one import a name."""
    if isinstance(node, ast.ImportFrom):
        yield from (ast.ImportFrom(node.module, [alias], node.level) for alias in node.names)
    else:
        yield node


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
    else:
        yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def _needed(node: ast.stmt) -> Iterator[str]:
    yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))


@functools.cache
def kept(module: str, lesson: str) -> tuple[Statement, ...]:
    """The statements of a module that a learner of this lesson is given."""
    lost = {n for s in statements(module) for n in s.binds if _is_answer(module, n, lesson)}
    lost |= {n for s in statements(module) if _comes_from_lost(s, lesson) for n in s.binds}
    while True:
        more = {n for s in statements(module) if s.needs & lost for n in s.binds} - lost
        if not more:
            break
        lost |= more
    rest = [s for s in statements(module) if not s.binds & lost]
    public = {n for s in rest if _is_public(s.node) for n in s.binds if not n.startswith("_")}
    return tuple(s for s in rest if s.binds & _reached(rest, public))


def _is_public(node: ast.stmt) -> bool:
    return not isinstance(node, ast.Import | ast.ImportFrom)


def _is_answer(module: str, name: str, lesson: str) -> bool:
    return lesson_of(module, name) >= lesson


def _comes_from_lost(statement: Statement, lesson: str) -> bool:
    """Whether it imports something of the course that is not given."""
    node = statement.node
    if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("backprop_helpers."):
        return False
    module = (node.module or "").split(".")[1]
    if module not in GIVEN:
        return True
    if (ROOT / module).is_dir():
        return lesson_of(module) >= lesson
    return not names_in(kept(module, lesson)) >= {alias.name for alias in node.names}


def has_code(some: Iterable[Statement]) -> bool:
    """Whether statements define a function or a class."""
    return any(isinstance(s.node, ast.FunctionDef | ast.ClassDef) for s in some)


def names_in(some: Iterable[Statement]) -> set[str]:
    """All names that statements bind."""
    return {name for statement in some for name in statement.binds}


def _reached(some: Iterable[Statement], names: Iterable[str]) -> set[str]:
    """These names and all that they need, one after another."""
    by_name = {name: statement for statement in some for name in statement.binds}
    found: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name in found:
            continue
        found.add(name)
        queue += by_name[name].needs if name in by_name else []
    return found


def source_of(some: Iterable[Statement]) -> str:
    """Statements as source."""
    return "\n".join(ast.unparse(ast.fix_missing_locations(statement.node)) for statement in some) + "\n"


def closure(module: str, names: Iterable[str], lesson: str) -> tuple[Statement, ...]:
    """What has to be added to a module as this lesson is given it, so that the names are there as well."""
    already = names_in(kept(module, lesson))
    reached = _reached(statements(module), names)
    return tuple(s for s in statements(module) if s.binds & reached and not s.binds <= already)
