"""A lesson of a course: the course's solution notebook, the instructor's points, and the instructor's own questions at its end."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode


class ComposeError(Exception):
    """The parts do not fit together; the text says which cell, and what to do."""


def compose(
    lesson: str, solution: NotebookNode, own: NotebookNode | None, points: Mapping[str, float]
) -> NotebookNode:
    """Put them together. Raises ComposeError for an id that stands in both, or points for a cell that has none."""
    made: NotebookNode = copy.deepcopy(solution)
    ids = {_mark(cell).get("grade_id") for cell in made.cells} - {None}
    if own is not None:
        place = _closing(made)
        for k, cell in enumerate(own.cells):
            mark = _mark(cell)
            if mark.get("grade_id") in ids:
                raise ComposeError(
                    f"own/{lesson}.ipynb has a cell with the id {mark['grade_id']!r}, which the lesson has too; give it another."
                )
            new = copy.deepcopy(cell)
            new["id"] = f"own-{k}"
            made.cells.insert(place + k, new)
    for cell in made.cells:
        mark = _mark(cell)
        if mark.get("grade_id") in points:
            if not (mark.get("grade") or mark.get("task")):
                raise ComposeError(f"points has {mark['grade_id']!r}, a cell that gives none.")
            mark["points"] = points[mark["grade_id"]]
    nbformat.validate(made)
    return made


def graded_ids(notebook: NotebookNode) -> dict[str, float]:
    """Grade id → points of every cell that gives some."""
    marks = [_mark(cell) for cell in notebook.cells]
    return {str(m["grade_id"]): float(m.get("points", 0)) for m in marks if m.get("grade") or m.get("task")}


def _mark(cell: NotebookNode) -> dict[str, Any]:
    mark: dict[str, Any] = cell.metadata.get("nbgrader", {})
    return mark


def _closing(notebook: NotebookNode) -> int:
    """Where own questions go: before the heading under which the page closes, else at the end."""
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and cell.source.lstrip().startswith("## What you now know"):
            return place
    return len(notebook.cells)
