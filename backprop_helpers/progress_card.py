"""The card that closes a lesson: which of its exercises hold, and what comes next."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path

from backprop_helpers._lessons import Exercise, available, exercises
from backprop_helpers._progress import Results, in_memory, load, workspace_here
from backprop_helpers.checks.registry import exercises as registered


def progress(lesson: str) -> ProgressCard:
    """A card that shows which of the lesson's exercises hold and what comes next: `progress("01_forward_pass")`."""
    name = str(lesson)
    try:
        # what a check said in this very kernel is at least as new as the file
        results = {**load().get(name, {}), **in_memory(name)}
        return ProgressCard(name, _rows(name, results), _after(name))
    except Exception:
        return ProgressCard(name, (), None)


@dataclass(frozen=True)
class Row:
    """One line of the card: an exercise and how it stands (True holds, False does not, None: not tried)."""

    name: str
    passed: bool | None
    by_hand: bool


@dataclass(frozen=True)
class ProgressCard:
    """What `progress` gives back: shows itself in a notebook, and as plain text anywhere else."""

    lesson: str
    rows: tuple[Row, ...]
    after: str | None

    @property
    def next(self) -> str:
        """One sentence: what to do now."""
        checked = [row for row in self.rows if not row.by_hand]
        todo = next((row.name for row in checked if not row.passed), None)
        if not checked:
            return "Run a check, and it will be listed here."
        if todo is not None:
            return f"Next: {todo}."
        return f"All checks hold. Next lesson: {self.after}." if self.after else "All checks hold. Well done!"

    @property
    def headline(self) -> str:
        """How many of the checked exercises hold, as "2 of 6"."""
        checked = [row for row in self.rows if not row.by_hand]
        return f"{sum(bool(row.passed) for row in checked)} of {len(checked)}"

    def __repr__(self) -> str:
        lines = [f"  {_SIGN[_state(row)]} {row.name} ({_WORDS[_state(row)]})" for row in self.rows]
        return "\n".join([f"{self.lesson}, checks that hold: {self.headline}", *lines, self.next])

    def _repr_html_(self) -> str:
        rows = "".join(_row_html(row) for row in self.rows)
        return (
            f'<section aria-label="Your progress in {html.escape(self.lesson)}" style="{_CARD}">'
            f"<strong>Checks that hold: {html.escape(self.headline)}</strong>"
            f'<ul style="list-style:none;margin:8px 0;padding:0">{rows}</ul>'
            f"<span>{html.escape(self.next)}</span></section>"
        )


# JupyterLab's own colours, which follow its theme; the second value serves other readers of a notebook
_CARD = (
    "max-width:36em;padding:12px 16px;border:1px solid var(--jp-border-color1,#8888);border-radius:6px;"
    "background:var(--jp-layout-color1,transparent);color:var(--jp-content-font-color1,inherit);"
    "font-family:var(--jp-content-font-family,sans-serif);line-height:1.5"
)
_SIGN = {"holds": "✓", "fails": "✗", "open": "○", "hand": "✎"}
_WORDS = {"holds": "holds", "fails": "does not hold yet", "open": "not tried yet", "hand": "read by a person"}
_COLOUR = {
    "holds": "var(--jp-success-color0,#2e7d32)",
    "fails": "var(--jp-error-color0,#c62828)",
    "open": "inherit",
    "hand": "inherit",
}


def _state(row: Row) -> str:
    if row.by_hand:
        return "hand"
    return "open" if row.passed is None else "holds" if row.passed else "fails"


def _row_html(row: Row) -> str:
    state = _state(row)
    return (
        f'<li style="margin:2px 0"><span aria-hidden="true" style="color:{_COLOUR[state]};display:inline-block;'
        f'width:1.4em;font-weight:bold">{_SIGN[state]}</span><code>{html.escape(row.name)}</code> '
        f'<span style="color:var(--jp-content-font-color2,inherit)">{_WORDS[state]}</span></li>'
    )


def _rows(lesson: str, results: Results) -> tuple[Row, ...]:
    """The lesson's exercises in the order of its page, then results the page does not know."""
    wanted = _exercises_of(lesson)
    known = {exercise.name for exercise in wanted}
    extra = [Exercise(name) for name in results if name not in known]
    return tuple(
        Row(exercise.name, results.get(exercise.name, {}).get("passed"), exercise.by_hand)
        for exercise in [*wanted, *extra]
    )


def _exercises_of(lesson: str) -> list[Exercise]:
    """From the learner's own copy, else from the checks.

    Outside a workspace the answer must not depend on which notebooks lie around: the solutions are built there,
    and have to come out the same on every machine.
    """
    workspace = workspace_here()
    if workspace is not None:
        folder = Path(lesson).name  # never a path: only a name leads to a file
        found = exercises(workspace / folder / f"{folder}.ipynb")
        if found:
            return found
    return [Exercise(name) for name, exercise in registered().items() if exercise.lesson == lesson]


def _after(lesson: str) -> str | None:
    """The name of the lesson that follows, where a learner works on lessons."""
    if workspace_here() is None:
        return None
    return next((other.name for other in available() if other.name > lesson), None)
