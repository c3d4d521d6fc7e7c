"""The marks of one lesson as an LMS wants them: what was earned, less the penalty for being late, or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nbgrader.api import MissingEntry

from backprop_helpers.lms.sheet import SheetError


@dataclass(frozen=True)
class Mark:
    """score: None where nothing was handed in; penalty: what lateness cost, already taken off; unfinished: an answer waits
    for a person, so the score may still rise; handed_in: UTC, where known."""

    score: float | None
    most: float
    penalty: float = 0.0
    late: bool = False
    unfinished: bool = False
    handed_in: datetime | None = None

    @property
    def text(self) -> str:
        """The score with two digits at most; empty where there is none."""
        return "" if self.score is None else f"{self.score:.2f}".rstrip("0").rstrip(".")


def marks_of(gradebook: Any, lesson: str) -> dict[str, Mark]:
    """Learner's id → mark, for everybody in the gradebook. Raises SheetError for a lesson that has not been graded."""
    try:
        assignment = gradebook.find_assignment(lesson)
    except MissingEntry:
        known = ", ".join(a.name for a in gradebook.assignments) or "none"
        raise SheetError(
            f"The gradebook has no lesson {lesson!r}; it has {known}. Grade it first: backprop grade {lesson}."
        ) from None
    most = float(assignment.max_score)
    found = {student.id: Mark(None, most) for student in gradebook.students}
    for submission in gradebook.assignment_submissions(lesson):
        penalty = float(submission.late_submission_penalty or 0.0)
        found[submission.student.id] = Mark(
            max(0.0, float(submission.score) - penalty),
            most,
            penalty,
            bool(submission.total_seconds_late),
            bool(submission.needs_manual_grade),
            submission.timestamp,
        )
    return found


@dataclass(frozen=True)
class Filled:
    """A table to be written, and what a person should know about it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def left_out(marks: Mapping[str, Mark], seen: set[str]) -> list[str]:
    """Sentences about who is in the gradebook and not in the file, and about marks that may still rise."""
    lost = [id_ for id_, mark in marks.items() if id_ not in seen and mark.score is not None]
    notes = [f"{id_} has a mark and is not in the file." for id_ in sorted(lost)]
    return notes + unfinished({i: m for i, m in marks.items() if i in seen})


def unfinished(marks: Mapping[str, Mark]) -> list[str]:
    waiting = sum(mark.unfinished for mark in marks.values())
    return [f"{waiting} of these marks may still rise: answers wait for a person."] if waiting else []
