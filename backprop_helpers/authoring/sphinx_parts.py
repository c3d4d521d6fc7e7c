"""What the documentation's generator does not bring: formulas without a script, and this project's docstrings as they are meant."""

from __future__ import annotations

import re
from typing import Any

from backprop_helpers.feedback.prose import mathml


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("autodoc-process-docstring", _plain)
    app.connect("html-page-context", _reachable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(translator: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    translator.body.append(mathml(node.astext(), display=False))
    raise SkipNode


def _block(translator: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    translator.body.append(f'<div class="math">{mathml(node.astext(), display=True)}</div>')
    raise SkipNode


def _plain(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are plain sentences, not markup: only code between backticks is meant."""
    text = "\n".join(lines)
    parts = re.split(r"(`+[^`]+`+)", text)
    for i, part in enumerate(parts):
        if i % 2:
            parts[i] = f"``{part.strip('`')}``"
        else:
            parts[i] = re.sub(r"([*|_\\])", r"\\\1", part)
    lines[:] = "".join(parts).split("\n")


def _reachable(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """What the theme lets scroll sideways (wide formulas, tables and code) can be reached by key too."""
    for start in ('<div class="math-wrapper', '<div class="table-wrapper', "<pre>"):
        if "body" in context:
            tag, rest = start[:4], start[4:]
            context["body"] = context["body"].replace(start, f'{tag} tabindex="0"{rest}')
