"""A lesson's own solution is graded before anybody's: where it gets no point, the marks of a class would mean nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from backprop_helpers.grading.course import Course, GradeError
from backprop_helpers.grading.master import Master
from backprop_helpers.grading.pool import Workers, graded
from backprop_helpers.grading.results import GradedSubmission
from backprop_helpers.grading.run import Job
from backprop_helpers.grading.submission import BEGIN


def proven(
    course: Course,
    masters: Sequence[Master],
    jobs: Iterator[Job],
    workers: Workers,
    say: Callable[[str], None],
    only: str = "",
) -> Iterator[Job]:
    """The same jobs; before the first of each lesson is handed on, that lesson's own solution is graded.

    only: the id of one test cell, where no other is about to give marks. Says so when the solution loses points. Raises GradeError
    when it gets none at all: then the tests, the solution or the grader itself is broken, and every learner would be told that
    they are wrong. A lesson without solutions proves nothing.
    """
    done: set[str] = set()
    for job in jobs:
        if job.lesson not in done:
            done.add(job.lesson)
            master = next(master for master in masters if master.lesson == job.lesson)
            _prove(course, master, job, workers, say, only)
        yield job


def _prove(
    course: Course, master: Master, job: Job, workers: Workers, say: Callable[[str], None], only: str
) -> None:
    """Grade the solution notebook of a job's lesson as that job would be, and hear what became of it."""
    data = course.solution(job.lesson).read_bytes()
    if BEGIN.encode() not in data:
        return
    own = Job(job.lesson, "", data, (), "", job.master, job.seed, "", job.unsafe)
    for _, result in graded(iter([own]), workers, say):
        if isinstance(result, GradedSubmission):
            _judge(course, master, result, say, only)


def _judge(
    course: Course, master: Master, result: GradedSubmission, say: Callable[[str], None], only: str
) -> None:
    path = course.solution(result.lesson)
    if result.status == "cannot be graded":
        raise GradeError(
            f"The course's own solution, {path}, can't be graded: {result.reason} Nothing was graded."
        )
    pairs = [
        (cell.points, graded)
        for cell, graded in zip(master.cells, result.cells, strict=True)
        if cell.kind == "test" and cell.points and only in ("", cell.grade_id)
    ]
    lost = [graded for points, graded in pairs if (graded.earned or 0.0) < points]
    if not lost:
        return
    first = " ".join(lost[0].message.split())[:300]
    if not any(graded.earned for _, graded in pairs):
        where = f" at {only}" if only else ""
        raise GradeError(
            f"The course's own solution, {path}, gets no point{where}, so the tests, the solution or this installation of the "
            f"grader is broken. Nothing was graded. Its first lost test, {lost[0].grade_id}, says: {first}"
        )
    names = ", ".join(cell.grade_id for cell in lost)
    say(
        f"The course's own solution of {result.lesson} loses points at {names}: look at the test before you trust its marks. "
        f"It says: {first}"
    )
