"""`backprop regrade` with a real gradebook: one exercise's automatic mark changes, and nothing else of anybody."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from grading_class import give, make_course, marks, run_grade, solved, sqlite
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from backprop_helpers.authoring.release import run_nbgrader
from backprop_helpers.cli import app
from backprop_helpers.grading.class_run import Options
from backprop_helpers.grading.course import GradeError, open_course
from backprop_helpers.grading.regrade import Regrading, regrade

pytestmark = [pytest.mark.nbgrader, pytest.mark.slow]

LESSON = "02_loss"
ANSWER = "answer-more_right_more_loss"
WRONG = "def softmax(scores):\n    return scores / scores.sum(axis=1, keepdims=True)"
# what an author got wrong: the hidden test of one exercise asks for what nobody was told
BROKEN = "assert False, 'this check is wrong'\n### END HIDDEN TESTS"


def spoil(course: Path, *exercises: str) -> None:
    """Make these exercises' checks fail for everybody."""
    path = course / "solutions" / LESSON / f"{LESSON}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.removeprefix("check-") in exercises and name.startswith("check-"):
            assert "### END HIDDEN TESTS" in cell.source
            cell.source = cell.source.replace("### END HIDDEN TESTS", BROKEN)
    nbformat.write(notebook, path)


def mend(course: Path) -> None:
    path = course / "solutions" / LESSON / f"{LESSON}.ipynb"
    path.write_text(re.sub(r'"assert False[^"]*",\s*', "", path.read_text()))
    assert "this check is wrong" not in path.read_text()


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four learners, graded while the checks of softmax and mse were wrong; some marks given by hand; then both mended."""
    course = make_course(tmp_path_factory.mktemp("regrade") / "course", LESSON)
    config = course / "nbgrader_config.py"
    text = "\nfrom backprop_helpers.course.late import use\nuse(c, 10, 50, 0)\n"
    config.write_text(config.read_text() + text)
    spoil(course, "softmax", "mse")
    for name, changes in (
        ("anna", {}),
        ("bert", {"exercise-softmax": WRONG}),
        ("cleo", {}),
        ("dora", {}),
    ):
        give(course, name, LESSON, solved(LESSON, changes))
    assert run_grade(course, "--workers", "2").returncode == 0
    with Gradebook(sqlite(course), "backprop") as gradebook:
        gradebook.update_or_create_assignment(LESSON, duedate="2000-01-01 00:00:00 UTC")
        for name in ("anna", "cleo"):
            grade = gradebook.find_grade(ANSWER, LESSON, LESSON, name)
            grade.manual_score, grade.needs_manual_grade = 2.5, False
            gradebook.find_comment(ANSWER, LESSON, LESSON, name).manual_comment = "why?"
            gradebook.find_comment("exercise-softmax", LESSON, LESSON, name).manual_comment = "see above"
        gradebook.find_grade("check-softmax", LESSON, LESSON, "cleo").manual_score = 2
        gradebook.db.commit()
    assert run_grade(course, "--workers", "2").returncode == 0
    mend(course)
    return course


@pytest.fixture
def course(once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(once, tmp_path / "course"))


def again(course: Path, exercise: str = "softmax", **options: object) -> Regrading:
    return regrade(open_course(course), "02", exercise, Options(workers=2, **options))  # type: ignore[arg-type]


def files(course: Path) -> dict[str, bytes]:
    kept = ("autograded", ".backprop", "submitted")
    return {str(p): p.read_bytes() for name in kept for p in (course / name).rglob("*.*") if p.is_file()}


def test_one_exercise_changes_and_nothing_else_does(course: Path) -> None:
    before = marks(sqlite(course), LESSON)
    found = again(course)
    after = marks(sqlite(course), LESSON)
    assert [(c.learner, c.before, c.after, c.by_hand) for c in found.changed] == [
        ("anna", 0, 3, None),
        ("cleo", 0, 3, 2),
        ("dora", 0, 3, None),
    ]
    assert (found.exercise, found.points) == ("softmax", 3)
    for learner, cells in before.items():
        changed = {name for name in cells if cells[name] != after[learner][name]}
        # the penalty is a share of all that was earned; "" holds it
        assert changed == ({"check-softmax", ""} if learner in ("anna", "dora") else
                           {"check-softmax"} if learner == "cleo" else set()), learner  # fmt: skip
    assert after["cleo"]["check-softmax"] == (
        3.0,
        2.0,
        True,
    )  # the person's mark counts and is looked at again
    assert after["anna"]["check-softmax"] == (3.0, None, False)
    assert after["anna"][ANSWER] == (None, 2.5, False)  # nobody has to read it again
    assert after["anna"]["exercise-softmax comment"] == (None, "see above")
    assert after["dora"][""][1] == pytest.approx(before["dora"][""][1] + 0.5 * 3)
    # mse was mended, too, and was not asked for
    assert {c.others for c in found.learners} == {("mse",)}
    assert {cells["check-mse"][0] for cells in after.values()} == {0.0}


def test_the_graded_notebook_and_the_next_run_follow(course: Path) -> None:
    again(course)
    notebook = nbformat.read(course / "autograded" / "anna" / LESSON / f"{LESSON}.ipynb", as_version=4)
    texts = {c.metadata.get("nbgrader", {}).get("grade_id"): str(c.get("outputs")) for c in notebook.cells}
    assert "hidden test of this cell does not hold" not in texts["check-softmax"]
    assert "hidden test of this cell does not hold" in texts["check-mse"]
    kept = marks(sqlite(course), LESSON)
    done = json.loads(run_grade(course, "--workers", "2", "--json").stdout)
    assert {o["what"] for o in done["submissions"]} == {"unchanged"}
    assert marks(sqlite(course), LESSON) == kept
    assert not again(course).changed
    assert [c.learner for c in again(course, "check-mse").changed] == ["anna", "bert", "cleo", "dora"]
    assert all(len(list(p.iterdir())) == 1 for p in (course / ".backprop" / "results" / LESSON).iterdir())


def test_a_dry_run_says_the_same_and_changes_nothing(course: Path) -> None:
    before, kept = marks(sqlite(course), LESSON), files(course)
    planned = again(course, dry_run=True)
    assert marks(sqlite(course), LESSON) == before
    assert files(course) == kept
    assert planned == again(course)


def test_nobody_is_regraded_by_a_check_that_the_own_solution_fails(course: Path) -> None:
    spoil(course, "softmax")
    before, kept = marks(sqlite(course), LESSON), files(course)
    for dry_run in (True, False):
        with pytest.raises(
            GradeError, match=r"own solution.*gets no point at check-softmax.*Nothing was graded.*hidden test"
        ):
            again(course, dry_run=dry_run)
    assert marks(sqlite(course), LESSON) == before
    assert files(course) == kept
    assert again(course, "mse").changed  # what is wrong elsewhere is no reason to wait


def test_who_handed_in_anew_or_was_never_graded_is_left_out(course: Path) -> None:
    give(course, "anna", LESSON, solved(LESSON, {"exercise-mse": "def mse(pred, y):\n    return 0.0"}))
    give(course, "eve", LESSON, solved(LESSON))
    give(course, "dora", LESSON, b"{")
    before = marks(sqlite(course), LESSON)
    problems = {c.learner: c.problem.split(":")[0] for c in again(course).learners if c.problem}
    assert problems == {
        "anna": "handed in something else since",
        "dora": "handed in something else since",
        "eve": "has not been graded yet, or not with this grader",
    }
    after = marks(sqlite(course), LESSON)
    assert {name: after[name] for name in ("anna", "dora")} == {
        name: before[name] for name in ("anna", "dora")
    }
    assert "eve" not in after


def test_what_is_asked_for_has_to_be_there(course: Path, tmp_path: Path) -> None:
    with pytest.raises(GradeError, match=r"'softmx' is no exercise .* those are .*softmax"):
        again(course, "softmx")
    with pytest.raises(GradeError, match="Nobody has been graded"):
        again(course, students=("zoe",))
    empty = make_course(tmp_path / "empty", LESSON)
    give(empty, "anna", LESSON, solved(LESSON))
    with pytest.raises(GradeError, match="Nobody has been graded"):
        again(empty)


def test_the_command_lists_whose_mark_changed(course: Path) -> None:
    run = CliRunner().invoke
    planned = run(app, ["regrade", "02", "softmax", "--dry-run", "--course", str(course)])
    assert planned.exit_code == 0, planned.output
    assert "3 of 4 marks would change" in planned.output
    done = run(app, ["regrade", "02", "softmax", "--course", str(course)])
    assert re.search(r"anna\s+│\s+0\s+│\s+3", done.output)
    assert "the mark given by hand, 2, counts" in done.output
    assert "another mark for mse, too; those marks stay" in " ".join(done.output.split())
    refused = run(app, ["regrade", "02", "nothing", "--course", str(course)])
    assert refused.exit_code == 1
    assert "no exercise" in refused.output


def test_nbgraders_own_feedback_takes_being_late_off_points_given_by_hand_since(course: Path) -> None:
    with Gradebook(sqlite(course), "backprop") as gradebook:
        gradebook.find_grade(ANSWER, LESSON, LESSON, "anna").manual_score = 0.5
        gradebook.db.commit()
        before = gradebook.find_submission_notebook(LESSON, LESSON, "anna").late_submission_penalty
    done = run_nbgrader(["generate_feedback", LESSON, "--force"], course)
    assert done.returncode == 0, done.stderr
    with Gradebook(sqlite(course), "backprop") as gradebook:
        notebook = gradebook.find_submission_notebook(LESSON, LESSON, "anna")
        assert notebook.late_submission_penalty == notebook.score / 2 == before - 1
        penalty = notebook.late_submission_penalty
    page = (course / "feedback" / "anna" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert f"{penalty:g} points off for being late" in page
