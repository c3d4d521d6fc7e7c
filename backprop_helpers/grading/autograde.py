"""`nbgrader autograde` and formgrader's button, through this grader: they keep their names, options and messages.

nbgrader has no setting for the class that autogrades, so `install`, called by nbgrader_config.py, puts another one in its
place. Without that call nbgrader's own runs, and learner code then runs with the instructor's rights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.apps import api, autogradeapp
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException

from backprop_helpers.grading.class_run import Options, Outcome, Watcher, grade_class
from backprop_helpers.grading.course import GradeError, course_of


class EngineAutograde(Autograde):  # type: ignore[misc]
    """nbgrader's converter with another run: `backprop grade` for the lesson and the learners it was asked for."""

    def start(self) -> None:
        """Grade. Raises NbGraderException, as nbgrader's own does, when somebody could not be graded."""
        if not self.config.Execute.get("enabled", True):
            super().start()  # --no-execute runs nothing: nbgrader's own way is safe
            return
        try:
            course = course_of(self.coursedir)
            options = Options(
                lessons=[self.coursedir.assignment_id],
                students=[self.coursedir.student_id],
                force=self.force,
                excluded=self._excluded(course.db_url),
            )
            summary = grade_class(course, options, _Log(self.log))
        except (GradeError, OSError) as problem:
            self.log.error(str(problem))
            raise NbGraderException(str(problem)) from problem
        bad = [o for o in summary.outcomes if o.what in ("cannot be graded", "not finished")]
        if not summary.outcomes:
            raise NbGraderException(f"Nothing was handed in for {self.coursedir.assignment_id!r}.")
        if bad:
            raise NbGraderException("; ".join(f"{o.learner}: {o.text}" for o in bad))

    def _excluded(self, db_url: str) -> tuple[str, ...]:
        """The learners that nbgrader's own options leave out."""
        left_out = [name for name in self.coursedir.student_id_exclude.split(",") if name]
        if not self.create_student:
            submitted = self.coursedir.format_path(self.coursedir.submitted_directory, "", "")
            with Gradebook(db_url, self.coursedir.course_id) as gradebook:
                known = {student.id for student in gradebook.students}
            left_out += [path.name for path in Path(submitted).iterdir() if path.name not in known]
        return tuple(left_out)


class _Log(Watcher):
    """Tells nbgrader's log, which formgrader shows."""

    def __init__(self, log: Any) -> None:
        self.log = log

    def say(self, sentence: str) -> None:
        self.log.warning(sentence)

    def done(self, outcome: Outcome) -> None:
        bad = outcome.what in ("cannot be graded", "not finished")
        tell = self.log.error if bad else self.log.info
        tell("%s, %s: %s. %s", outcome.learner, outcome.lesson, outcome.what, outcome.text)


def install() -> None:
    """Make `nbgrader autograde`, its Python API and formgrader's button use EngineAutograde."""
    autogradeapp.Autograde = EngineAutograde
    api.Autograde = EngineAutograde
