"""Where the lessons are, and what each of them asks for.

A lesson is a folder `NN_name` that holds the notebook `NN_name.ipynb`. In a checkout they are in `notebooks/`;
an installed package carries the same files inside itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: The record inside a workspace; a folder that has it is a workspace.
RECORD = Path(".backprop") / "workspace.json"

#: What learners get where a solution was: of code, and of an answer in words.
CODE_STUB = "# Your code goes here, in place of the next line.\nraise NotImplementedError()"
ANSWER_STUB = "*Write your answer here, in place of this line.*"

_NAME = re.compile(r"\d\d_[a-z0-9_]+")


@dataclass(frozen=True)
class Lesson:
    """One lesson: its name (`01_forward_pass`) and the notebook that holds it."""

    name: str
    notebook: Path


@dataclass(frozen=True)
class Exercise:
    """Something a lesson asks for: `affine_forward`, checked by a cell or (by_hand) read by an instructor."""

    name: str
    by_hand: bool = False


def checkout() -> Path | None:
    """The repository this package is used from, or None for an installed copy."""
    root = Path(__file__).resolve().parent.parent
    return root if (root / "pyproject.toml").is_file() and (root / "notebooks").is_dir() else None


def lessons_folder() -> Path:
    """The folder the lessons come from (it may be empty or missing: see `available`)."""
    root = checkout()
    return root / "notebooks" if root else Path(__file__).resolve().parent / "_notebooks"


def available(folder: Path | None = None) -> list[Lesson]:
    """The lessons in `folder` (default: the course's own), in the order of their numbers."""
    where = folder or lessons_folder()
    if not where.is_dir():
        return []
    found = [Lesson(path.name, path / f"{path.name}.ipynb") for path in where.iterdir()]
    return sorted(
        (lesson for lesson in found if _NAME.fullmatch(lesson.name) and lesson.notebook.is_file()),
        key=lambda lesson: lesson.name,
    )


def find_workspace(start: Path | None = None) -> Path | None:
    """The workspace that `start` (default: the current folder) lies in, or None."""
    here = (start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / RECORD).is_file()), None)


def content_digest(notebook: bytes) -> str | None:
    """A fingerprint of what a person writes in a notebook; None when it is not a notebook that can be read.

    Covers each cell's kind, text, attachments and nbgrader marks, in order. Running a cell, folding it or
    saving it with another spacing of the file leaves the fingerprint as it is; a changed letter does not.
    """
    try:
        cells = json.loads(notebook)["cells"]
        essence = [_essence(cell) for cell in cells]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return hashlib.sha256(json.dumps(essence, sort_keys=True).encode()).hexdigest()


def _essence(cell: dict[str, Any]) -> list[Any]:
    source = cell["source"]
    text = source if isinstance(source, str) else "".join(source)
    # an empty dict and a missing one say the same, and JupyterLab writes either
    marks = cell.get("metadata", {}).get("nbgrader") or {}
    return [cell["cell_type"], text.replace("\r\n", "\n"), cell.get("attachments") or {}, marks]


def exercises(notebook: Path) -> list[Exercise]:
    """What the lesson in this file asks for, in order; empty when the file cannot be read.

    Read from the marks nbgrader keeps in every cell that carries points.
    """
    try:
        cells = json.loads(notebook.read_bytes())["cells"]
        graded = [cell["metadata"] for cell in cells if _mark(cell).get("grade")]
        found = [_exercise(metadata) for metadata in graded]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []
    return list({exercise.name: exercise for exercise in found}.values())


def _mark(cell: dict[str, Any]) -> dict[str, Any]:
    mark = cell.get("metadata", {}).get("nbgrader", {})
    return mark if isinstance(mark, dict) else {}


def _exercise(metadata: dict[str, Any]) -> Exercise:
    """The exercise behind one graded cell: named by the lesson's own mark, else by nbgrader's grade id."""
    mark = metadata["nbgrader"]
    own = metadata.get("backprop", {})
    named = own.get("check") or own.get("answer") or own.get("exercise")
    name = named or re.sub(r"^(check|test|answer)[-_]", "", str(mark["grade_id"]))
    # nbgrader's own rule: a cell that carries points and is also the learner's to fill is graded by hand
    return Exercise(str(name), by_hand=bool(mark.get("solution")))
