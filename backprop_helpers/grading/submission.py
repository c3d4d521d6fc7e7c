"""Makes submissions out of a released notebook: used by the demo class and by the tests."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"


def answered(released: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """A released notebook with the source of some cells replaced.

    answers: by grade id, as "exercise-mse" or "answer-why". Raises KeyError naming a cell that does not exist.
    """
    notebook: NotebookNode = nbformat.from_dict(released)
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    for grade_id, source in answers.items():
        if grade_id not in cells:
            raise KeyError(f"The notebook has no cell {grade_id}; it has {', '.join(filter(None, cells))}.")
        cells[grade_id].source = source
    return notebook


def solutions_of(solution: NotebookNode) -> dict[str, str]:
    """The right answers of a solution notebook by grade id, without the marker lines."""
    found = {}
    for cell in solution.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("solution"):
            lines = [line for line in cell.source.split("\n") if not re.search(f"{BEGIN}|{END}", line)]
            found[str(about["grade_id"])] = "\n".join(lines)
    return found


def points_of(notebook: NotebookNode) -> dict[str, float]:
    """What each graded cell is worth, by grade id, in the notebook's order."""
    marks = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    return {str(mark["grade_id"]): float(mark["points"]) for mark in marks if mark.get("grade")}


def hand_in(notebook: NotebookNode, course: Path, learner: str, lesson: str) -> Path:
    """Put a notebook where nbgrader looks for what a learner handed in. Returns its path."""
    path = course / "submitted" / learner / lesson / f"{lesson}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    # `nbgrader submit` writes both; release_feedback stops with a traceback where one is missing
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    (path.parent / "timestamp.txt").write_text(now, encoding="utf-8")
    (path.parent / "submission_secret.txt").write_text(secrets.token_hex(32), encoding="utf-8")
    return path
