"""`backprop report`: read what was graded, count it, and write it down as a page, a table or JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec
from nbgrader.api import Gradebook

from backprop_helpers._files import write_atomically
from backprop_helpers.feedback.content import feedback_of
from backprop_helpers.feedback.write import by_hand, graded_results
from backprop_helpers.grading.class_run import chosen_lessons, course_at
from backprop_helpers.grading.course import Course, GradeError
from backprop_helpers.grading.gradebook import punish_late
from backprop_helpers.grading.master import read_master
from backprop_helpers.lms.sheet import write_sheet
from backprop_helpers.report.numbers import ClassReport, report_of
from backprop_helpers.report.page import page


def class_report(course: Course, lesson: str) -> ClassReport:
    """The numbers of a lesson. Raises GradeError where nothing of it has been graded."""
    master = read_master(course, lesson)
    punish_late(course, lesson)
    pairs = []
    with Gradebook(course.db_url, course.course_id) as gradebook:
        for result in graded_results(course, lesson):
            hands, penalty = by_hand(gradebook, lesson, result.learner)
            pairs.append((result, feedback_of(master, result, hands, penalty)))
    if not pairs:
        raise GradeError(f"Nothing of {lesson} has been graded yet: backprop grade {lesson} comes first.")
    return report_of(lesson, pairs)


def write_report(
    lesson: str,
    folder: Path | None = None,
    *,
    out: Path | None = None,
    csv: bool = False,
    as_json: bool = False,
) -> list[str]:
    """Write the report of a lesson, by default to reports/LESSON.html of the course. Returns sentences."""
    course = course_at(folder)
    (name,) = chosen_lessons(course, [lesson])
    report = class_report(course, name)
    ending = "csv" if csv else "json" if as_json else "html"
    path = out or course.root / "reports" / f"{name}.{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if csv:
        titles = [e.title for e in report.exercises]
        rows = [
            (
                r.learner,
                f"{r.earned:g}",
                *("" if m is None else f"{m:g}" for m in r.marks),
                " ".join(r.ideas),
                " ".join(r.notes),
            )
            for r in report.rows
        ]
        width = len(titles) + 4
        write_sheet(
            path,
            ("learner", "points", *titles, "misconceptions", "remarks"),
            [(*r[: len(r) - 2], *[""] * (width - len(r)), *r[-2:]) for r in rows],
        )
    elif as_json:
        write_atomically(path, msgspec.json.format(msgspec.json.encode(report), indent=1))
    else:
        write_atomically(path, page(report).encode())
    first = report.teach[0] if report.teach else None
    said = [f"{path}: {len(report.rows)} learners, median {report.median:g} of {report.points:g} points."]
    if first:
        said.append(f"Most shared ({len(first.learners)}): {first.says}")
    return said
