"""Brings an edit made to a solution notebook in JupyterLab back into the lesson's text, and loses nothing.

A notebook records the fingerprint of the text it was built from. Its own text having another one means that the
notebook was edited; the lesson's text having another one means that the text was.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.reader import NotJSONError

from backprop_helpers._files import write_atomically
from backprop_helpers.authoring.problems import LessonError, Problem
from backprop_helpers.authoring.text import built_from, canonical, fingerprint, from_notebook

SIDE = ".edited-in-notebook.py"


@dataclass(frozen=True)
class Edits:
    """Which side of a lesson was edited since it was last built, and the notebook's version as text."""

    text: bool
    notebook: bool
    notebook_text: str


def read_notebook(path: Path, shown: Path) -> NotebookNode | None:
    """A notebook of the repository, None where there is none. Raises LessonError when it can't be read."""
    if not path.exists():
        return None
    try:
        return nbformat.read(path, as_version=4)
    except (NotJSONError, UnicodeDecodeError, nbformat.ValidationError, KeyError, AttributeError) as error:
        sentence = (
            f"this is not a readable notebook ({type(error).__name__}); restore it from git or delete it."
        )
        raise LessonError([Problem(shown, 1, sentence)]) from error


def edits(text: str, path: Path, notebook: NotebookNode) -> Edits:
    """Compare a lesson's text and its notebook with what the notebook was built from.

    Raises ValueError when the text's header can't be read.
    """
    notebook_text = from_notebook(notebook)
    ours, theirs, origin = (
        fingerprint(canonical(text, path)),
        fingerprint(notebook_text),
        built_from(notebook),
    )
    if ours == theirs:
        return Edits(False, False, notebook_text)
    return Edits(ours != origin, theirs != origin, notebook_text)


def sync(text_path: Path, notebook_path: Path, settled: Path, root: Path) -> str | None:
    """Carry an edit of the notebook into the text. Returns a line to print, or None when there was nothing to do.

    settled: a file that remembers which notebook was once set aside. When both sides were edited the notebook's
    version is written beside the text and LessonError is raised; once the author has deleted that file, the text holds.
    """
    shown, shown_notebook = text_path.relative_to(root), notebook_path.relative_to(root)
    notebook = read_notebook(notebook_path, shown_notebook)
    side = text_path.with_name(text_path.stem + SIDE)
    if side.exists():
        raise LessonError([_set_aside(shown, shown_notebook, side.relative_to(root))])
    if notebook is None:
        return None
    found = edits(text_path.read_text(encoding="utf-8"), text_path, notebook)
    if not found.notebook:
        return None
    mark = fingerprint(found.notebook_text)
    if not found.text:
        write_atomically(text_path, found.notebook_text.encode())
        return f"{shown}: took over what was edited in {shown_notebook}"
    if settled.exists() and settled.read_text(encoding="utf-8") == mark:
        return f"{shown}: holds; the edits of {shown_notebook} were set aside and dealt with"
    write_atomically(side, found.notebook_text.encode())
    settled.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(settled, mark.encode())
    raise LessonError([_set_aside(shown, shown_notebook, side.relative_to(root))])


def _set_aside(text: Path, notebook: Path, side: Path) -> Problem:
    return Problem(
        text,
        1,
        f"this text and {notebook} were both edited. The notebook's version is in {side}: move what you want to keep "
        "into this text, delete that file, and build again.",
    )
