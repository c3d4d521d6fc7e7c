"""Collected notebooks put where nbgrader and the grader look for them; what lay there before is kept aside."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backprop_helpers._files import write_atomically
from backprop_helpers.grading.course import Course
from backprop_helpers.lms.archive import Collected
from backprop_helpers.lms.sheet import SheetError


@dataclass(frozen=True)
class Put:
    """What happened, by learners' ids."""

    new: tuple[str, ...]
    replaced: tuple[str, ...]
    same: tuple[str, ...]
    late: tuple[str, ...]


def put(course: Course, lesson: str, collected: Collected) -> Put:
    """Write every notebook to submitted/LEARNER/LESSON; an older one goes to .backprop/replaced, never away.

    Raises SheetError for a lesson the course does not have, and where the disk does not let us.
    """
    if lesson not in course.lessons():
        known = ", ".join(course.lessons()) or "none"
        raise SheetError(f"The course has no lesson {lesson!r}; it has {known}.")
    new: list[str] = []
    replaced: list[str] = []
    same: list[str] = []
    moment = datetime.now(UTC)
    for id_, found in sorted(collected.found.items()):
        path = course.submitted / id_ / lesson / f"{lesson}.ipynb"
        try:
            if path.is_symlink() or any(p.is_symlink() for p in (path.parent, path.parent.parent)):
                raise SheetError(f"{path.parent} is a link; submissions are put into real folders only.")
            old = path.read_bytes() if path.is_file() else None
            if old == found.data:
                same.append(id_)
                continue
            if old is not None:
                _set_aside(course, lesson, id_, moment, old)
            path.parent.mkdir(parents=True, exist_ok=True)
            secret = path.parent / "submission_secret.txt"
            if not secret.exists():  # nbgrader's own `submit` writes one, and release_feedback wants it
                write_atomically(secret, secrets.token_hex(32).encode())
            write_atomically(path, found.data)
        except OSError as problem:
            raise SheetError(
                f"{problem.filename or path} can't be written: {problem.strerror}. Mend that and collect again; what is "
                "there already stays."
            ) from problem
        (new if old is None else replaced).append(id_)
    late = tuple(sorted(id_ for id_, found in collected.found.items() if found.late))
    return Put(tuple(new), tuple(replaced), tuple(same), late)


def _set_aside(course: Course, lesson: str, id_: str, moment: datetime, data: bytes) -> None:
    folder: Path = course.private / "replaced" / lesson / id_
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / f"{moment:%Y-%m-%dT%H%M%S.%f}.ipynb", data)
