"""Solutions that say the same: compared as syntax trees, without names, comments and layout.

Short exercises have few ways to be right, so equal ones prove nothing; a report groups them and accuses nobody.
"""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize

# Below this many nodes two people who never met write the same tree.
ENOUGH = 60


def fingerprint(source: str) -> str:
    """A digest of the code's tree in which every name a function makes is numbered in order of its first use.

    "" for code that can't be read, or that is too short to say anything.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    try:
        if sum(1 for _ in ast.walk(tree)) < ENOUGH:
            return ""
        made = _Made()
        made.visit(tree)
        normal = _Numbered(made.names).visit(tree)
        text = ast.dump(normal)
    except RecursionError:
        return ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class _Made(ast.NodeVisitor):
    """The names that the code itself gives a value: arguments, assignments, loops."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.names.add(node.id)

    def visit_arg(self, node: ast.arg) -> None:
        self.names.add(node.arg)


class _Numbered(ast.NodeTransformer):
    """Own names as numbers, and no docstrings."""

    def __init__(self, own: set[str]) -> None:
        self.own = own
        self.numbers: dict[str, str] = {}

    def _number(self, name: str) -> str:
        return self.numbers.setdefault(name, f"n{len(self.numbers)}") if name in self.own else name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._number(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self._number(node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def without_guards(source: str) -> str:
    """The source with every line blank that only refuses input: a raise, an assertion, and an `if` around nothing else."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    lines = source.splitlines()
    for node in ast.walk(tree):
        only = (
            isinstance(node, ast.If) and not node.orelse and all(isinstance(n, ast.Raise) for n in node.body)
        )
        if (only or isinstance(node, ast.Raise | ast.Assert)) and isinstance(node, ast.stmt):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return "\n".join(lines)


def bare_lines(source: str) -> list[str]:
    """The lines of code alone, each once: no comments, no docstrings, no words of the learner's in strings."""
    found: list[str] = []
    line: list[str] = []
    last = (0, 0)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return []
    for token in tokens:
        if token.type in (tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.NL):
            continue
        if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
            text = "".join(line).strip()
            if text and text not in ('"…"', "pass") and text not in found:
                found.append(text)
            line = []
            continue
        gap = " " if line and token.start[0] == last[0] and token.start[1] > last[1] else ""
        line.append(gap + ('"…"' if token.type == tokenize.STRING else token.string))
        last = token.end
    return found
