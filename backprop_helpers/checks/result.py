"""The outcome of a check, and how a learner reads it: a card or three lines, and never a traceback."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass
from typing import Any

WIDTH = 83  # characters of a line: nbgrader's validation cuts what is longer

# JupyterLab's own colours, which follow its theme; the second value serves other readers of a notebook
_EDGE = {
    "✓": "var(--jp-success-color1, #2e7d32)",
    "✗": "var(--jp-error-color1, #c62828)",
    "○": "var(--jp-content-font-color2, #757575)",
}


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    name: the exercise; passed; message: one clear sentence; where: quantity, shape and worst entry;
    look: how to look further; quantity: name of the first wrong quantity in backward order; got, expected:
    its whole arrays (None in a hidden check, or where there is none); index: the worst entry;
    misconception: the name of the mistake, "a + b" for two at once, "a or b" for two that can't be told
    apart, None where none fits; pattern: the general pattern found instead; remarks: what is right but
    worth knowing; checked: what a passing check looked at; empty: it is still to be written, which is no mistake.
    """

    name: str
    passed: bool
    message: str
    where: str = ""
    look: str = ""
    quantity: str | None = None
    got: Any = None
    expected: Any = None
    index: tuple[int, ...] | None = None
    misconception: str | None = None
    pattern: str | None = None
    remarks: tuple[str, ...] = ()
    checked: str = ""
    empty: bool = False

    def __bool__(self) -> bool:
        return self.passed

    @property
    def sign(self) -> str:
        """✓ holds, ✗ does not, ○ is still to be written."""
        return "✓" if self.passed else "○" if self.empty else "✗"

    def __str__(self) -> str:
        lines = [("✓ " if self.passed else "✗ ") + self.message]
        lines += [f"  where · {self.where}"] if self.where else []
        lines += [f"  look  · {self.look}"] if self.look else []
        lines += [f"  {self.checked}"] if self.checked else []
        lines += [f"  note  · {remark}" for remark in self.remarks]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """A small card; every word that could come from a learner is escaped."""
        rows = [f"<div style='font-weight:600'>{self.sign} {html.escape(self.message)}</div>"]
        for label, text in (
            ("Where", self.where),
            ("Look", self.look),
            ("", self.checked),
            *(("Note", r) for r in self.remarks),
        ):
            if text:
                tag = f"<span style='opacity:.75'>{label} · </span>" if label else ""
                rows.append(f"<div style='margin-top:.25em'>{tag}{html.escape(text)}</div>")
        return (
            f"<div role='status' style='border-left:4px solid {_EDGE[self.sign]};padding:.5em .9em;margin:.3em 0;max-width:46em;overflow-wrap:anywhere;"
            "background:var(--jp-layout-color2, rgba(127,127,127,.1));color:var(--jp-content-font-color1, inherit);"
            f"font-family:var(--jp-content-font-family, sans-serif)'>{''.join(rows)}</div>"
        )


class CheckFailed(AssertionError):
    """A check that does not hold. Its text is for the learner; `result` has the details; shown: as a card already."""

    def __init__(self, result: CheckResult, shown: bool = False) -> None:
        super().__init__(str(result))
        self.result = result
        self.shown = shown

    def _render_traceback_(self) -> list[str]:
        """What stands in place of a traceback: one line below a card, else the card's text in short lines.

        No colour: the background of an error is red already, in light and dark.
        """
        if self.shown:
            name, empty = self.result.name, self.result.empty
            return [
                f"○ {name} is waiting for you: the card above says what to do."
                if empty
                else f"✗ {name} does not hold yet: the card above says why."
            ]
        first, *rest = str(self.result).splitlines()
        return [
            *(f"\x1b[1m{line}\x1b[0m" for line in _short(first, "  ")),
            *(line for text in rest for line in _short(text, " " * 10)),
        ]


def _short(text: str, below: str) -> list[str]:
    """One line as several that fit, those after the first indented by `below`."""
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    ) or [text]
