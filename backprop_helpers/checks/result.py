"""The outcome of a check, and how a learner reads it: three lines and never a traceback."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass
from typing import Any

WIDTH = (
    84  # characters of a line: an output of JupyterLab shows at least so many in a window 1,100 pixels wide
)


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    name: the exercise; passed; message: one clear sentence; where: quantity, shape and worst entry;
    look: how to look further; quantity: name of the first wrong quantity in backward order; got, expected:
    its whole arrays (None in a hidden check, or where there is none); index: the worst entry;
    misconception: the name of the mistake, "a + b" for two at once, "a or b" for two that can't be told
    apart, None where none fits; pattern: the general pattern found instead; remarks: what is right but
    worth knowing; checked: what a passing check looked at.
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

    def __bool__(self) -> bool:
        return self.passed

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
        colour = "var(--jp-success-color1, #2e7d32)" if self.passed else "var(--jp-error-color1, #c62828)"
        rows = [
            f"<div style='font-weight:600'>{'✓' if self.passed else '✗'} {html.escape(self.message)}</div>"
        ]
        for label, text in (
            ("where", self.where),
            ("look", self.look),
            ("", self.checked),
            *(("note", r) for r in self.remarks),
        ):
            if text:
                tag = f"<span style='opacity:.75'>{label} · </span>" if label else ""
                rows.append(f"<div style='margin-top:.25em'>{tag}{html.escape(text)}</div>")
        return (
            f"<div role='status' style='border-left:4px solid {colour};padding:.5em .9em;margin:.3em 0;max-width:46em;"
            "background:var(--jp-layout-color2, rgba(127,127,127,.1));color:var(--jp-content-font-color1, inherit);"
            f"font-family:var(--jp-content-font-family, sans-serif)'>{''.join(rows)}</div>"
        )


class CheckFailed(AssertionError):
    """A check that does not hold. Its text is for the learner; `result` has the details."""

    def __init__(self, result: CheckResult) -> None:
        super().__init__(str(result))
        self.result = result

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows instead of a traceback: the sentence in bold, then where and how to look.

        No colour: the background of an error is red already, in light and dark. Short lines: JupyterLab breaks long
        ones of an error in the middle of a word.
        """
        first, *rest = str(self.result).splitlines()
        return [
            *(f"\x1b[1m{line}\x1b[0m" for line in _short(first, "  ")),
            *(line for text in rest for line in _short(text, " " * 10)),
        ]


def _short(text: str, below: str) -> list[str]:
    """One line as several that fit a notebook's page, those after the first indented by `below`."""
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    ) or [text]
