"""Every released notebook: unsolved it stops at its first check and says what to do; solved it gives full marks."""

from __future__ import annotations

import asyncio
import os
import re
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.utils import determine_grade

from backprop_helpers.grading.submission import answered, points_of, solutions_of

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted(path.stem for path in ROOT.glob("lessons/[0-9][0-9]_*.py") if "." not in path.stem)
pytestmark = pytest.mark.slow


def released(lesson: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "notebooks" / lesson / f"{lesson}.ipynb", as_version=4)


@cache
def solution(lesson: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "solutions" / lesson / f"{lesson}.ipynb", as_version=4)


def run(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run all cells on a fresh kernel, going on after an error, as nbgrader does."""
    client = NotebookClient(
        notebook,
        timeout=180,
        kernel_name="python3",
        allow_errors=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    environment = {key: value for key, value in os.environ.items() if key != "BACKPROP_SECRET_SEED"}
    asyncio.run(client.async_execute(env={**environment, "PYTHONPATH": str(ROOT)}))
    return notebook


def errors(notebook: nbformat.NotebookNode) -> list[tuple[int, str, str, str]]:
    """(cell number, grade id, name of the error, what is shown of it) of every cell that raised unasked."""
    found = []
    for i, cell in enumerate(notebook.cells):
        raised = [o for o in cell.get("outputs", []) if o.output_type == "error"]
        if raised and "raises-exception" not in cell.metadata.get("tags", []):
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            found.append((i, grade_id, raised[0].ename, "\n".join(raised[0].traceback)))
    return found


def test_there_are_lessons_and_each_is_released():
    assert LESSONS
    assert {path.name for path in (ROOT / "notebooks").iterdir() if path.is_dir()} == set(LESSONS)


@pytest.mark.parametrize("lesson", LESSONS)
class TestReleased:
    def test_unsolved_it_stops_at_the_first_check_which_says_what_to_do(self, lesson, tmp_path):
        notebook = run(released(lesson), tmp_path)
        found = errors(notebook)
        checks = [grade_id for grade_id in points_of(notebook) if grade_id.startswith("check-")]
        assert found[0][1] == checks[0]
        assert [grade_id for _, grade_id, _, _ in found if grade_id] == checks
        for number, grade_id, name, shown in found:
            if grade_id:
                exercise = grade_id.removeprefix("check-")
                assert name == "CheckFailed"
                assert shown == f"○ {exercise} is waiting for you: the card above says what to do."
                card = notebook.cells[number].outputs[0].data["text/plain"]
                assert f"{exercise} is still empty: write its body, run that cell, then this one." in card
                continue
            plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
            if name == "NameError":  # it goes on with what a cell above would have made, had it not stopped
                missing = re.findall(r"name '(\w+)' is not defined", plain)[-1]
                stopped = [notebook.cells[i].source for i, *_ in found if i < number]
                assert any(re.search(rf"^\s*{missing}\b.* = ", source, re.MULTILINE) for source in stopped), (
                    plain
                )
            else:  # a cell that uses an exercise: "Run All" comes here only when its check, above, has passed
                assert name == "NotImplementedError"
                above = [c.metadata.get("nbgrader", {}).get("grade_id") for c in notebook.cells[:number]]
                assert any(
                    f"check-{unsolved}" in above for unsolved in re.findall(r"\bin (\w+)[.(]", plain)
                ), plain

    def test_solved_it_gives_full_marks_with_hidden_tests_too(self, lesson, tmp_path):
        notebook = answered(released(lesson), solutions_of(solution(lesson)))
        hidden = {
            c.metadata.nbgrader.grade_id: c.source
            for c in solution(lesson).cells
            if c.id.startswith("check-")
        }
        for cell in notebook.cells:
            cell.source = hidden.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
        run(notebook, tmp_path)
        assert errors(notebook) == []
        checks = [
            c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade") and c.cell_type == "code"
        ]
        marks = [determine_grade(cell) for cell in checks]
        assert all(mark == worth for mark, worth in marks if mark is not None), marks

    def test_shows_no_solution(self, lesson):
        text = "\n".join(cell.source for cell in released(lesson).cells)
        for marker in ("BEGIN SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "hidden=True"):
            assert marker not in text
