"""What the tests of the judge share: a lesson as a job, and a box in this very process that speaks the wire all the same."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from backprop_helpers.grading import wire
from backprop_helpers.grading.judge import JobCell
from backprop_helpers.grading.sandbox import CallOutcome, CellOutcome
from backprop_helpers.grading.submission import solutions_of

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted(path.stem for path in (ROOT / "lessons").glob("[0-9][0-9]_*.py"))


@functools.cache
def solution(lesson: str) -> Any:
    return nbformat.read(ROOT / "solutions" / lesson / f"{lesson}.ipynb", as_version=4)


@functools.cache
def page(lesson: str) -> tuple[str, ...]:
    """The sources of a lesson's cells as a learner is given them."""
    released = nbformat.read(ROOT / "notebooks" / lesson / f"{lesson}.ipynb", as_version=4)
    return tuple(cell.source for cell in released.cells)


def job(lesson: str, answers: Mapping[str, str] | None = None) -> list[JobCell]:
    """The lesson's solution as a submission; answers: other sources, by exercise."""
    right = solutions_of(solution(lesson)) | {f"exercise-{k}": v for k, v in (answers or {}).items()}
    return [_cell(cell, right) for cell in solution(lesson).cells]


def _cell(cell: Any, right: Mapping[str, str]) -> JobCell:
    about = cell.metadata.get("nbgrader", {})
    grade_id = about.get("grade_id", "")
    if cell.cell_type != "code":
        return JobCell("answer" if about.get("solution") else "markdown", grade_id, cell.source)
    if about.get("solution"):
        return JobCell("solution", grade_id, right[grade_id], names=(grade_id.removeprefix("exercise-"),))
    if about.get("grade"):
        return JobCell("test", grade_id, cell.source, float(about["points"]))
    return JobCell("code", grade_id, cell.source)


def cells(*written: tuple[str, str]) -> list[JobCell]:
    """A small notebook: (kind, source) each; a solution asks for what it defines, a test is worth 2 points."""
    return [
        JobCell(kind, f"{kind}-{i}", source, 2.0 if kind == "test" else 0.0)  # type: ignore[arg-type]
        for i, (kind, source) in enumerate(written)
    ]


def crossed(value: Any, handles: list[object] | None = None) -> Any:
    """The value after a way over the wire."""

    def keep(part: object) -> int:
        if handles is None:
            raise wire.Unsendable("a part is no plain value")
        handles.append(part)
        return len(handles) - 1

    packer = wire.Packer(keep)
    node = packer.node(value)
    message = wire.Script(number=0, source="", inputs=node, seconds=0.0)
    raw = b"".join(bytes(piece) for piece in wire.frame(message, packer.chunks, wire.REQUEST_BYTES))
    start = wire.FRAME.size
    header, payload = wire.lengths(raw[:start], wire.REQUEST_BYTES)
    read = wire.Reader(wire.Question).read(raw[start : start + header])
    reader = wire.Unpacker(memoryview(raw)[start + header :])
    found = reader.value(read.inputs)
    reader.end()
    assert len(raw) == start + header + payload
    return found


class FakeBox:
    """Runs everything in this process, with values that cross the wire both ways. Limits nothing."""

    def __init__(self, names: Mapping[str, Any] | None = None) -> None:
        self.names: dict[str, Any] = dict(names or {})
        self.handles: list[object] = []
        self.ended = ""
        self.left = 120.0
        self.scripts = 0

    @property
    def alive(self) -> bool:
        return not self.ended

    def run(self, sources: Sequence[str], *, seconds: float | None = None) -> list[CellOutcome]:
        return [self._cell(source) for source in sources]

    def _cell(self, source: str) -> CellOutcome:
        try:
            exec(source, self.names)
        except Exception as problem:
            return CellOutcome("error", type(problem).__name__, str(problem))
        return CellOutcome("ok")

    def script(
        self, source: str, inputs: Mapping[str, Any] | None = None, *, seconds: float | None = None
    ) -> CallOutcome:
        self.scripts += 1
        names = {"learner": self.names, "np": np, **crossed(dict(inputs or {}))}
        exec(source, names)
        return CallOutcome("ok", crossed(names.get("result"), self.handles))

    def call(
        self, target: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **_: Any
    ) -> CallOutcome:
        try:
            value = self.names[target](*crossed(list(args)), **crossed(dict(kwargs or {})))
        except Exception as problem:
            return CallOutcome("error", ename=type(problem).__name__, evalue=str(problem))
        return CallOutcome("ok", crossed(value, self.handles))
