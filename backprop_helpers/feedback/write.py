"""Feedback pages written where nbgrader keeps them, feedback/LEARNER/LESSON/LESSON.html, so that its commands hand them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from backprop_helpers._files import write_atomically
from backprop_helpers.feedback.content import Hand, feedback_of
from backprop_helpers.feedback.page import page
from backprop_helpers.grading.class_run import chosen_lessons, course_at
from backprop_helpers.grading.course import Course, GradeError
from backprop_helpers.grading.gradebook import punish_late
from backprop_helpers.grading.graded import GradedFolder
from backprop_helpers.grading.master import read_master
from backprop_helpers.grading.results import GradedSubmission, Results


def write_feedback(
    lessons: list[str],
    course: Path | None = None,
    students: tuple[str, ...] = ("*",),
    say: Callable[[str], None] = lambda _: None,
) -> int:
    """Write the pages of what has been graded. Returns how many. Raises GradeError and OSError in sentences."""
    where = course_at(course)
    total = 0
    with Gradebook(where.db_url, where.course_id) as gradebook:
        for lesson in chosen_lessons(where, lessons):
            master = read_master(where, lesson)
            punish_late(where, lesson)
            count = 0
            for result in graded_results(where, lesson, students):
                hands, penalty = by_hand(gradebook, lesson, result.learner)
                path = feedback_path(where, lesson, result.learner)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, page(feedback_of(master, result, hands, penalty)).encode())
                _beside(where, lesson, result.learner, path.parent)
                count += 1
            say(
                f"{lesson}: {count} page{'s' * (count != 1)} in {feedback_path(where, lesson, 'X').parents[2]}."
            )
            total += count
    if not total:
        raise GradeError(
            "Nothing has been graded yet that feedback could be written for: backprop grade comes first."
        )
    return total


def _beside(course: Course, lesson: str, learner: str, folder: Path) -> None:
    """What `nbgrader release_feedback` stops without: the time and the secret of the submission that was graded."""
    graded = GradedFolder(course).path(lesson, learner).parent
    for name in ("timestamp.txt", "submission_secret.txt"):
        if (graded / name).is_file():
            write_atomically(folder / name, (graded / name).read_bytes())


def graded_results(
    course: Course, lesson: str, students: tuple[str, ...] = ("*",)
) -> Iterator[GradedSubmission]:
    """The results that the gradebook shows: those whose graded notebook was written."""
    results, folder = Results(course.private), GradedFolder(course)
    names = sorted(path.name for path in (results.root / lesson).glob("*") if path.is_dir())
    for learner in names:
        if any(fnmatchcase(learner, pattern) for pattern in students):
            result = results.find(lesson, learner, folder.key(lesson, learner))
            if result is not None:
                yield result


def feedback_path(course: Course, lesson: str, learner: str) -> Path:
    """Where nbgrader looks for a learner's page."""
    name: str = course.config.CourseDirectory.get("feedback_directory", "feedback")
    return course.root / name / learner / lesson / f"{lesson}.html"


def by_hand(gradebook: Any, lesson: str, learner: str) -> tuple[dict[str, Hand], float]:
    """What people gave and said, by grade id, and the penalty for being late."""
    try:
        notebook = gradebook.find_submission_notebook(lesson, lesson, learner)
    except MissingEntry:
        return {}, 0.0
    comments = {comment.name: comment.manual_comment or "" for comment in notebook.comments}
    hands = {
        grade.name: Hand(grade.manual_score, float(grade.extra_credit or 0.0), comments.pop(grade.name, ""))
        for grade in notebook.grades
    }
    hands |= {name: Hand(comment=text) for name, text in comments.items() if text}
    return hands, float(notebook.late_submission_penalty or 0.0)
