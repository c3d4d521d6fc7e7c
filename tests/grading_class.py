"""A course folder with a class in it, for the tests of the grader: made-up learners hand in what a test wants."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

from backprop_helpers.grading.submission import answered, hand_in, solutions_of

REPOSITORY = Path(__file__).resolve().parent.parent
Notebook = dict[str, Any]


def make_course(folder: Path, *lessons: str, extra: str = "") -> Path:
    """An nbgrader course with the course's own configuration and these lessons' solutions."""
    folder.mkdir(parents=True, exist_ok=True)
    config = (REPOSITORY / "nbgrader_config.py").read_text(encoding="utf-8")
    (folder / "nbgrader_config.py").write_text(config + extra, encoding="utf-8")
    for lesson in lessons:
        target = folder / "solutions" / lesson / f"{lesson}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / "solutions" / lesson / target.name, target)
    return folder


@cache
def _released(lesson: str) -> Any:
    return nbformat.read(REPOSITORY / "notebooks" / lesson / f"{lesson}.ipynb", as_version=4)


@cache
def right_answers(lesson: str) -> Mapping[str, str]:
    """The right source of every cell to be filled in, by id."""
    return solutions_of(nbformat.read(REPOSITORY / "solutions" / lesson / f"{lesson}.ipynb", as_version=4))


def solved(lesson: str, changes: Mapping[str, str] | None = None, leave: tuple[str, ...] = ()) -> Notebook:
    """A submission that is right, but for `changes` by id and the cells left as they were given; as plain JSON data."""
    answers = {name: source for name, source in right_answers(lesson).items() if name not in leave}
    notebook = answered(copy.deepcopy(_released(lesson)), {**answers, **(changes or {})})
    return json.loads(nbformat.writes(notebook))


def give(course: Path, learner: str, lesson: str, notebook: Notebook | bytes) -> Path:
    """Hand in a notebook, or the very bytes of a file."""
    path = hand_in(copy.deepcopy(_released(lesson)), course, learner, lesson)
    path.write_bytes(notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode())
    return path


def cell(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    """The cell of that id."""
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def text(of: dict[str, Any]) -> str:
    """The source of a cell, however it is written."""
    return of["source"] if isinstance(of["source"], str) else "".join(of["source"])


def run_grade(
    course: Path, *arguments: str, before: Callable[[subprocess.Popen[str]], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `backprop grade` in a course folder, as a person would; `before` is handed the running process."""
    command = [sys.executable, "-m", "backprop_helpers.cli", "grade", *arguments]
    with subprocess.Popen(
        command,
        cwd=course,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "150"},
    ) as process:
        if before:
            before(process)
        out, err = process.communicate(timeout=280)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def marks(db_url: str, lesson: str) -> dict[str, dict[str, tuple[Any, ...]]]:
    """All that a gradebook holds of a lesson: by learner and cell (automatic, by hand, waits) and comments."""
    from nbgrader.api import Gradebook

    found: dict[str, dict[str, tuple[Any, ...]]] = {}
    with Gradebook(db_url, "backprop") as gradebook:
        for submission in gradebook.assignment_submissions(lesson):
            (notebook,) = submission.notebooks
            mine = found.setdefault(submission.student.id, {})
            mine[""] = (submission.timestamp, notebook.late_submission_penalty, len(submission.notebooks))
            for grade in notebook.grades:
                assert grade.name not in mine, "a mark stands there twice"
                mine[grade.name] = (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for comment in notebook.comments:
                mine[f"{comment.name} comment"] = (comment.auto_comment, comment.manual_comment)
    return found


def sqlite(course: Path) -> str:
    """The address of a course's own gradebook."""
    return f"sqlite:///{course / 'gradebook.db'}"


def total(of: dict[str, tuple[Any, ...]]) -> float:
    """The sum of a learner's automatic marks."""
    return sum(values[0] or 0 for name, values in of.items() if name.startswith("check-"))


def wait_for(what: Callable[[], Any], seconds: float = 100) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def wait_to_hear(process: subprocess.Popen[str], words: str) -> None:
    """Wait until a run with --json has said these words."""
    assert process.stderr is not None
    while words not in (line := process.stderr.readline()):
        assert line, f"it ended without saying {words!r}"
