"""The source of a function or class as a learner would hand it in: alone, without the course's package, under the exercise's name.

Wrong and right solutions are functions and classes of this repository that call helpers, references and factories. `source_of` writes
one of them and all that it needs as one cell of code; only what the lesson's page imports for everybody (GIVEN) is left to the page.
"""

from __future__ import annotations

import ast
import builtins
import copy
import functools
import importlib
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from backprop_helpers.history import History

GIVEN = {History: "History"}
_LIBRARY = (
    "collections",
    "copy",
    "functools",
    "itertools",
    "math",
    "sys",
)  # modules of Python that a cell may import
_OURS = ("backprop_helpers", "tests")
_KEPT_DECORATORS = ("classmethod", "property", "staticmethod")
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

    def define(self, value: Any, name: str) -> None:
        """Write down a function or class under this name."""
        if isinstance(value, types.FunctionType):
            node: Any = copy.deepcopy(_located(value))
            functions = [value]
        elif isinstance(value, type):
            self.names[value] = name
            functions = _methods(value)
            node = copy.deepcopy(_located_class(value, functions))
        else:
            raise NotStandalone(f"{name} is a {type(value).__name__}")
        outside: dict[str, Any] = {}
        for function in functions:
            outside |= {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        mapping: dict[str, str] = {}
        for used in _used(node):
            if used in outside:
                mapping[used] = self.refer(used, outside[used])
        renamed = _Rename(mapping, self._attribute, outside).visit(node)
        self.parts.append(ast.unparse(ast.fix_missing_locations(_as_statement(renamed, name))))

    def refer(self, name: str, value: Any) -> str:
        """How the cell calls a value from outside; what it needs is written first."""
        if isinstance(value, types.ModuleType):
            if value.__name__ == "numpy":
                return "np"
            if value.__name__.split(".")[0] in _LIBRARY:
                self._add(f"import {value.__name__}")
            elif not value.__name__.startswith(_OURS):
                raise NotStandalone(f"{name} is the module {value.__name__}")
            return name
        if isinstance(value, _PLAIN):
            self._add(f"{name} = {value!r}")
            return name
        installed = self._installed(value)
        if installed:
            return installed
        if isinstance(value, types.FunctionType | type):
            return self._definition(value, name)
        if isinstance(value, tuple):
            parts = [self._part(name, k, part) for k, part in enumerate(value)]
            return f"({', '.join(parts)},)" if parts else "()"
        raise NotStandalone(f"{name} is a {type(value).__name__}")

    def _installed(self, value: Any) -> str:
        """How a cell calls what comes from Python, NumPy or the lesson's page; "" for everything else."""
        if isinstance(value, type) and value in GIVEN:
            return GIVEN[value]
        short = getattr(value, "__name__", "")
        if getattr(builtins, short, None) is value:
            return short
        if getattr(np, short, None) is value:
            return f"np.{short}"
        for library in _LIBRARY:
            if getattr(importlib.import_module(library), short, None) is value:
                self._add(f"import {library}")
                return f"{library}.{short}"
        return ""

    def _part(self, name: str, k: int, value: Any) -> str:
        return repr(value) if isinstance(value, _PLAIN) else self.refer(f"{name}_{k}", value)

    def _definition(self, value: Any, name: str) -> str:
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
        if not module.__name__.startswith(_OURS):
            return None
        return self._definition(getattr(module, attribute), attribute)

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
        node.returns = None
        node.decorator_list = [
            d for d in node.decorator_list if isinstance(d, ast.Name) and d.id in _KEPT_DECORATORS
        ]
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            node.body = node.body[1:]
        return self.generic_visit(node)


def _as_statement(node: Any, name: str) -> ast.FunctionDef | ast.ClassDef:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
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


def _methods(kind: type) -> list[types.FunctionType]:
    """The functions in the body of a class."""
    found = [getattr(value, "__func__", value) for value in vars(kind).values()]
    return [
        f
        for f in found
        if isinstance(f, types.FunctionType) and f.__qualname__ == f"{kind.__qualname__}.{f.__name__}"
    ]


def _located_class(kind: type, methods: list[types.FunctionType]) -> ast.ClassDef:
    """The definition of a class: the one of its name with its methods inside."""
    lines = [method.__code__.co_firstlineno for method in methods]
    for node in ast.walk(_module(inspect.getfile(methods[0]))) if methods else ():
        named = isinstance(node, ast.ClassDef) and node.name == kind.__name__
        if named and all(node.lineno <= line <= (node.end_lineno or 0) for line in lines):
            return node
    raise NotStandalone(f"{kind.__name__} is not to be found in its file")


def right_ones(lesson: str) -> dict[str, list[Callable[..., Any]]]:
    """The right solutions of a lesson, written differently, by exercise."""
    module = importlib.import_module(f"tests.variants.lesson_{lesson[:2]}")
    return {exercise: list(styles.values()) for exercise, styles in module.RIGHT.items()}
