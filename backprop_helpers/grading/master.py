"""The course's own notebook of a lesson as the grader needs it: the stubs, the tests with their hidden parts, the points.

It is made by nbgrader's own steps of `generate_assignment`, so every checksum is the one that its other commands expect.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from typing import Any, Literal

import msgspec

from backprop_helpers.grading.course import Course, GradeError

Kind = Literal["code", "markdown", "solution", "answer", "test", "task"]


class MasterCell(msgspec.Struct, frozen=True):
    """One cell of the master.

    kind: code, markdown, solution (a learner writes code), answer (a learner writes words), test (graded by running
    it) or task (graded by a person); source: solutions taken out, hidden tests still in; released: what a learner was
    given; points: 0 where nothing is graded; metadata: nbgrader's, for the graded notebook; names: the functions and
    classes that a solution defines.
    """

    kind: Kind
    cell_type: str
    grade_id: str
    source: str
    released: str
    points: float
    metadata: dict[str, Any]
    names: tuple[str, ...] = ()

    @property
    def by_hand(self) -> bool:
        """Whether a person gives these points."""
        graded = bool(self.metadata.get("nbgrader", {}).get("grade"))
        return self.kind == "task" or (graded and self.kind != "test")


class Master(msgspec.Struct, frozen=True):
    """All cells of a lesson's master, its notebook metadata, and a digest of it all."""

    lesson: str
    cells: tuple[MasterCell, ...]
    metadata: dict[str, Any]
    digest: str

    @property
    def points(self) -> float:
        """What the whole lesson is worth."""
        return sum(cell.points for cell in self.cells)


def read_master(course: Course, lesson: str) -> Master:
    """The master of a lesson. Raises GradeError with a sentence when there is none, or nbgrader can't understand it."""
    path = course.solution(lesson)
    if not path.is_file():
        known = ", ".join(course.lessons()) or "none"
        raise GradeError(f"There is no lesson {lesson!r}: {path} is missing. The lessons here: {known}.")
    import nbformat
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme

    try:
        solution = nbformat.read(path, as_version=4)
        master = prepared(course, copy.deepcopy(solution))
        released = copy.deepcopy(master)
        for step in (ClearHiddenTests, ClearMarkScheme):
            released, _ = step(config=course.config).preprocess(released, _resources(lesson))
    except Exception as problem:  # nbgrader raises many kinds, all of them about this one file
        raise GradeError(
            f"{path} can't be used as a master: {problem}. `nbgrader generate_assignment {lesson}` says more."
        ) from problem
    cells = tuple(map(_cell, master.cells, released.cells, solution.cells))
    _refuse_doubles(path.name, cells)
    metadata = {
        key: value for key, value in master.metadata.items() if key in ("kernelspec", "language_info")
    }
    content = msgspec.json.encode([cells, metadata], order="sorted")
    return Master(lesson, cells, _plain(metadata), hashlib.sha256(content).hexdigest())


def prepared(course: Course, notebook: Any) -> Any:
    """The notebook as nbgrader's gradebook holds it: solutions cleared, checksums set, hidden tests still there."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.preprocessors import SaveCells

    steps = GenerateAssignment(config=course.config).preprocessors
    for step in steps[: steps.index(SaveCells)] if SaveCells in steps else steps:
        notebook, _ = step(config=course.config).preprocess(notebook, _resources(""))
    return notebook


def _resources(lesson: str) -> dict[str, Any]:
    return {"nbgrader": {"notebook": lesson, "assignment": lesson}, "unique_key": lesson}


def _plain(value: Any) -> Any:
    """The same in nothing but dicts, lists and plain values."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _cell(master: Any, released: Any, solution: Any) -> MasterCell:
    about = master.metadata.get("nbgrader", {})
    kind = _kind(master.cell_type, about)
    return MasterCell(
        kind=kind,
        cell_type=master.cell_type,
        grade_id=str(about.get("grade_id", "")),
        source=master.source,
        released=released.source,
        points=float(about.get("points", 0)) if about.get("grade") or about.get("task") else 0.0,
        metadata=_plain(dict(master.metadata)),
        names=(defined(master.source) or defined(solution.source)) if kind == "solution" else (),
    )


def _kind(cell_type: str, about: dict[str, Any]) -> Kind:
    if about.get("task"):
        return "task"
    if about.get("solution"):
        return "solution" if cell_type == "code" else "answer"
    if about.get("grade"):
        return "test" if cell_type == "code" else "answer"
    return "code" if cell_type == "code" else "markdown"


def defined(source: str) -> tuple[str, ...]:
    """The names of the functions and classes that code defines at its top level; none when it can't be read."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return tuple(dict.fromkeys(node.name for node in body if isinstance(node, kinds)))


def _refuse_doubles(name: str, cells: tuple[MasterCell, ...]) -> None:
    seen: set[str] = set()
    for cell in cells:
        if cell.grade_id and cell.grade_id in seen:
            raise GradeError(f"{name} has two cells with the id {cell.grade_id!r}; every id may stand once.")
        seen.add(cell.grade_id)
