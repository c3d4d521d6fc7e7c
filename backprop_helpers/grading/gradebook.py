"""nbgrader's gradebook, through its own API: one writer, and all of one learner's marks in one commit."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import nbgrader.api
from nbgrader.api import Gradebook, InvalidEntry, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ResourceClosedError, SAWarning

from backprop_helpers.grading.course import Course, GradeError
from backprop_helpers.grading.master import Master
from backprop_helpers.grading.results import GradedCell, GradedSubmission

PATIENCE = 60.0  # seconds that a locked or restarting database is waited for
_NO_ANSWER = "No response."  # nbgrader's own words for an answer that was left as it was given


class Marks(dict[str, float | None]):
    """What the gradebook holds for one learner and lesson: automatic marks by grade id, and when it was handed in.

    late: after the due date as it is now, or punished for it before.
    """

    timestamp: datetime | None = None
    late: bool = False


@dataclass(frozen=True)
class Standing:
    """What the gradebook holds of one cell: the automatic mark, and a person's where there is one."""

    automatic: float
    by_hand: float | None


class Writer:
    """Writes results into the gradebook of a course; a context manager.

    say: told a sentence when something has to be waited for. Raises GradeError from every method when the gradebook
    can't be reached within PATIENCE seconds, and OSError when its disk is full.
    """

    def __init__(self, course: Course, say: Callable[[str], None] = lambda _: None) -> None:
        self.course = course
        self.say = say
        self._open: Any = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._open is not None:
            with contextlib.suppress(DBAPIError):
                self._open.close()
            self._open = None

    def _gradebook(self) -> Any:
        if self._open is None:
            with _version_read_here():
                self._open = Gradebook(self.course.db_url, self.course.course_id)
        return self._open

    def _patiently(self, work: Callable[[Any], Any]) -> Any:
        """Do `work` with the gradebook, again and again while it is locked or restarting."""
        deadline = time.monotonic() + PATIENCE
        said = False
        while True:
            try:
                return work(self._gradebook())
            except (OperationalError, InterfaceError, ResourceClosedError, InvalidEntry) as problem:
                self._close()
                text = str(getattr(problem, "orig", problem)).strip().splitlines()[0]
                if "full" in text and "disk" in text:
                    raise OSError(
                        28, "No space left on device", _without_password(self.course.db_url)
                    ) from None
                if time.monotonic() > deadline or not _may_pass(text):
                    raise GradeError(
                        f"The gradebook {_without_password(self.course.db_url)} says: {text}"
                    ) from problem
                if not said:
                    self.say("The gradebook is busy or restarting; waiting for it …")
                    said = True
                time.sleep(0.25)

    def prepare(self, master: Master) -> str:
        """Make sure that the gradebook knows the lesson as the master has it.

        Returns a sentence when it had to be entered or brought up to date. Raises GradeError when cells came or went
        although there are submissions already: nbgrader can't follow that.
        """
        return str(self._patiently(lambda gradebook: self._prepare(gradebook, master)))

    def _prepare(self, gradebook: Any, master: Master) -> str:
        wanted = _cells_of_master(master)
        try:
            there = _cells_of_gradebook(gradebook.find_notebook(master.lesson, master.lesson))
        except MissingEntry:
            there = None
        if there == wanted:
            return ""
        resources = {
            "nbgrader": {"notebook": master.lesson, "assignment": master.lesson, "db_url": self.course.db_url}
        }
        try:
            with one_commit(gradebook):
                gradebook.update_or_create_assignment(master.lesson)
            self._close()  # SaveCells opens the gradebook itself
            SaveCells(config=self.course.config).preprocess(_notebook(master), resources)
        except RuntimeError:
            raise GradeError(
                f"Graded cells of {master.lesson} came or went since submissions were graded, and nbgrader's gradebook "
                f"can't follow that. Grade with the lesson as it was released, or remove it from the gradebook: "
                f"`nbgrader db assignment remove {master.lesson} --force` (its marks are lost)."
            ) from None
        what = "entered into" if there is None else "brought up to date in"
        return f"{master.lesson} was {what} the gradebook."

    def entered(self, lesson: str) -> dict[str, Marks]:
        """What the gradebook holds of a lesson: marks by learner."""
        return dict(self._patiently(lambda gradebook: _entered(gradebook, lesson)))

    def enter(self, master: Master, result: GradedSubmission, timestamp: datetime | None) -> None:
        """Enter one result: the learner, the submission, all marks and comments, the penalty for being late.

        Marks and comments that a person gave stay. All of it is one commit: a kill leaves all or nothing.
        """
        self._patiently(lambda gradebook: self._enter(gradebook, master, result, timestamp))

    def _enter(
        self, gradebook: Any, master: Master, result: GradedSubmission, timestamp: datetime | None
    ) -> None:
        lesson, learner = result.lesson, result.learner
        with warnings.catch_warnings(), one_commit(gradebook):
            # nbgrader builds a submission bit by bit, and SQLAlchemy remarks on it
            warnings.simplefilter("ignore", SAWarning)
            gradebook.update_or_create_student(learner)
            submission = gradebook.update_or_create_submission(lesson, learner, timestamp=timestamp)
            notebook = gradebook.find_submission_notebook(lesson, lesson, learner)
            graded = {cell.grade_id: cell for cell in result.cells if cell.grade_id}
            _enter_grades(notebook, graded)
            _enter_comments(notebook, graded, result.reason)
            self._enter_penalty(gradebook, submission, notebook, learner)
        gradebook.db.expunge_all()

    def standing(self, lesson: str, grade_id: str) -> dict[str, Standing]:
        """What stands for one cell, by learner."""
        return dict(self._patiently(lambda gradebook: _standing(gradebook, lesson, grade_id)))

    def enter_one(self, lesson: str, learner: str, grade_id: str, earned: float) -> None:
        """Enter the automatic mark of one cell, and the penalty for being late; nothing else of the submission is touched.

        A mark that a person gave stays and counts; where the automatic one beneath it changes, the cell waits for a second look.
        """
        self._patiently(lambda gradebook: self._enter_one(gradebook, lesson, learner, grade_id, earned))

    def _enter_one(self, gradebook: Any, lesson: str, learner: str, grade_id: str, earned: float) -> None:
        with one_commit(gradebook):
            submission = gradebook.find_submission(lesson, learner)
            notebook = gradebook.find_submission_notebook(lesson, lesson, learner)
            grade = gradebook.find_grade(grade_id, lesson, lesson, learner)
            if grade.auto_score != earned:
                grade.auto_score = earned
                grade.needs_manual_grade = grade.manual_score is not None
            self._enter_penalty(gradebook, submission, notebook, learner)
        gradebook.db.expunge_all()

    def punish(self, lesson: str, learner: str) -> None:
        """Work out the penalty for being late anew: the due date or the policy may have changed since."""
        self._patiently(lambda gradebook: self._punish(gradebook, lesson, learner))

    def _punish(self, gradebook: Any, lesson: str, learner: str) -> None:
        with one_commit(gradebook):
            submission = gradebook.find_submission(lesson, learner)
            notebook = gradebook.find_submission_notebook(lesson, lesson, learner)
            self._enter_penalty(gradebook, submission, notebook, learner)
        gradebook.db.expunge_all()

    def _enter_penalty(self, gradebook: Any, submission: Any, notebook: Any, learner: str) -> None:
        """What nbgrader's AssignLatePenalties does, with the plugin that the course's configuration names."""
        notebook.late_submission_penalty = None
        if submission.total_seconds_late <= 0:
            return
        step = AssignLatePenalties(config=self.course.config)
        step.init_plugin()
        gradebook.db.flush()
        gradebook.db.refresh(notebook)
        late = submission.total_seconds_late
        penalty = step.plugin_inst.late_submission_penalty(learner, notebook.score, late)
        if penalty is not None:
            notebook.late_submission_penalty = step._check_late_penalty(notebook, penalty)


def punish_late(course: Course, lesson: str) -> None:
    """Work out every late learner's penalty anew: it is a share of all that was earned, and a person may have given points since.

    Raises GradeError when the gradebook can't be reached.
    """
    with Writer(course) as writer:
        for learner, marks in writer.entered(lesson).items():
            if marks.late:
                writer.punish(lesson, learner)


@contextlib.contextmanager
def one_commit(gradebook: Any) -> Iterator[None]:
    """Turn every commit of nbgrader's API within the block into a flush, and commit once at its end, or not at all."""
    session = gradebook.db
    commit = session.commit
    session.commit = session.flush
    try:
        yield
        commit()
    except BaseException:
        with contextlib.suppress(DBAPIError):
            session.rollback()
        raise
    finally:
        del session.commit


@contextlib.contextmanager
def _version_read_here() -> Iterator[None]:
    """For a new gradebook nbgrader starts the program alembic, only to be told a version; asked here, it takes no time."""
    usual = nbgrader.api.get_alembic_version
    nbgrader.api.get_alembic_version = _alembic_version
    try:
        yield
    finally:
        nbgrader.api.get_alembic_version = usual


def _alembic_version() -> str:
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import _temp_alembic_ini

    with _temp_alembic_ini("sqlite://") as settings:
        return str(ScriptDirectory.from_config(Config(settings)).get_current_head())


def _may_pass(text: str) -> bool:
    """Whether a database's trouble may be over in a moment."""
    words = (
        *(
            "locked",
            "closed",
            "connection",
            "connect",
            "starting up",
            "shutting down",
            "terminating",
            "could not receive",
        ),
        *("server", "timeout"),
    )
    return any(word in text.lower() for word in words)


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)


def _notebook(master: Master) -> Any:
    from nbformat import v4

    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}
    cells = [make[cell.cell_type](cell.source, metadata=cell.metadata) for cell in master.cells]
    return v4.new_notebook(cells=cells, metadata=master.metadata)


def _cells_of_master(master: Master) -> dict[str, tuple[Any, ...]]:
    """Checksums and points by id: a checksum covers the text, the type and the kind of a cell."""
    found = {}
    for cell in master.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade") or about.get("solution") or about.get("locked") or about.get("task"):
            found[cell.grade_id] = (
                about.get("checksum"),
                cell.points if about.get("grade") or about.get("task") else 0.0,
            )
    return found


def _cells_of_gradebook(notebook: Any) -> dict[str, tuple[Any, ...]]:
    points = {cell.name: float(cell.max_score) for cell in (*notebook.grade_cells, *notebook.task_cells)}
    return {cell.name: (cell.checksum, points.get(cell.name, 0.0)) for cell in notebook.source_cells}


def _entered(gradebook: Any, lesson: str) -> dict[str, Marks]:
    from nbgrader.api import Assignment, BaseCell, Grade, SubmittedAssignment, SubmittedNotebook

    handed_in = (SubmittedAssignment.timestamp, Assignment.duedate, SubmittedAssignment.extension)
    mark = (SubmittedNotebook.late_submission_penalty, BaseCell.name, Grade.auto_score)
    rows = (
        gradebook.db.query(SubmittedAssignment.student_id, *handed_in, *mark)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .filter(Assignment.name == lesson)
        .all()
    )
    found: dict[str, Marks] = {}
    for learner, timestamp, due, extension, penalty, cell, score in rows:
        marks = found.setdefault(learner, Marks())
        marks.timestamp = timestamp
        after_due = bool(timestamp and due and timestamp > due + (extension or timedelta()))
        marks.late = after_due or penalty is not None
        marks[cell] = score
    gradebook.db.rollback()
    return found


def _standing(gradebook: Any, lesson: str, grade_id: str) -> dict[str, Standing]:
    try:
        submissions = gradebook.assignment_submissions(lesson)
    except MissingEntry:
        return {}
    found = {}
    for submission in submissions:
        for grade in (g for notebook in submission.notebooks for g in notebook.grades if g.name == grade_id):
            found[submission.student_id] = Standing(float(grade.auto_score or 0.0), grade.manual_score)
    gradebook.db.rollback()
    return found


def _enter_grades(notebook: Any, graded: dict[str, GradedCell]) -> None:
    for grade in notebook.grades:
        cell = graded.get(grade.name)
        grade.auto_score = cell.earned if cell else 0.0
        # as nbgrader does: what a person marked before, or has to mark, waits for a look
        grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None


def _enter_comments(notebook: Any, graded: dict[str, GradedCell], reason: str) -> None:
    for comment in notebook.comments:
        cell = graded.get(comment.name)
        if cell is None:
            comment.auto_comment = reason or None
        else:
            comment.auto_comment = cell.note or (None if cell.touched else _NO_ANSWER)


def same_marks(marks: Marks | None, result: GradedSubmission, timestamp: datetime | None) -> bool:
    """Whether the gradebook holds exactly the automatic marks of a result, handed in at that time."""
    if marks is None or marks.timestamp != timestamp:
        return False
    earned = {cell.grade_id: cell.earned for cell in result.cells if cell.grade_id}
    return all(mark == (earned.get(name) if result.cells else 0.0) for name, mark in marks.items())
