"""The learner's own copies of the lessons, which nothing ever overwrites once they hold the learner's work.

`workspace/.backprop/workspace.json` keeps, for each lesson, the fingerprints of the versions given out. A copy
that still has one of them is unchanged and may be replaced by a better lesson; every other copy is the
learner's, and a better lesson is put beside it. A fingerprint is recorded before its file is written, and files
are written whole, so a kill at any moment leaves a state the next start understands.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from .._files import exclusive, write_atomically
from .._lessons import RECORD, Lesson, content_digest
from . import LearnError

LEAST_ROOM = 5_000_000  # bytes: a few notebooks with their outputs

README = """This folder is yours: the lessons in it are your own copies.

`make lab` (or `backprop learn`) opens it and never overwrites a lesson you have changed. When a lesson was
improved meanwhile, the new one is put beside yours as NEW_NAME.ipynb.
What you have passed is kept in .backprop/progress.json; an unchanged copy that was replaced by a better one is
kept in .backprop/replaced/.
"""


@dataclass
class Report:
    """What happened to the copies, one line each, in the learner's words."""

    given: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def sentences(self) -> list[str]:
        """All of it, first the lessons that are new."""
        if not self.given:
            return self.lines
        new = self.given[0] if len(self.given) == 1 else f"{len(self.given)} lessons"
        return [f"{new} put into your workspace.", *self.lines]


def update(workspace: Path, lessons: list[Lesson], *, wait: float = 30.0) -> Report:
    """Bring `workspace` up to date with `lessons` and say what happened; safe to run twice at once.

    Raises LearnError with the mend where the folder cannot be made, read or written.
    """
    try:
        (workspace / RECORD).parent.mkdir(parents=True, exist_ok=True)
        with exclusive(workspace / ".backprop" / "lock", wait):
            return _update(workspace, lessons)
    except OSError as problem:
        raise LearnError(explain(problem, workspace)) from problem


def _update(workspace: Path, lessons: list[Lesson]) -> Report:
    report = Report()
    record = _read_record(workspace, report)
    if not (workspace / "README.txt").exists():
        write_atomically(workspace / "README.txt", README.encode())
    for lesson in lessons:
        entry = record["lessons"].setdefault(lesson.name, {})
        before = json.dumps(entry)

        def save(record: dict[str, Any] = record) -> None:
            data = json.dumps(record, indent=1, sort_keys=True) + "\n"
            write_atomically(workspace / RECORD, data.encode())

        _update_lesson(workspace, lesson, entry, report, save)
        if json.dumps(entry) != before or not (workspace / RECORD).is_file():
            save()
    return report


def _read_record(workspace: Path, report: Report) -> dict[str, Any]:
    """What was given out so far. Without it (lost, damaged) every changed copy counts as the learner's own."""
    path = workspace / RECORD
    try:
        record = json.loads(path.read_bytes())
        entries = record["lessons"]
        good = [isinstance(e, dict) and isinstance(e.get("versions", []), list) for e in entries.values()]
        if all(good):
            return {"format": 1, "lessons": entries}
    except FileNotFoundError:
        return {"format": 1, "lessons": {}}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    report.lines.append(f"{path} was damaged and has been started afresh; your lessons are untouched.")
    path.replace(path.with_name("workspace.damaged.json"))
    return {"format": 1, "lessons": {}}


def _update_lesson(
    workspace: Path, lesson: Lesson, entry: dict[str, Any], report: Report, save: Callable[[], None]
) -> None:
    """Decide for one lesson: give it, leave it, replace it or put the new one beside it."""
    fresh = lesson.notebook.read_bytes()
    version = content_digest(fresh)
    if version is None:
        report.lines.append(f"{lesson.notebook} is not a readable notebook, so {lesson.name} was left out.")
        return
    folder = workspace / lesson.name
    copy = folder / lesson.notebook.name
    if folder.is_symlink():
        report.lines.append(f"{folder} is a link to another place, so its lesson was left as it is.")
        return
    versions = entry.setdefault("versions", [])
    if version not in versions:
        # saved before anything is written: after a kill we still know our own files from the learner's
        versions.append(version)
        save()
    if not os.path.lexists(copy):
        folder.mkdir(exist_ok=True)
        write_atomically(copy, fresh)
        report.written.append(copy)
        if entry.get("given"):
            report.lines.append(f"{lesson.name} was missing from your workspace and has been given again.")
        else:
            report.given.append(lesson.name)
        entry["given"] = version
        return
    mine = _digest_of_file(copy)
    if mine == version:
        entry["given"] = version
    elif entry.get("given") == version or entry.get("offered") == version:
        return  # the learner is at work, or has seen the new version and decided
    elif mine in versions and _replace(workspace, copy, fresh, mine):
        entry["given"] = version
        report.written.append(copy)
        report.lines.append(f"{lesson.name} was improved; your copy had no changes and was replaced.")
    else:
        name = _put_beside(copy, fresh, version, entry)
        entry["offered"] = version
        report.written.append(copy.with_name(name))
        report.lines.append(
            f"{lesson.name} was improved; your work stays, the new lesson is beside it: {name}"
        )


def _digest_of_file(path: Path) -> str | None:
    """The fingerprint of a copy that may be replaced; None for one that has to stay as it is.

    A link, a folder and a file its owner made read-only stay: somebody meant something by them.
    """
    state = path.lstat()
    if not stat.S_ISREG(state.st_mode) or not state.st_mode & stat.S_IWUSR:
        return None
    return content_digest(path.read_bytes())


def _replace(workspace: Path, copy: Path, fresh: bytes, expected: str | None) -> bool:
    """Put `fresh` in the place of an unchanged copy, keeping that copy; False if it changed at the last moment.

    The old file is moved first and looked at again where nobody writes to it any more, so a save that
    happens at this very moment is not lost.
    """
    kept = workspace / ".backprop" / "replaced"
    kept.mkdir(exist_ok=True)
    moment = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    old = kept / f"{copy.stem}-{moment}.ipynb"
    copy.rename(old)
    if content_digest(old.read_bytes()) != expected:
        if not os.path.lexists(copy):
            old.rename(copy)
        return False
    write_atomically(copy, fresh)
    return True


def _put_beside(copy: Path, fresh: bytes, version: str, entry: dict[str, Any]) -> str:
    """Write the new lesson next to a changed copy, over an earlier untouched offer if there is one."""
    number = 1
    while True:
        # NEW first: a narrow list of files shows how a name begins
        name = f"NEW_{'' if number == 1 else f'{number}_'}{copy.stem}.ipynb"
        target = copy.with_name(name)
        if not os.path.lexists(target):
            write_atomically(target, fresh)
            return name
        there = _digest_of_file(target)
        if there == version:
            return name  # written before a kill that came ahead of the record
        if there in entry["versions"]:
            write_atomically(target, fresh)
            return name
        number += 1


def check_room(workspace: Path) -> None:
    """Refuse to open a workspace in which JupyterLab could not save: work typed there would be lost."""
    if shutil.disk_usage(workspace).free < LEAST_ROOM:
        raise LearnError(explain(OSError(errno.ENOSPC, "full"), workspace))


def explain(problem: OSError, where: Path) -> str:
    """One sentence for an OSError met in `where`: what happened and the mend."""
    place = problem.filename or where
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk that holds {where} is full: free a few megabytes and start again; your work is safe."
        )
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{place} cannot be written: make it writable for you, or keep your copies elsewhere with "
            "`backprop learn --workspace FOLDER`."
        )
    if isinstance(problem, FileExistsError | NotADirectoryError):
        file = where if isinstance(problem, NotADirectoryError) else place
        return (
            f"{file} is a file where a folder is needed: move it away, or keep your copies elsewhere with "
            "`backprop learn --workspace FOLDER`."
        )
    return f"{place} could not be used ({problem.strerror or problem}): check it and start again."
