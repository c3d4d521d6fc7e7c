"""The feedback page: one HTML file that opens anywhere, prints well, and in which everything a learner wrote is text."""

from __future__ import annotations

import functools
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from backprop_helpers.experiments import theme
from backprop_helpers.feedback.content import Feedback
from backprop_helpers.feedback.prose import html_of

_MOST = 20_000  # characters of one cell that are shown


def page(feedback: Feedback) -> str:
    """The page as one self-contained HTML document, without scripts."""
    return _templates().get_template("feedback.html").render(f=feedback, style=Markup(_style()))


def number(value: float | None) -> str:
    """Points with two digits at most."""
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def code(source: str) -> Markup:
    """Python with its colours; the highlighter escapes every character."""
    shown = (
        source if len(source) <= _MOST else f"{source[:_MOST]}\n# … {len(source) - _MOST:,} more characters"
    )
    # a character that ends a document or turns its direction has no place in code that somebody reads
    shown = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in shown)
    inside = Markup(highlight(shown, PythonLexer(stripnl=False), _formatter()))
    return Markup('<div class="box" role="region" aria-label="Your code">{}</div>').format(inside)


def said(sentence: str) -> Markup:
    """A sentence of a check; what it puts between backticks is code."""
    parts = sentence.split("`")
    if len(parts) % 2 == 0:
        return escape(sentence)
    return Markup("").join(
        Markup("<code>{}</code>").format(p) if k % 2 else escape(p) for k, p in enumerate(parts)
    )


@functools.cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=False, cssclass="code", wrapcode=True)


def environment(folder: Path) -> Environment:
    """The templates of a folder: whatever is put into them is escaped, and a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = number
    return made


@functools.cache
def _templates() -> Environment:
    made = environment(Path(__file__).with_name("templates"))
    made.filters.update(code=code, said=said, prose=lambda text: Markup(html_of(text)))
    return made


@functools.cache
def _style() -> str:
    light, dark = (
        str(HtmlFormatter(style=name).get_style_defs(".code"))  # type: ignore[no-untyped-call]
        for name in ("default", "github-dark")
    )
    return (
        f":root{{color-scheme:light dark;{theme.variables(theme.LIGHT)}}}"
        f"{light}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{theme.variables(theme.DARK)}}}{dark}}}"
        f"{Path(__file__).with_name('templates').joinpath('feedback.css').read_text(encoding='utf-8')}"
    )
