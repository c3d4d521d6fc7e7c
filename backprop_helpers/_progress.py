"""What a learner has passed: `workspace/.backprop/progress.json`, written by checks, shown by `progress(…)`.

Nothing here ever raises into a learner's cell. Outside a workspace, and while an instructor grades, results
are kept in memory only.
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ._files import exclusive, write_atomically
from ._lessons import Exercise, available, exercises, find_workspace

#: A lesson's results: exercise name -> what its check said last, and whether it ever held.
Results = dict[str, dict[str, Any]]

_memory: dict[str, Results] = {}
_workspace: Path | None = None


def record(exercise: str, lesson: str, passed: bool) -> None:
    """Keep what a visible check said: `record("affine_forward", "01_forward_pass", True)`. Never raises."""
    try:
        exercise, lesson, passed = str(exercise), str(lesson), bool(passed)
        _enter(_memory, exercise, lesson, passed)
        workspace = None if _grading() else _find()
        if workspace is not None:
            _write(workspace, exercise, lesson, passed)
    except Exception:
        return  # a full disk or a damaged file must not turn a right answer into an error


def load(workspace: Path | None = None) -> dict[str, Results]:
    """All results by lesson and exercise: of `workspace`, else of the workspace around this folder, else memory.

    Each result is {"passed": bool, "ever": bool, "tries": int, "when": ISO time}. Damaged files read as empty.
    """
    where = workspace or _find()
    if where is None:
        return _memory
    return _read(_path(where))


def finished(lesson: str, wanted: Iterable[Exercise], results: dict[str, Results]) -> bool:
    """Whether every checked exercise of a lesson has held at some time (answers read by hand don't count)."""
    done = results.get(lesson, {})
    return all(done.get(exercise.name, {}).get("ever", False) for exercise in wanted if not exercise.by_hand)


def progress(lesson: str) -> ProgressCard:
    """A card that shows which of the lesson's exercises hold and what comes next: `progress("01_forward_pass")`."""
    name = str(lesson)
    try:
        # what a check said in this very kernel is at least as new as the file
        results = {**load().get(name, {}), **_memory.get(name, {})}
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
    workspace = _find()
    if workspace is not None:
        folder = Path(lesson).name  # never a path: only a name leads to a file
        found = exercises(workspace / folder / f"{folder}.ipynb")
        if found:
            return found
    from .checks.registry import (
        exercises as checked,
    )  # the checks report here, so they load after this module

    return [Exercise(name) for name, exercise in checked().items() if exercise.lesson == lesson]


def _after(lesson: str) -> str | None:
    """The name of the lesson that follows, where a learner works on lessons."""
    if _find() is None:
        return None
    return next((other.name for other in available() if other.name > lesson), None)


def _grading() -> bool:
    """An instructor's run must not leave marks in a folder: nbgrader says so itself, others set ours."""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde" or "BACKPROP_NO_PROGRESS" in os.environ


def _find() -> Path | None:
    """The workspace around this folder; remembered, since a learner's code may change folder later."""
    global _workspace
    if _workspace is None or not _workspace.is_dir():
        _workspace = find_workspace()
    return _workspace


def _path(workspace: Path) -> Path:
    return workspace / ".backprop" / "progress.json"


def _write(workspace: Path, exercise: str, lesson: str, passed: bool) -> None:
    # two notebooks may check at once; a second's wait is the most a learner should ever notice
    with exclusive(workspace / ".backprop" / "progress.lock", wait=1.0):
        path = _path(workspace)
        results = _read(path)
        if not results and path.exists() and path.stat().st_size > 0:
            path.replace(path.with_name("progress.damaged.json"))
        _enter(results, exercise, lesson, passed)
        data = json.dumps({"format": 1, "lessons": results}, indent=1, ensure_ascii=False) + "\n"
        write_atomically(path, data.encode("utf-8", "replace"))


def _read(path: Path) -> dict[str, Results]:
    try:
        lessons = json.loads(path.read_bytes())["lessons"]
        return {
            str(lesson): {str(name): dict(result) for name, result in results.items()}
            for lesson, results in lessons.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _enter(results: dict[str, Results], exercise: str, lesson: str, passed: bool) -> None:
    entry = results.setdefault(lesson, {}).setdefault(exercise, {})
    entry["passed"] = passed
    entry["ever"] = passed or entry.get("ever") is True
    tries = entry.get("tries", 0)
    entry["tries"] = (tries if isinstance(tries, int) else 0) + 1
    entry["when"] = datetime.now(UTC).isoformat(timespec="seconds")
