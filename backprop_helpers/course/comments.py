"""A bank of comments for marking answers in words: written once in own/comments.toml, given again with one command.

It writes what a person would type into formgrader's comment field and its box for points, and nothing else: automatic marks and
comments are never touched.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from backprop_helpers.grading.class_run import chosen_lessons, course_at
from backprop_helpers.grading.course import Course, GradeError
from backprop_helpers.grading.master import MasterCell, read_master

BANK = Path("own") / "comments.toml"
MAX_CHARACTERS = 4000
EXAMPLE = """[because]
text = "Right. Say why, too: which step of the calculation makes it so?"

[sign]
text = "The direction is the other way round: look at the sign of the gradient once more."
points = 1                      # given with the comment where --points says nothing
answer = "more_right_more_loss" # for this answer alone
"""


@dataclass(frozen=True)
class Comment:
    """One of the bank. points: given with it, or None; answer: the one it is for, or "" for every."""

    id: str
    text: str
    points: float | None = None
    answer: str = ""


@dataclass(frozen=True)
class Waiting:
    """An answer that a person has to read: whose, and what was written."""

    learner: str
    answer: str


def read_bank(path: Path) -> dict[str, Comment]:
    """The comments by id, in the file's order. Raises GradeError in a sentence where the file can't be used."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise GradeError(f"{path} can't be read: {problem}.") from problem
    return {id_: _comment(id_, entry) for id_, entry in found.items()}


def _comment(id_: str, entry: Any) -> Comment:
    if not isinstance(entry, dict) or not isinstance(entry.get("text"), str) or not entry["text"].strip():
        raise GradeError(f'{BANK}: {id_} has no text; write [{id_}] and below it text = "…".')
    for name in entry:
        if name not in ("text", "points", "answer"):
            raise GradeError(f"{BANK}: {id_} has an entry {name!r}; it knows text, points and answer.")
    points = entry.get("points")
    if points is not None and (isinstance(points, bool) or not isinstance(points, int | float) or points < 0):
        raise GradeError(f"{BANK}: points of {id_} is {points!r}; expected a number from 0 on.")
    if len(entry["text"]) > MAX_CHARACTERS:
        raise GradeError(f"{BANK}: the text of {id_} has more than {MAX_CHARACTERS} characters.")
    return Comment(id_, entry["text"].strip(), points, str(entry.get("answer", "")))


def listed(lesson: str, folder: Path | None = None) -> list[str]:
    """What a marker wants to see: each answer with its mark scheme, who waits, and the comments for it. Returns lines."""
    course, name, answers = _answers(lesson, folder)
    bank = read_bank(course.root / BANK)
    waiting = _waiting(course, name)
    said = []
    for answer, (cell, scheme) in answers.items():
        who = [w.learner for w in waiting if w.answer == answer]
        said.append(f"{answer}: {cell.points:g} points; {len(who)} wait{': ' if who else ''}{', '.join(who)}")
        said += [f"    {line}" for line in scheme.splitlines()]
        for comment in bank.values():
            if comment.answer in ("", answer):
                points = "" if comment.points is None else f" ({comment.points:g})"
                said.append(f"  {comment.id}{points}: {comment.text}")
    if not answers:
        said.append(f"{name} has no answers that a person marks.")
    if not bank:
        said += [f"There are no comments yet. Write some into {course.root / BANK}:", *EXAMPLE.splitlines()]
    return said


def give(
    lesson: str,
    learner: str,
    answer: str,
    ids: Sequence[str],
    folder: Path | None = None,
    *,
    points: float | None = None,
) -> list[str]:
    """Give comments of the bank, and points, for one answer of one learner. Returns sentences.

    answer: its name, or the id of a cell; a comment may be given for code, points for answers in words alone. What a person
    wrote there stays, the new comments come below. Raises GradeError where something is not there, or points do not fit.
    """
    course, name, answers = _answers(lesson, folder)
    bank = read_bank(course.root / BANK)
    missing = [id_ for id_ in ids if id_ not in bank]
    if missing:
        raise GradeError(f"{BANK} has no comment {missing[0]!r}; it has {', '.join(bank) or 'none'}.")
    chosen = [bank[id_] for id_ in ids]
    told = [c.points for c in chosen if c.points is not None]
    wanted = points if points is not None else sum(told) if told else None
    cell = answers.get(answer.removeprefix("answer-"), (None, ""))[0]
    if cell is None and points is not None:
        raise GradeError(
            f"{answer!r} is no answer of {name} that a person marks ({', '.join(answers) or 'there is none'}); what tests gave "
            "is changed in formgrader alone."
        )
    if cell is not None and wanted is not None and not 0 <= wanted <= cell.points:
        raise GradeError(f"{wanted:g} points do not fit: {answer} is worth {cell.points:g}.")
    grade_id = cell.grade_id if cell is not None else answer
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            comment = gradebook.find_comment(grade_id, name, name, learner)
            grade = gradebook.find_grade(grade_id, name, name, learner) if cell is not None else None
        except MissingEntry:
            raise GradeError(
                f"The gradebook has no answer {answer!r} of {learner} in {name}; has it been graded, and is it spelt so?"
            ) from None
        comment.manual_comment = _below(comment.manual_comment, [c.text for c in chosen])
        if grade is not None and wanted is not None:
            grade.manual_score, grade.needs_manual_grade = wanted, False
        gradebook.db.commit()
    given = "" if cell is None or wanted is None else f", {wanted:g} of {cell.points:g} points"
    return [f"{learner}, {answer}: {len(chosen)} comment{'s' * (len(chosen) != 1)}{given}."]


def _below(old: str | None, new: Sequence[str]) -> str | None:
    """The comment that stands with the new ones below, each once."""
    parts = [old] if old else []
    parts += [text for text in new if text not in (old or "")]
    return "\n\n".join(parts) or None


def _answers(lesson: str, folder: Path | None) -> tuple[Course, str, Mapping[str, tuple[MasterCell, str]]]:
    """The course, the lesson's name, and each answer's cell with the mark scheme that stands below it."""
    course = course_at(folder)
    (name,) = chosen_lessons(course, [lesson])
    cells = read_master(course, name).cells
    found: dict[str, tuple[MasterCell, str]] = {}
    for place, cell in enumerate(cells):
        if cell.by_hand:
            below = cells[place + 1] if place + 1 < len(cells) else None
            scheme = below.source if below is not None and "MARK SCHEME" in below.source else ""
            lines = [line for line in scheme.splitlines() if "MARK SCHEME" not in line and line.strip()]
            found[cell.grade_id.removeprefix("answer-")] = (cell, "\n".join(lines))
    return course, name, found


def _waiting(course: Course, lesson: str) -> list[Waiting]:
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            submissions = gradebook.assignment_submissions(lesson)
        except MissingEntry:
            return []
        found = [
            Waiting(submission.student_id, grade.name.removeprefix("answer-"))
            for submission in submissions
            for notebook in submission.notebooks
            for grade in notebook.grades
            if grade.needs_manual_grade
        ]
    return sorted(found, key=lambda waiting: (waiting.answer, waiting.learner))
