"""Builds what has changed, and leaves alone what has not."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from backprop_helpers._files import write_atomically
from backprop_helpers.authoring.execute import execute
from backprop_helpers.authoring.outputs import clean, machine_paths, read_sanitize, same_outputs
from backprop_helpers.authoring.problems import LessonError, Problem
from backprop_helpers.authoring.release import CONFIG, generate
from backprop_helpers.authoring.rules import problems_of
from backprop_helpers.authoring.sync import edits, read_notebook, sync
from backprop_helpers.authoring.text import Lesson, read_lesson, to_notebook

_LESSON = re.compile(r"\d\d_[a-z0-9_]+")
# Parts of the package that no lesson can see.
_NOT_SEEN = ("backprop_helpers/learn/", "backprop_helpers/cli.py", "backprop_helpers/authoring/gallery.py")
_LEFT_OVER = re.compile(r"\b(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)\b|\bhidden\s*=\s*True\b")


@dataclass(frozen=True)
class Course:
    """Where a course keeps its lessons, solutions and released notebooks."""

    root: Path

    @cached_property
    def names(self) -> list[str]:
        """The lessons, in order."""
        return sorted(
            path.stem for path in (self.root / "lessons").glob("*.py") if _LESSON.fullmatch(path.stem)
        )

    def choose(self, beginnings: Sequence[str]) -> list[str]:
        """The lessons whose names begin so (all of them for none given). Raises LessonError when one fits nothing."""
        unknown = [
            given for given in beginnings if not any(n.startswith(Path(given).stem) for n in self.names)
        ]
        if unknown:
            known = ", ".join(self.names) or "none yet"
            raise LessonError(
                Problem(Path("lessons"), 1, f'no lesson begins with "{given}"; there are: {known}.')
                for given in unknown
            )
        stems = tuple(Path(given).stem for given in beginnings)
        return [name for name in self.names if not stems or name.startswith(stems)]

    def text(self, name: str) -> Path:
        return self.root / "lessons" / f"{name}.py"

    def solution(self, name: str) -> Path:
        return self.root / "solutions" / name / f"{name}.ipynb"

    def released(self, name: str) -> Path:
        return self.root / "notebooks" / name / f"{name}.ipynb"

    def stamp(self, name: str) -> Path:
        return self.root / ".build" / "lessons" / f"{name}.json"

    def orphans(self) -> list[Path]:
        """Generated folders whose lesson's text is gone."""
        folders = [*(self.root / "solutions").glob("*/"), *(self.root / "notebooks").glob("*/")]
        return sorted(f for f in folders if _LESSON.fullmatch(f.name) and f.name not in self.names)

    @cached_property
    def surroundings(self) -> str:
        """A digest of everything but its text that a lesson's notebooks depend on."""
        digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
        package = sorted((self.root / "backprop_helpers").rglob("*.py"))
        for path in [*package, self.root / "requirements.txt", self.root / CONFIG]:
            shown = path.relative_to(self.root).as_posix()
            if not shown.startswith(_NOT_SEEN) and path.exists():
                digest.update(f"{shown}\n".encode() + path.read_bytes())
        return digest.hexdigest()


def build(course: Course, names: Sequence[str], *, force: bool = False) -> Iterator[str]:
    """Build the given lessons; yields one line for each thing done.

    Lessons without problems are built even when others have some. Raises LessonError with all problems at the end.
    """
    problems: list[Problem] = []
    lessons: list[Lesson] = []
    inputs: dict[str, str] = {}
    for name in names:
        try:
            said = _synced(course, name)
            if said:
                yield said
            # taken before the text is read: an author may save it again while its cells run
            inputs[name] = _inputs(course, name)
            lesson = _read(course, name)
            found = problems_of(lesson, course.text(name).relative_to(course.root))
            problems += found
            if not found and (force or not _up_to_date(course, name)):
                lessons.append(lesson)
        except LessonError as error:
            problems += error.problems
    solutions, raised = _execute_all(course, lessons)
    problems += raised
    released = generate(solutions, course.root, course.root / ".build")
    for name, content in released.items():
        left = _left_over(course, name, content)
        problems += left
        if not left:
            changed = _write(course, name, solutions[name], content, inputs[name])
            yield f"{name}: {'built ' + ' and '.join(changed) if changed else 'ran again, nothing changed'}"
    unchanged = len(names) - len(solutions) - len({problem.path for problem in problems})
    if unchanged > 0:
        yield f"{unchanged} lesson{'s' if unchanged != 1 else ''} already up to date"
    for folder in course.orphans():
        yield f"{folder.relative_to(course.root)}: its lesson's text is gone; delete the folder."
    if problems:
        raise LessonError(problems)


def stale(course: Course, names: Sequence[str]) -> list[str]:
    """One sentence for everything generated that no longer follows from its text. Runs no cell: outputs are nbval's."""
    found: list[str] = []
    solutions: dict[str, bytes] = {}
    for name in names:
        try:
            sentence = _stale_solution(course, name)
            found += [sentence] if sentence else []
            if not sentence:
                solutions[name] = course.solution(name).read_bytes()
        except LessonError as error:
            found += [str(problem) for problem in error.problems]
    for name, content in generate(solutions, course.root, course.root / ".build").items():
        path = course.released(name)
        if not path.exists() or path.read_bytes() != content:
            found.append(f"notebooks/{name} does not follow from solutions/{name}; run `make lessons`.")
    found += [f"{f.relative_to(course.root)} has no text in lessons/; delete it." for f in course.orphans()]
    return found


def serialize(notebook: NotebookNode) -> bytes:
    """A notebook's bytes, always in the same form (the one nbgrader writes)."""
    text: str = nbformat.writes(notebook, version=4, sort_keys=True, indent=1, ensure_ascii=False)
    return (text.rstrip("\n") + "\n").encode()


def _synced(course: Course, name: str) -> str | None:
    settled = course.root / ".build" / "set-aside" / name
    try:
        return sync(course.text(name), course.solution(name), settled, course.root)
    except ValueError as error:
        raise LessonError([Problem(course.text(name).relative_to(course.root), 1, str(error))]) from error


def _read(course: Course, name: str) -> Lesson:
    path = course.text(name)
    try:
        return read_lesson(path.read_text(encoding="utf-8"), path)
    except ValueError as error:
        raise LessonError([Problem(path.relative_to(course.root), 1, str(error))]) from error


def _inputs(course: Course, name: str) -> str:
    return hashlib.sha256(course.surroundings.encode() + course.text(name).read_bytes()).hexdigest()


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def _stamp(course: Course, name: str, inputs: str) -> dict[str, str | None]:
    return {
        "inputs": inputs,
        "solution": _digest(course.solution(name)),
        "released": _digest(course.released(name)),
    }


def _up_to_date(course: Course, name: str) -> bool:
    try:
        recorded = json.loads(course.stamp(name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    now = _stamp(course, name, _inputs(course, name))
    return None not in now.values() and recorded == now


def _execute_all(course: Course, lessons: list[Lesson]) -> tuple[dict[str, bytes], list[Problem]]:
    """Run the lessons, as many at once as there are cores (two at most: each has a kernel of its own)."""

    async def run() -> list[bytes | list[Problem]]:
        slots = asyncio.Semaphore(min(2, os.cpu_count() or 1))

        async def one(lesson: Lesson) -> bytes | list[Problem]:
            async with slots:
                return await _solution(course, lesson)

        return await asyncio.gather(*(one(lesson) for lesson in lessons))

    results = dict(
        zip((lesson.name for lesson in lessons), asyncio.run(run()) if lessons else [], strict=True)
    )
    built = {name: result for name, result in results.items() if isinstance(result, bytes)}
    return built, [problem for result in results.values() if isinstance(result, list) for problem in result]


async def _solution(course: Course, lesson: Lesson) -> bytes | list[Problem]:
    """The bytes of a lesson's executed solution: those already there when nothing but chance differs."""
    notebook = to_notebook(lesson)
    raised = await execute(notebook)
    clean(notebook, course.root)
    found = raised + [
        (
            i,
            f"the cell's output shows a path of this machine ({path}); print something that is the same everywhere.",
        )
        for i, cell in enumerate(notebook.cells)
        for path in machine_paths(cell, course.root)[:1]
    ]
    if found:
        lines = _lines(lesson, notebook)
        path = course.text(lesson.name).relative_to(course.root)
        return [Problem(path, lines[i], sentence) for i, sentence in found]
    old = read_notebook(course.solution(lesson.name), course.solution(lesson.name).relative_to(course.root))
    sanitize = read_sanitize(course.root / "tests" / "nbval_sanitize.cfg")
    if old is not None and _bare(old) == _bare(notebook) and same_outputs(notebook, old, sanitize):
        return serialize(old)
    return serialize(notebook)


def _lines(lesson: Lesson, notebook: NotebookNode) -> list[int]:
    """The line of the text each notebook cell comes from (a mark scheme's cell comes from its answer's)."""
    lines: list[int] = []
    cells = iter(lesson.cells)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        lines.append(lines[-1] if grade_id.startswith("rubric-") else next(cells).line)
    return lines


def _bare(notebook: NotebookNode) -> bytes:
    """A notebook without what running it again may change: outputs."""
    bare = copy.deepcopy(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    return serialize(bare)


def _left_over(course: Course, name: str, released: bytes) -> list[Problem]:
    """A last look at what learners get, whatever the rules and nbgrader have done before."""
    path = course.text(name).relative_to(course.root)
    return [
        Problem(path, 1, f'the released notebook still shows "{match[0]}" (cell {cell.id}).')
        for cell in nbformat.reads(released.decode(), as_version=4).cells
        if (match := _LEFT_OVER.search(cell.source))
    ]


def _write(course: Course, name: str, solution: bytes, released: bytes, inputs: str) -> list[str]:
    changed = []
    for path, content in ((course.solution(name), solution), (course.released(name), released)):
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
            changed.append(path.parent.relative_to(course.root).as_posix())
    stamp = course.stamp(name)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(stamp, json.dumps(_stamp(course, name, inputs), indent=1).encode())
    return changed


def _stale_solution(course: Course, name: str) -> str | None:
    path = course.solution(name)
    shown = path.relative_to(course.root)
    lesson = _read(course, name)
    found = problems_of(lesson, course.text(name).relative_to(course.root))
    if found:
        raise LessonError(found)
    notebook = read_notebook(path, shown)
    if notebook is None:
        return f"lessons/{name}.py has no solution notebook yet; run `make lessons`."
    changed = edits(course.text(name).read_text(encoding="utf-8"), course.text(name), notebook)
    if changed.notebook:
        return f"{shown} was edited and its text was not; run `make lessons` to carry the edit over."
    if changed.text:
        return f"{shown} was built from an older lessons/{name}.py; run `make lessons`."
    built = to_notebook(lesson)
    for cell, made in zip(notebook.cells, built.cells, strict=True):
        if cell.cell_type == "code":
            made.execution_count = cell.execution_count
    if _bare(built) != _bare(notebook):
        return f"{shown} does not follow from its text (cell ids or metadata differ); run `make lessons`."
    return None
