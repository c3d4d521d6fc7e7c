"""A learner's code as HTML: the exercise's own function first, each line hanging below its own indentation when it wraps."""

from __future__ import annotations

import ast
import functools

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

MOST = 20_000  # characters of a piece of code that are shown
SHORT = 14  # lines of a cell that is shown in its own order
FOLDED = 20  # lines beside the exercise's function from which on they are folded away
DEEPEST = 24  # columns below which a wrapped line moves no further to the right: on a phone the rest would have no room
STYLES = ("sas", "native")  # light and dark; in neither is a string red, as an error is


def code(source: str, name: str = "", stopped: str = "") -> Markup:
    """Python with its colours; every character is escaped.

    name: the function or class of the exercise, shown before what else is in a long cell; stopped: the line at which it stopped,
    without its indentation, which is marked where there is one such line.
    """
    clean = _readable(source)
    own, rest = parted(clean, name)
    if not rest.strip():
        return _box(own, "Your code", stopped)
    lines = sum(bool(line.strip()) for line in rest.splitlines())
    opened = lines < FOLDED or bool(_marked(rest, stopped))
    return Markup("{}<details{}><summary>What else is in this cell, {} lines</summary>{}</details>").format(
        _box(own, "Your code", stopped),
        Markup(" open") if opened else "",
        lines,
        _box(rest, "What else is in this cell", stopped),
    )


def parted(source: str, name: str) -> tuple[str, str]:
    """The definition of that name, and the rest of a cell; all of it and nothing where it is short or can't be read."""
    lines = source.split("\n")
    if len(lines) <= SHORT:
        return source, ""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source, ""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    # the last of several is the one that counts
    found = next((node for node in reversed(body) if isinstance(node, kinds) and node.name == name), None)
    if found is None or found.end_lineno is None:
        return source, ""
    first = min([found.lineno, *(d.lineno for d in found.decorator_list)]) - 1
    while first and lines[first - 1].startswith("#"):
        first -= 1
    before, after = ("\n".join(part).strip("\n") for part in (lines[:first], lines[found.end_lineno :]))
    return "\n".join(lines[first : found.end_lineno]), "\n\n\n".join(filter(None, (before, after)))


def _readable(source: str) -> str:
    """Without characters that end a document or turn its direction: they have no place in code that somebody reads."""
    source = source.replace("\r\n", "\n").rstrip("\n")
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in source)


def _box(source: str, label: str, stopped: str) -> Markup:
    if len(source) > MOST:
        source = f"{source[:MOST]}\n# … {len(source) - MOST:,} more characters"
    marked = _marked(source, stopped)
    # the highlighter closes what is coloured at the end of a line and opens it again in the next
    inside = highlight(source, PythonLexer(stripnl=False), _formatter()).split("\n")
    texts = source.split("\n")
    shown = Markup("").join(
        _line(Markup(html), text, k == marked)
        for k, (html, text) in enumerate(zip(inside, texts, strict=False), 1)
    )
    return Markup(
        '<div class="box" role="region" aria-label="{}"><pre class="code"><code>{}</code></pre></div>'
    ).format(label, shown)


def _line(html: Markup, text: str, marked: bool) -> Markup:
    """One line. Its leading blanks are in it; the number says by how much a second row of it has to move."""
    columns = min(len(text.expandtabs()) - len(text.expandtabs().lstrip()), DEEPEST)
    tag = Markup("mark" if marked else "span")
    return Markup('<{} class="line" style="--in:{}ch">{}\n</{}>').format(tag, columns + 2, html, tag)


def _marked(source: str, stopped: str) -> int:
    """Which line, counted from 1, is that one; 0 where none is, or several are."""
    wanted = stopped.strip()
    cut = wanted.removesuffix("…")  # a long line is quoted up to there
    lines = [line.strip() for line in source.split("\n")]
    found = [
        k
        for k, line in enumerate(lines, 1)
        if cut and (line == wanted or (cut != wanted and line.startswith(cut)))
    ]
    return found[0] if len(found) == 1 else 0


@functools.cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True)
