"""The feedback page: one HTML file that opens anywhere, prints well, and in which everything a learner wrote is text."""

from __future__ import annotations

import functools
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from pygments.formatters import HtmlFormatter

from backprop_helpers.experiments import theme
from backprop_helpers.feedback.content import Feedback
from backprop_helpers.feedback.listing import STYLES, code
from backprop_helpers.feedback.prose import html_of


def page(feedback: Feedback) -> str:
    """The page as one self-contained HTML document, without scripts."""
    return _templates().get_template("feedback.html").render(f=feedback, style=Markup(_style()))


def number(value: float | None) -> str:
    """Points with two digits at most."""
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def said(sentence: str) -> Markup:
    """A sentence of a check; what it puts between backticks is code."""
    parts = sentence.split("`")
    if len(parts) % 2 == 0:
        return escape(sentence)
    return Markup("").join(
        Markup("<code>{}</code>").format(p) if k % 2 else escape(p) for k, p in enumerate(parts)
    )


def checked(text: str) -> Markup:
    """What a passing check looked at: its sentence, and the inputs and remarks as lists, which can be read by the line."""
    text, *notes = text.split(" note · ")
    sentence, _, inputs = text.partition(" Inputs: ")
    rows = [*inputs.removesuffix(".").split("; ")] if inputs else []
    shown = Markup("<p>{}</p>").format(said(sentence))
    if rows:
        shown += Markup("<p>Inputs:</p><ul>{}</ul>").format(
            Markup("").join(Markup("<li>{}</li>").format(said(row)) for row in rows)
        )
    return shown + Markup("").join(
        Markup('<p><span class="label">Note ·</span> {}</p>').format(said(note)) for note in notes
    )


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
    made.filters.update(code=code, said=said, checked=checked, prose=lambda text: Markup(html_of(text)))
    return made


@functools.cache
def _style() -> str:
    light, dark = (
        str(HtmlFormatter(style=name).get_style_defs(".code"))  # type: ignore[no-untyped-call]
        for name in STYLES
    )
    return (
        f":root{{color-scheme:light dark;{theme.variables(theme.LIGHT)}}}"
        f"{light}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{theme.variables(theme.DARK)}}}{dark}}}"
        f"{Path(__file__).with_name('templates').joinpath('feedback.css').read_text(encoding='utf-8')}"
    )
