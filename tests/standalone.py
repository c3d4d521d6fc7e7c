"""The source of a function as a learner would hand it in: alone, without the course's package, under the exercise's name.

Wrong and right solutions are functions of this repository that call helpers, references and factories. `source_of` writes a function
and all that it needs as one cell of code.
"""

from __future__ import annotations

import ast
import copy
import functools
import importlib
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_PLAIN = (int, float, str, bool, type(None))


class NotStandalone(Exception):
    """The function needs something that can't be written down in a cell."""


def source_of(function: Callable[..., Any], name: str) -> str:
    """A cell that defines `name`. Raises NotStandalone."""
    writer = _Writer(name)
    writer.define(function, name)
    return "\n\n\n".join(writer.parts) + "\n"


class _Writer:
    """Collects definitions, each before its first use."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parts: list[str] = []
        self.names: dict[object, str] = {}

    def define(self, function: Any, name: str) -> None:
        if not isinstance(function, types.FunctionType):
            raise NotStandalone(f"{name} is a {type(function).__name__}")
        node = copy.deepcopy(_located(function))
        outside = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        mapping: dict[str, str] = {}
        for used in _used(node):
            if used in outside:
                mapping[used] = self.refer(used, outside[used])
        renamed = _Rename(mapping, self._attribute, outside).visit(node)
        self.parts.append(ast.unparse(ast.fix_missing_locations(_as_def(renamed, name))))

    def refer(self, name: str, value: Any) -> str:
        """How the cell calls a value from outside; what it needs is written first."""
        if isinstance(value, types.ModuleType):
            if value.__name__ == "numpy":
                return "np"
            if value.__name__.split(".")[0] in ("math", "itertools", "functools"):
                self._add(f"import {value.__name__}")
            return name
        if isinstance(value, _PLAIN):
            self._add(f"{name} = {value!r}")
            return name
        if isinstance(value, types.FunctionType):
            return self._function(value, name)
        if isinstance(value, np.ufunc):
            return f"np.{value.__name__}"
        if isinstance(value, tuple):
            parts = [self._part(name, k, part) for k, part in enumerate(value)]
            return f"({', '.join(parts)},)" if parts else "()"
        raise NotStandalone(f"{name} is a {type(value).__name__}")

    def _part(self, name: str, k: int, value: Any) -> str:
        return repr(value) if isinstance(value, _PLAIN) else self.refer(f"{name}_{k}", value)

    def _function(self, value: Any, name: str) -> str:
        if value not in self.names:
            # never the names of other exercises: those are the learner's own functions
            short = f"_{name.strip('_')}_here"
            while short in self.names.values():
                short += "_2"
            self.names[value] = short
            self.define(value, short)
        return self.names[value]

    def _attribute(self, module: types.ModuleType, attribute: str) -> str | None:
        """The name for module.attribute where the module is one of this repository's."""
        if not module.__name__.startswith(("backprop_helpers", "tests")):
            return None
        return self._function(getattr(module, attribute), attribute)

    def _add(self, line: str) -> None:
        if line not in self.parts:
            self.parts.insert(0, line)


class _Rename(ast.NodeTransformer):
    """Gives what comes from outside its name in the cell, and drops annotations."""

    def __init__(self, mapping: dict[str, str], attribute: Any, outside: dict[str, Any]) -> None:
        self.mapping, self.attribute, self.outside = mapping, attribute, outside

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name):
            module = self.outside.get(node.value.id)
            if isinstance(module, types.ModuleType):
                name = self.attribute(module, node.attr)
                if name is not None:
                    return ast.copy_location(ast.Name(name, node.ctx), node)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.copy_location(ast.Name(self.mapping.get(node.id, node.id), node.ctx), node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return self.visit(ast.copy_location(ast.Assign([node.target], node.value), node))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns, node.decorator_list = None, []
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            node.body = node.body[1:]
        return self.generic_visit(node)


def _as_def(node: Any, name: str) -> ast.FunctionDef:
    if isinstance(node, ast.FunctionDef):
        node.name = name
        return node
    body: list[ast.stmt] = [ast.Return(node.body)]
    return ast.FunctionDef(name=name, args=node.args, body=body, decorator_list=[])


def _used(node: ast.AST) -> list[str]:
    """Names that are read, but for those inside annotations."""
    bare = _Rename({}, lambda *_: None, {}).visit(copy.deepcopy(node))
    return list(
        dict.fromkeys(n.id for n in ast.walk(bare) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    )


@functools.cache
def _module(file: str) -> ast.Module:
    return ast.parse(Path(file).read_text(encoding="utf-8"))


def _located(function: types.FunctionType) -> ast.FunctionDef | ast.Lambda:
    """The definition that a function was made of: by its first line, and for lambdas by the columns of its code."""
    code = function.__code__
    kind = ast.Lambda if code.co_name == "<lambda>" else ast.FunctionDef
    places = [(p[0], p[2]) for p in code.co_positions() if p[0] is not None and p[2] is not None and p[2] > 0]
    found = [
        node
        for node in ast.walk(_module(inspect.getfile(function)))
        if isinstance(node, kind)
        and (node.lineno == code.co_firstlineno or (kind is ast.FunctionDef and node.name == code.co_name))
    ]
    for node in found:
        start, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
        if all(start <= place <= end for place in places):
            return node  # type: ignore[return-value]
    raise NotStandalone(f"{code.co_name} is not to be found in its file")


def right_ones(lesson: str) -> dict[str, list[Callable[..., Any]]]:
    """The right solutions of a lesson, written differently, by exercise."""
    module = importlib.import_module(f"tests.variants.lesson_{lesson[:2]}")
    return {exercise: list(styles.values()) for exercise, styles in module.RIGHT.items()}
