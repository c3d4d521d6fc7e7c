"""`backprop lms`: what each subcommand does and says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from backprop_helpers.grading.class_run import chosen_lessons, course_at
from backprop_helpers.grading.course import Course
from backprop_helpers.grading.gradebook import punish_late
from backprop_helpers.lms import canvas, moodle
from backprop_helpers.lms.archive import collect as collect_from
from backprop_helpers.lms.marks import Filled, marks_of
from backprop_helpers.lms.people import columns_of, enter, known_people, people_of
from backprop_helpers.lms.put import put
from backprop_helpers.lms.sheet import SheetError, read_sheet, write_sheet


def roster(path: Path, course: Path | None = None, id_column: str = "") -> list[str]:
    """Enter the learners of a CSV file into the gradebook. Returns sentences."""
    sheet = read_sheet(path)
    columns = columns_of(sheet, id_column).told(sheet)
    people, odd = people_of(sheet, id_column)
    with _gradebook(course_at(course)) as gradebook:
        change = enter(gradebook, people)
    said = [
        columns,
        f"{len(change.new)} new, {len(change.changed)} changed, {len(change.same)} as they were.",
    ]
    if change.absent:
        said.append(f"In the gradebook and not in the file, and left there: {_listed(change.absent)}.")
    return said + odd


def collect(lesson: str, path: Path, course: Path | None = None, worksheet: Path | None = None) -> list[str]:
    """Put the submissions of an LMS archive into the course. Returns sentences.

    Raises GradeError for a lesson the course does not have, and SheetError where there is none to put, with what was passed over.
    """
    where = course_at(course)
    (lesson,) = chosen_lessons(where, [lesson])
    with _gradebook(where) as gradebook:
        people = known_people(gradebook)
    collected = collect_from(path, people, read_sheet(worksheet) if worksheet else None)
    done = put(where, lesson, collected)
    if not collected.found:
        why = "\n".join(collected.notes) or "The archive holds no notebook."
        raise SheetError(
            f"{why}\nNothing was collected: no notebook in {path} belongs to anybody in the gradebook. Is it the "
            "archive of this class, and was `backprop lms roster` run with its list?"
        )
    said = [
        f"{len(done.new)} new, {len(done.replaced)} replaced (the old ones are kept), {len(done.same)} as they were."
    ]
    if done.late:
        said.append(f"Late by the archive's own word: {_listed(done.late)}.")
    return said + collected.notes


def export(
    lesson: str,
    out: Path,
    course: Path | None = None,
    *,
    system: str = "canvas",
    template: Path | None = None,
    column: str = "",
    zero: bool = False,
) -> list[str]:
    """Write the marks of a lesson for Canvas or Moodle. Returns sentences.

    Raises GradeError for a lesson the course does not have, and SheetError for one without marks or a file that can't be used.
    """
    where = course_at(course)
    (lesson,) = chosen_lessons(where, [lesson])
    punish_late(where, lesson)
    with _gradebook(where) as gradebook:
        people = known_people(gradebook)
        marks = marks_of(gradebook, lesson)
    filled: Filled
    if system == "canvas":
        filled = (
            canvas.fill(read_sheet(template), column or lesson, marks, people, zero=zero)
            if template
            else canvas.fresh(column or lesson, marks, people, zero=zero)
        )
    else:
        filled = (
            moodle.fill(read_sheet(template), marks, people, zero=zero)
            if template
            else moodle.fresh(column or lesson, marks, people, zero=zero)
        )
    write_sheet(out, filled.columns, filled.rows)
    missing = sorted(id_ for id_, mark in marks.items() if mark.score is None)
    late = sorted(id_ for id_, mark in marks.items() if mark.late)
    said = [f"{out}: {len(marks) - len(missing)} marks of {len(marks)} learners."]
    if missing:
        said.append(f"Nothing handed in ({'0' if zero else 'no mark written'}): {_listed(missing)}.")
    if late:
        said.append(f"Late, with their penalty taken off: {_listed(late)}.")
    return said + list(filled.notes)


def _gradebook(course: Course) -> Any:
    return Gradebook(course.db_url, course.course_id)


def _listed(ids: Sequence[str], most: int = 12) -> str:
    return ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")
