"""A course of one's own: made, planned, given own questions, brought up to date, and nothing an instructor wrote is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from formgrader_server import fetch, formgrader
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from backprop_helpers.cli import app
from backprop_helpers.course.compose import ComposeError, compose, graded_ids
from backprop_helpers.course.folder import CourseError, begin, bring_up_to_date, make
from backprop_helpers.course.late import DAY, penalty
from backprop_helpers.course.plan import PlanError, read_plan
from backprop_helpers.grading.course import open_course
from backprop_helpers.grading.master import read_master

KNOWN = ("01_forward_pass", "02_loss")
LESSON = "02_loss"


def question(grade_id: str = "own-question", points: int = 2) -> Any:
    mark = {
        "grade": True,
        "grade_id": grade_id,
        "locked": True,
        "points": points,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    cell = new_code_cell("assert 1 + 1 == 2")
    cell.metadata["nbgrader"] = mark
    return cell


def write_own(folder: Path, *cells: Any) -> Path:
    path = folder / "own" / f"{LESSON}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=[new_markdown_cell("## Our own question"), *cells]), path)
    return path


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = tmp_path / "term 2026"
    make(folder, ("02",))
    return folder


# --- the plan ----------------------------------------------------------------------------------------------


def test_a_new_course_has_a_plan_that_can_be_read(course: Path) -> None:
    plan = read_plan(course / "course.toml", KNOWN)
    assert (plan.id, plan.lessons, plan.percent_per_day) == ("term-2026", (LESSON,), 0.0)


def test_dates_are_of_the_zone_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "course.toml"
    path.write_text(
        'id = "c"\nlessons = ["01", "02"]\ntimezone = "Europe/Vienna"\n[due]\n01 = 2026-12-01\n02_loss = 2026-07-01T12:00:00\n'
    )
    plan = read_plan(path, KNOWN)
    assert plan.due["01_forward_pass"] == datetime(2026, 12, 1, 22, 59, 59, tzinfo=UTC)
    assert plan.due["02_loss"] == datetime(2026, 7, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id = ", "is no TOML"),
        ('id = "a b"\nlessons = ["01"]', "id is 'a b'"),
        ('id = "c"\nlessons = []', "lessons is empty"),
        ('id = "c"\nlessons = ["07"]', "'07' is no lesson"),
        ('id = "c"\nlessons = ["01", "01_forward_pass"]', "names one twice"),
        ('id = "c"\nlessons = ["01"]\n[due]\n01 = "soon"', "write a date"),
        ('id = "c"\nlessons = ["01"]\n[late]\npercent_per_day = 200', "from 0 to 100"),
        ('id = "c"\nlessons = ["01"]\n[late]\npercent = 2', "has an entry 'percent'"),
        ('id = "c"\nlessons = ["01"]\ntimezone = "Mars"', "timezone is 'Mars'"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "course.toml"
    path.write_text(text)
    with pytest.raises(PlanError, match=says):
        read_plan(path, KNOWN)


@pytest.mark.parametrize(("days", "lost"), [(0.01, 1.0), (1.0, 1.0), (1.01, 2.0), (4.5, 5.0), (30, 5.0)])
def test_lateness_costs_by_the_day_begun_up_to_a_limit(days: float, lost: float) -> None:
    assert penalty(10.0, days * DAY, 10, 50) == pytest.approx(lost)


# --- lessons with own questions ------------------------------------------------------------------------------


def test_own_questions_and_points_are_put_in_and_ids_may_not_meet() -> None:
    solution = new_notebook(
        cells=[question("q", 3), new_markdown_cell("## What you now know\n"), new_code_cell("pass")]
    )
    own = new_notebook(cells=[question("own", 2)])
    made = compose(LESSON, solution, own, {"q": 5})
    assert graded_ids(made) == {"q": 5.0, "own": 2.0}
    assert made.cells[1].metadata.nbgrader.grade_id == "own"
    assert graded_ids(solution) == {"q": 3.0}
    with pytest.raises(ComposeError, match="which the lesson has too"):
        compose(LESSON, solution, new_notebook(cells=[question("q")]), {})
    plain = new_code_cell("x = 1")
    plain.metadata["nbgrader"] = {
        "grade": False,
        "grade_id": "plain",
        "solution": True,
        "locked": False,
        "schema_version": 3,
        "task": False,
    }
    with pytest.raises(ComposeError, match="a cell that gives none"):
        compose(LESSON, new_notebook(cells=[plain]), None, {"plain": 1})


# --- the folder ----------------------------------------------------------------------------------------------


def test_a_second_run_changes_nothing(course: Path) -> None:
    before = {p: p.read_bytes() for p in course.rglob("*") if p.is_file() and p.suffix != ".db"}
    assert {c.what for c in bring_up_to_date(course)} == {"same"}
    assert {p: p.read_bytes() for p in before} == before


def test_an_update_says_what_it_changes_and_own_questions_stay(course: Path) -> None:
    own = write_own(course, question())
    kept = own.read_bytes()
    planned = bring_up_to_date(course, dry_run=True)
    assert [(c.what, c.text) for c in planned if c.what == "changed"] == [("changed", "own-question is new")]
    path = course / "source" / LESSON / f"{LESSON}.ipynb"
    assert "own-question" not in path.read_text()
    bring_up_to_date(course)
    assert "own-question" in path.read_text()
    assert own.read_bytes() == kept
    master = read_master(open_course(course), LESSON)
    assert "own-question" in [cell.grade_id for cell in master.cells]


def test_a_notebook_that_was_changed_by_hand_is_kept(course: Path) -> None:
    path = course / "source" / LESSON / f"{LESSON}.ipynb"
    mine = path.read_text().replace("Loss", "Our loss", 1)
    path.write_text(mine)
    write_own(course, question())
    (change,) = (c for c in bring_up_to_date(course) if LESSON in c.path)
    assert change.what == "kept"
    assert path.read_text() == mine
    assert "own-question" in (course / ".backprop" / "new" / f"{LESSON}.ipynb").read_text()


def test_an_update_keeps_gradebook_seed_and_configuration(course: Path) -> None:
    seed = (course / ".backprop" / "secret_seed").read_text()
    with (course / "nbgrader_config.py").open("a") as config:
        config.write("c.CourseDirectory.groupshared = True\n")
    plan = course / "course.toml"
    plan.write_text(
        plan.read_text()
        .replace("[late]", f"{LESSON} = 2026-12-01\n[late]")
        .replace("percent_per_day = 0", "percent_per_day = 10")
    )
    address = open_course(course)
    with Gradebook(address.db_url, address.course_id) as gradebook:
        gradebook.add_student("ada")
    said = [c.text for c in bring_up_to_date(course) if c.path == LESSON]
    assert said == ["due 2026-12-01 23:59 UTC"]
    found = open_course(course)
    assert (found.course_id, found.groupshared, found.source.name) == ("term-2026", True, "source")
    assert found.config.PercentPerDay.percent == 10
    assert (course / ".backprop" / "secret_seed").read_text() == seed
    with Gradebook(found.db_url, found.course_id) as gradebook:
        assert [s.id for s in gradebook.students] == ["ada"]
        assert gradebook.find_assignment(LESSON).duedate == datetime(2026, 12, 1, 23, 59, 59)


def test_an_installed_package_says_where_courses_come_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("backprop_helpers.course.folder.checkout", lambda: None)
    with pytest.raises(CourseError, match="made from a clone"):
        begin(tmp_path / "c")


def test_the_command_asks_before_notebooks_change(course: Path) -> None:
    write_own(course, question())
    run = CliRunner().invoke
    asked = run(app, ["course", str(course)], input="n\n")
    assert "own-question is new" in asked.output
    assert "own-question" not in (course / "source" / LESSON / f"{LESSON}.ipynb").read_text()
    done = run(app, ["course", str(course), "--yes"])
    assert done.exit_code == 0, done.output
    assert json.loads((course / ".backprop" / "course.json").read_text()).keys() == {LESSON}
    (course / "course.toml").write_text("id = 3")
    broken = run(app, ["course", str(course)])
    assert broken.exit_code == 1
    assert "id is 3" in broken.output


@pytest.mark.nbgrader
@pytest.mark.slow
def test_it_opens_in_formgrader(course: Path, tmp_path: Path) -> None:
    plan = course / "course.toml"
    plan.write_text(plan.read_text().replace("[late]", f"{LESSON} = 2030-01-02\n[late]"))
    make(course)
    with formgrader(course, {"HOME": str(tmp_path), "JUPYTER_NO_CONFIG": ""}) as address:
        found = json.loads(fetch(f"{address}/api/assignments?token=secret"))
    assert [(a["name"], a["duedate"][:10]) for a in found] == [(LESSON, "2030-01-02")]
