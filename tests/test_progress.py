"""What a learner has passed: kept, shown, and never in the way."""

from __future__ import annotations

import json
import multiprocessing
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backprop_helpers import _progress, progress_card
from backprop_helpers._lessons import RECORD, Exercise, exercises
from backprop_helpers._progress import finished, load, record
from backprop_helpers.progress_card import progress

LESSON = "01_forward_pass"


def notebook(*cells: dict[str, Any]) -> str:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def graded(name: str, *, by_hand: bool = False) -> dict[str, Any]:
    mark = {"grade": True, "grade_id": name, "solution": by_hand, "points": 1, "schema_version": 3}
    return {"cell_type": "code", "metadata": {"nbgrader": mark}, "source": "", "outputs": []}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_progress, "_memory", {})
    monkeypatch.setattr(_progress, "_workspace", None)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.delenv("BACKPROP_NO_PROGRESS", raising=False)
    monkeypatch.chdir(tmp_path)
    return


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one lesson of three exercises; the current folder is the lesson's, as in a notebook."""
    (tmp_path / RECORD).parent.mkdir()
    (tmp_path / RECORD).write_text('{"format": 1, "lessons": {}}')
    folder = tmp_path / LESSON
    folder.mkdir()
    cells = [graded("check-affine_forward"), graded("check-relu_forward"), graded("answer-why", by_hand=True)]
    (folder / f"{LESSON}.ipynb").write_text(notebook(*cells))
    monkeypatch.chdir(folder)
    return tmp_path


def test_a_result_is_kept_and_read_back(workspace: Path) -> None:
    record("affine_forward", LESSON, False)
    record("affine_forward", LESSON, True)
    result = load(workspace)[LESSON]["affine_forward"]
    assert (result["passed"], result["ever"], result["tries"]) == (True, True, 2)


def test_a_later_failure_is_shown_but_what_was_reached_stays(workspace: Path) -> None:
    record("affine_forward", LESSON, True)
    record("affine_forward", LESSON, False)
    result = load(workspace)[LESSON]["affine_forward"]
    assert (result["passed"], result["ever"]) == (False, True)
    assert finished(LESSON, [Exercise("affine_forward"), Exercise("why", by_hand=True)], load(workspace))
    assert not finished(LESSON, [Exercise("relu_forward")], load(workspace))


def test_outside_a_workspace_nothing_is_written(tmp_path: Path) -> None:
    record("affine_forward", LESSON, True)
    assert load()[LESSON]["affine_forward"]["passed"] is True
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"), [("NBGRADER_EXECUTION", "autograde"), ("BACKPROP_NO_PROGRESS", "1")]
)
def test_grading_leaves_no_mark(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    record("affine_forward", LESSON, True)
    assert not (workspace / ".backprop" / "progress.json").exists()


def test_a_folder_called_backprop_alone_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / ".backprop").mkdir()
    record("affine_forward", LESSON, True)
    assert list((tmp_path / ".backprop").iterdir()) == []


def test_code_that_changes_folder_still_records(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    record("affine_forward", LESSON, True)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    record("relu_forward", LESSON, True)
    assert set(load(workspace)[LESSON]) == {"affine_forward", "relu_forward"}


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"lessons": 3}', b'{"lessons": {"a": {"b": 1}}}', b"\xff\xfe"]
)
def test_a_damaged_file_is_put_aside_and_work_goes_on(workspace: Path, damage: bytes) -> None:
    path = workspace / ".backprop" / "progress.json"
    path.write_bytes(damage)
    record("affine_forward", LESSON, True)
    assert load(workspace)[LESSON]["affine_forward"]["passed"] is True
    aside = workspace / ".backprop" / "progress.damaged.json"
    assert aside.exists() == bool(damage)


def test_nothing_ever_raises_into_the_learners_cell(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_progress, "write_atomically", full)
    record("affine_forward", LESSON, True)  # the assertion: no exception
    (workspace / ".backprop" / "progress.json").mkdir()
    record("affine_forward", LESSON, True)
    assert "affine_forward" in repr(progress(LESSON))
    assert progress("../../etc").rows == ()
    assert "0 of 0" in repr(progress(None))  # type: ignore[arg-type]


def _record_many(workspace: str, name: str) -> None:
    import os

    os.chdir(workspace)
    _progress._workspace = None
    for number in range(10):
        record(f"{name}{number}", LESSON, True)


def test_two_notebooks_at_once_lose_nothing(workspace: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_record_many, args=(str(workspace), name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert len(load(workspace)[LESSON]) == 20
    left = {path.name for path in (workspace / ".backprop").iterdir()}
    assert left == {"workspace.json", "progress.json", "progress.lock"}


def test_the_card_says_what_holds_and_what_is_next(workspace: Path) -> None:
    record("affine_forward", LESSON, True)
    record("relu_forward", LESSON, False)
    card = progress(LESSON)
    assert card.headline == "1 of 2"
    assert card.next == "Next: relu_forward."
    assert repr(card).splitlines()[1:4] == [
        "  ✓ affine_forward (holds)",
        "  ✗ relu_forward (does not hold yet)",
        "  ✎ why (read by a person)",
    ]
    html = card._repr_html_()
    assert "Checks that hold: 1 of 2" in html
    assert "does not hold yet" in html
    assert "--jp-content-font-color1" in html  # follows the theme


def test_when_all_hold_the_next_lesson_is_named(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_card, "_after", lambda name: "02_loss")
    for name in ("affine_forward", "relu_forward"):
        record(name, LESSON, True)
    assert progress(LESSON).next == "All checks hold. Next lesson: 02_loss."


def test_what_a_learner_names_is_escaped(workspace: Path) -> None:
    record("<script>alert(1)</script>", LESSON, True)
    html = progress(LESSON)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<img" not in progress('"><img src=x>')._repr_html_()


def test_the_file_is_readable_by_its_owner_as_any_other(workspace: Path) -> None:
    record("affine_forward", LESSON, True)
    mode = (workspace / ".backprop" / "progress.json").stat().st_mode
    assert mode & stat.S_IRUSR
    assert mode & stat.S_IWUSR
    assert not mode & stat.S_IWOTH


def test_exercises_come_from_the_marks_of_the_cells(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(
        notebook(graded("check-a"), graded("check-a"), graded("b"), graded("answer-c", by_hand=True))
    )
    assert exercises(path) == [Exercise("a"), Exercise("b"), Exercise("c", by_hand=True)]
    for broken in (
        "",
        "[]",
        '{"cells": 1}',
        '{"cells": [1]}',
        '{"cells": [{"metadata": {"nbgrader": {"grade": 1}}}]}',
    ):
        path.write_text(broken)
        assert exercises(path) == []


def test_both_names_of_the_package_are_the_function() -> None:
    code = (
        "import backprop_helpers._progress, backprop_helpers.checks\n"
        "from backprop_helpers import progress\n"
        "print(progress('01_forward_pass').lesson)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == LESSON


def test_outside_a_workspace_the_card_depends_on_nothing_but_the_checks() -> None:
    card = progress("02_loss")
    assert [row.name for row in card.rows][:2] == ["mse", "softmax"]
    for row in card.rows:
        record(row.name, "02_loss", True)
    assert progress("02_loss").next == "All checks hold. Well done!"
