"""A `raise NotImplementedError()` that was left standing beside the code meant to replace it.

The standard library only: this file runs beside a learner's code, also in a sandbox.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import textwrap
import tokenize
from collections.abc import Container
from types import FrameType, TracebackType


def left_standing(exc: BaseException) -> str:
    """Where the line stands: "above" code that is never reached, "below" code it throws away, or "" where it stands alone.

    What a released exercise holds itself does not count: given lines above its comment, and below the line names
    that are bound or returned.
    """
    trace = exc.__traceback__
    if not isinstance(exc, NotImplementedError) or trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    try:
        return _beside(trace)
    except (SyntaxError, ValueError, IndexError, OSError, tokenize.TokenError):
        return ""  # the source has gone, or is no longer what ran


def _beside(trace: TracebackType) -> str:
    frame, code = trace.tb_frame, trace.tb_frame.f_code
    lines = linecache.getlines(code.co_filename, frame.f_globals)[code.co_firstlineno - 1 :]
    source = textwrap.dedent("".join(inspect.getblock(lines)))
    function = ast.parse(source).body[0]
    line = trace.tb_lineno - code.co_firstlineno + 1
    for block in (getattr(node, "body", ()) for node in ast.walk(function)):
        for k, node in enumerate(block if isinstance(block, list) else ()):
            if isinstance(node, ast.Raise) and node.lineno == line:
                known = _known(function, frame)
                if any(_is_work(after, known) for after in block[k + 1 :]):
                    return "above"
                return "below" if k and _ends_in_work(block[k - 1], node, source.splitlines()) else ""
    return ""


def _known(function: ast.AST, frame: FrameType) -> Container[str]:
    """The names that have a value somewhere: arguments, what the function binds, the notebook's, Python's."""
    bound = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return bound | {*frame.f_code.co_varnames, *frame.f_globals, *vars(builtins)}


def _is_work(node: ast.stmt, known: Container[str]) -> bool:
    """Whether a statement computes something from names that exist; binding or returning names alone does not."""
    value = node.value if isinstance(node, ast.Assign | ast.Return) else node
    inner = [n for n in ast.walk(value) if not isinstance(n, ast.expr_context)] if value else []
    if all(isinstance(n, ast.Name | ast.Tuple | ast.Pass) for n in inner):
        return False
    return not isinstance(node, ast.Return) or all(n.id in known for n in inner if isinstance(n, ast.Name))


def _ends_in_work(before: ast.stmt, node: ast.stmt, lines: list[str]) -> bool:
    """Whether code, and not the comment that asks for it, stands right above the line."""
    if isinstance(before, ast.Expr) and isinstance(before.value, ast.Constant):
        return False
    between = lines[(before.end_lineno or before.lineno) : node.lineno - 1]
    return not any(line.strip().startswith("#") for line in between)
