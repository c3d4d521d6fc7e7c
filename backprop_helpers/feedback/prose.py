"""The course's own Markdown, as hints are written in, as HTML that needs neither scripts nor the network."""

from __future__ import annotations

import re
from html import escape

import mistune
from latex2mathml.converter import convert

_MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", re.DOTALL)


def html_of(markdown: str) -> str:
    """Markdown as HTML; formulas become MathML, which browsers draw by themselves.

    For text of the course alone: HTML in it is escaped all the same, and a formula that can't be read stays as it was typed.
    """
    formulas: list[str] = []

    def keep(found: re.Match[str]) -> str:
        formulas.append(_or_as_typed(found[1] or found[2], display=found[1] is not None))
        return f"\x02{len(formulas) - 1}\x03"

    text = _MATH.sub(keep, markdown)
    rendered = str(mistune.create_markdown(escape=True, plugins=["table"])(text))
    return re.sub(r"\x02(\d+)\x03", lambda found: formulas[int(found[1])], rendered)


def mathml(latex: str, *, display: bool) -> str:
    """A formula as MathML. Raises ValueError for one that can't be read."""
    try:
        return str(convert(latex, display="block" if display else "inline"))
    except Exception as problem:  # the converter knows many kinds of failure
        raise ValueError(f"The formula {latex!r} can't be turned into MathML: {problem}") from problem


def _or_as_typed(latex: str, display: bool) -> str:
    try:
        return mathml(latex, display=display)
    except ValueError:
        return f"<code>{escape(latex)}</code>"
