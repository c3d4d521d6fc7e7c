"""All mutants of a reference solution.

Operators, comparisons, numbers, booleans, loops and the like are mutated by Cosmic Ray's operators; what is
peculiar to array code (transposes, axes, keepdims, copies, matrix products, dropped terms and statements,
swapped operands) is mutated here.
"""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cosmic_ray import plugins
from cosmic_ray.mutating import mutate_code

# Replacing + by % or << and the like makes no mistake that a person makes, and always dies at once.
_KEPT = ("Add", "Sub", "Mul", "Div", "FloorDiv", "Pow")


@dataclass(frozen=True)
class Mutant:
    """kind: which operator; line: the changed source line as it now reads; code: all of it; fn: the mutated function."""

    exercise: str
    kind: str
    line: str
    code: str
    fn: Callable[..., Any]

    @property
    def key(self) -> str:
        return f"{self.exercise} | {self.line}"


def mutants_of(exercise: str, fn: Callable[..., Any]) -> list[Mutant]:
    """Every distinct mutant of fn and of the private helpers of its module that it calls."""
    original = source(fn)
    seen = {original}
    found = []
    for kind, code in _all(original):
        if code in seen:
            continue
        seen.add(code)
        mutated = compiled(fn, code)
        if mutated:
            found.append(Mutant(exercise, kind, _changed_line(original, code), code, mutated))
    return found


def source(fn: Callable[..., Any]) -> str:
    """What is mutated: fn and the private helpers of its module that it calls, without docstrings and guards."""
    return "\n\n".join(_clean(f) for f in _with_helpers(fn, sys.modules[fn.__module__]))


def compiled(fn: Callable[..., Any], code: str) -> Callable[..., Any] | None:
    """The function that changed source of fn makes; None where it is no Python."""
    space = dict(vars(sys.modules[fn.__module__]))
    try:
        exec(compile(code, f"<mutant of {fn.__name__}>", "exec"), space)
    except SyntaxError:
        return None
    made: Callable[..., Any] = space[fn.__name__]
    return made


def _with_helpers(fn: Any, module: types.ModuleType) -> list[Any]:
    """fn and the private functions of its own module that it reaches."""
    queue, found = [fn], []
    while queue:
        f = queue.pop()
        if f in found:
            continue
        found.append(f)
        names = {n.id for n in ast.walk(ast.parse(_clean(f))) if isinstance(n, ast.Name)}
        queue += [
            g
            for n in sorted(names)
            if n.startswith("_")
            and isinstance(g := getattr(module, n, None), types.FunctionType)
            and g.__module__ == module.__name__
        ]
    return found


def _clean(fn: Any) -> str:
    """Source without docstrings, annotations and guards that only raise: an exercise asks for none of them."""
    tree = _Cleaner().visit(ast.parse(textwrap.dedent(inspect.getsource(fn))))
    return ast.unparse(ast.fix_missing_locations(tree))


class _Cleaner(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        for arg in (*node.args.args, *node.args.kwonlyargs):
            arg.annotation = None
        node.returns = None
        self.generic_visit(node)
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        node.body = node.body or [ast.Pass()]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return ast.Assign([node.target], node.value, lineno=node.lineno)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """A private function called for nothing but its refusals is a guard too."""
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id.startswith("_"):
            return None
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`strict=` of a zip refuses lists of unequal length, nothing more."""
        self.generic_visit(node)
        node.keywords = [k for k in node.keywords if k.arg != "strict"]
        return node

    def visit_If(self, node: ast.If) -> ast.AST | None:
        if len(node.body) == 1 and isinstance(node.body[0], ast.Raise) and not node.orelse:
            return None
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node


def _all(code: str) -> Iterator[tuple[str, str]]:
    for operator in _operators():
        for occurrence in range(200):
            mutated = mutate_code(code, operator, occurrence)
            if mutated is None:
                break
            yield type(operator).__name__, _normal(mutated)
    yield from _array_mutants(code)


@functools.cache
def _operators() -> tuple[Any, ...]:
    chosen = []
    for name in plugins.operator_names():
        kind = name.split("/")[-1]
        if kind.startswith("ReplaceBinaryOperator_") and not set(kind.split("_")[1:]) <= set(_KEPT):
            continue
        if kind.endswith(("_Is", "_IsNot")) and "Is" not in kind.split("_")[1]:
            continue
        if (
            "Decorator" in kind
            or "Exception" in kind
            or "VariableInserter" in kind
            or "VariableReplacer" in kind
        ):
            continue
        operator = plugins.get_operator(name)
        arguments = operator.arguments() if hasattr(operator, "arguments") else ()
        if any(a.required for a in arguments):
            continue
        chosen.append(operator())
    return tuple(chosen)


def _normal(code: str) -> str:
    try:
        return ast.unparse(ast.parse(code))
    except SyntaxError:
        return code


def _changed_line(original: str, mutated: str) -> str:
    """The first line that reads differently, marked where it was taken out altogether."""
    before, after = original.splitlines(), mutated.splitlines()
    for i, line in enumerate(before):
        if i >= len(after) or after[i] != line:
            if len(after) < len(before):
                return f"without `{line.strip()}`"
            return f"without `{line.strip()}`" if after[i].strip() == "pass" else after[i].strip()
    return after[-1].strip()


def _array_mutants(code: str) -> Iterator[tuple[str, str]]:
    """One change at a time, at every place it fits."""
    tree = ast.parse(code)
    count = sum(1 for _ in ast.walk(tree))
    for i in range(count):
        for kind, change in _CHANGES.items():
            work = copy.deepcopy(tree)
            node = next(n for k, n in enumerate(ast.walk(work)) if k == i)
            for new in change(node):
                fresh = copy.deepcopy(tree)
                old = next(n for k, n in enumerate(ast.walk(fresh)) if k == i)
                swapped = _Swap(old, new).visit(fresh)
                yield kind, ast.unparse(ast.fix_missing_locations(swapped))


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        if node is self.old:
            return self.new
        return self.generic_visit(node)


def _matmul(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield ast.BinOp(node.left, ast.Mult(), node.right)


def _swapped(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
        yield ast.BinOp(node.right, node.op, node.left)


def _dropped_operand(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp):
        yield node.left
        yield node.right


def _dropped_keyword(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call):
        for k in node.keywords:
            yield ast.Call(node.func, node.args, [other for other in node.keywords if other is not k])


def _other_axis(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.keyword) and node.arg == "axis" and isinstance(node.value, ast.Constant):
        for axis in (0, 1, -1):
            if axis != node.value.value:
                yield ast.keyword("axis", ast.Constant(axis))


def _dropped_call(node: ast.AST) -> Iterator[ast.AST]:
    """x.copy() → x, np.exp(x) → x, f(x) → x."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and not (
            isinstance(node.func.value, ast.Name) and node.func.value.id == "np"
        ):
            yield node.func.value
        elif node.args:
            yield node.args[0]


def _dropped_transpose(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value


def _dropped_statement(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr):
        yield ast.Pass()


def _plain_assignment(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.AugAssign):
        target = copy.deepcopy(node.target)
        yield ast.Assign([target], node.value, lineno=1)


_CHANGES: dict[str, Callable[[ast.AST], Iterator[ast.AST]]] = {
    "matrix product to entrywise": _matmul,
    "operands swapped": _swapped,
    "operand dropped": _dropped_operand,
    "keyword dropped": _dropped_keyword,
    "other axis": _other_axis,
    "call dropped": _dropped_call,
    "transpose dropped": _dropped_transpose,
    "statement dropped": _dropped_statement,
    "accumulation to assignment": _plain_assignment,
}
