"""The graded notebook of a learner, as formgrader shows it and `nbgrader generate_feedback` makes a page of it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from backprop_helpers._files import write_atomically
from backprop_helpers.grading.course import Course
from backprop_helpers.grading.master import Master, MasterCell
from backprop_helpers.grading.results import GradedCell, GradedSubmission
from backprop_helpers.grading.shown import shown, without_commands

_OURS = ("text/plain", "text/html")  # the cards of checks, which escape what they say
_THEIRS = ("text/plain", "image/png", "image/jpeg")


def notebook_of(master: Master, result: GradedSubmission) -> bytes:
    """The notebook of a result, the same bytes for the same result.

    Every cell is the master's, with its checksum and points as the gradebook has them; only sources and outputs differ.
    """
    cells = [_about(result)] if result.reason or result.notes or result.tier == "unsafe" else []
    graded: Sequence[GradedCell | None] = result.cells or [None] * len(master.cells)
    cells += [_cell(*pair) for pair in zip(master.cells, graded, strict=True)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    metadata = {**master.metadata, "backprop": {"key": result.key, "tier": result.tier}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return msgspec.json.format(msgspec.json.encode(notebook, order="sorted"), indent=1) + b"\n"


def _about(result: GradedSubmission) -> dict[str, Any]:
    """The cell above all others: what the learner should know."""
    lines = []
    if result.reason:
        lines += ["**This notebook could not be graded.**", _escaped(result.reason)]
    if result.notes:
        lines += ["**About this notebook**", "\n".join(f"- {_escaped(note)}" for note in result.notes)]
    if result.tier == "unsafe":
        lines.append("Graded without a sandbox (`--unsafe`).")
    return {"cell_type": "markdown", "metadata": {}, "source": "\n\n".join(lines)}


def _escaped(text: str) -> str:
    """Plain text as Markdown that shows exactly it: file names and kernels in it come from outside."""
    special = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]()#+!|~$<>&:"})
    return (
        html.escape(without_commands(" ".join(text.split())).translate(special), quote=False)
        .replace("\\&lt;", "&lt;")
        .replace("\\&gt;", "&gt;")
        .replace("\\&amp;", "&amp;")
    )


def _cell(master: MasterCell, graded: GradedCell | None) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": master.cell_type,
        "metadata": master.metadata,
        "source": graded.source if graded else master.source,
    }
    if master.cell_type == "code":
        allowed = _OURS if master.kind == "test" else _THEIRS
        found = [_output(output, allowed) for output in graded.outputs] if graded else []
        cell |= {"execution_count": None, "outputs": [output for output in found if output]}
    elif graded and master.kind == "answer":
        cell["source"], pictures = shown(graded.source, graded.attachments)
        if pictures:
            cell["attachments"] = pictures
    return cell


def _output(output: dict[str, Any], allowed: Sequence[str]) -> dict[str, Any] | None:
    """One output with exactly the fields of nbformat; None for what is none."""
    kind = output.get("output_type")
    if kind == "stream":
        return {
            "output_type": kind,
            "name": str(output.get("name", "stdout")),
            "text": str(output.get("text", "")),
        }
    if kind == "error":
        lines = [str(line) for line in output.get("traceback", ())]
        about = {name: str(output.get(name, "")) for name in ("ename", "evalue")}
        return {"output_type": kind, **about, "traceback": lines}
    if kind in ("display_data", "execute_result"):
        data = {
            name: value
            for name, value in output.get("data", {}).items()
            if name in allowed and isinstance(value, str)
        }
        if data:
            count = {"execution_count": None} if kind == "execute_result" else {}
            return {"output_type": kind, "data": data, "metadata": {}, **count}
    return None


class _Key(msgspec.Struct):
    key: str = ""


class _Metadata(msgspec.Struct):
    backprop: _Key = msgspec.field(default_factory=_Key)


class _Stamped(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class GradedFolder:
    """autograded/LEARNER/LESSON: written after the gradebook, so its key says what was entered there."""

    def __init__(self, course: Course) -> None:
        self.course = course

    def path(self, lesson: str, learner: str) -> Path:
        """The notebook's place."""
        return self.course.autograded / learner / lesson / f"{lesson}.ipynb"

    def key(self, lesson: str, learner: str) -> str:
        """The key of the result that the notebook there shows; empty when there is none of this grader's."""
        try:
            return msgspec.json.decode(
                self.path(lesson, learner).read_bytes(), type=_Stamped
            ).metadata.backprop.key
        except (OSError, msgspec.MsgspecError):
            return ""

    def write(self, master: Master, result: GradedSubmission, beside: dict[str, bytes]) -> None:
        """Write the notebook, and what nbgrader wants `beside` it (the time and the secret of the submission).

        The notebook comes last. Raises OSError when the disk is full or the folder can't be written.
        """
        path = self.path(result.lesson, result.learner)
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o664 if self.course.groupshared else 0o444
        for name, content in {**beside, path.name: notebook_of(master, result)}.items():
            # made again from the result where a power failure took it: its key is then missing
            write_atomically(path.with_name(name), content, durable=False)
            path.with_name(name).chmod(mode)
        for old in path.parent.iterdir():
            if old.name not in (*beside, path.name) and old.is_file() and not old.is_symlink():
                old.unlink()
