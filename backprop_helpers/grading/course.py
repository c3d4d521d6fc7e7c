"""An nbgrader course folder as the grader needs it: where everything stands, and nbgrader's own configuration."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONFIG = "nbgrader_config.py"
PRIVATE = ".backprop"  # the secret seed, the results and the lock; git ignores it
_STRUCTURE = os.path.join("{nbgrader_step}", "{student_id}", "{assignment_id}")  # noqa: PTH118 - nbgrader's own text


class GradeError(Exception):
    """The command can't go on; the text is a sentence for a person."""


@dataclass(frozen=True)
class Course:
    """Where a course's files are.

    root: the folder with nbgrader_config.py; config: all of nbgrader's configuration; db_url: the gradebook's address
    as SQLAlchemy wants it; course_id: as in the configuration; groupshared: whether files are the group's, too.
    """

    root: Path
    config: Any
    db_url: str
    course_id: str
    source: Path
    submitted: Path
    autograded: Path
    groupshared: bool

    @property
    def private(self) -> Path:
        """The folder of what is the grader's own."""
        return self.root / PRIVATE

    @property
    def seed_file(self) -> Path:
        """The file of the secret seed, the same one that nbgrader's own autograde uses."""
        named = self.config.SeededExecute.get("seed_file")
        return Path(named) if named else self.private / "secret_seed"

    def solution(self, lesson: str) -> Path:
        """The notebook with the solutions and tests of a lesson."""
        return self.source / lesson / f"{lesson}.ipynb"

    def lessons(self) -> list[str]:
        """The lessons that have a solution notebook, in order."""
        if not self.source.is_dir():
            return []
        return sorted(path.name for path in self.source.iterdir() if self.solution(path.name).is_file())


def open_course(root: Path) -> Course:
    """Read the configuration of a course folder, as nbgrader's commands do.

    Raises GradeError with a sentence when there is none, it can't be read, or it asks for another folder structure.
    """
    root = root.resolve()
    if not (root / CONFIG).is_file():
        raise GradeError(
            f"{root} is not a course folder: it has no {CONFIG}. Run the command where that file is, or name the "
            "folder with --course."
        )
    return course_of(_configured(root))


def course_of(directory: Any) -> Course:
    """The course of nbgrader's own CourseDirectory. Raises GradeError when it asks for another folder structure."""
    # nbgrader starts `alembic` by name when it makes a gradebook
    programs = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    if programs not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, path])
    root = Path(directory.root)
    if directory.directory_structure != _STRUCTURE:
        raise GradeError(
            f"CourseDirectory.directory_structure is {directory.directory_structure!r}; this grader knows "
            f"{_STRUCTURE!r} alone. Take the setting out of {CONFIG}."
        )
    return Course(
        root=root,
        config=(directory.parent or directory).config,
        db_url=directory.db_url,
        course_id=directory.course_id,
        source=root / directory.source_directory,
        submitted=root / directory.submitted_directory,
        autograded=root / directory.autograded_directory,
        groupshared=directory.groupshared,
    )


def _configured(root: Path) -> Any:
    """nbgrader's own CourseDirectory, with every configuration file read that nbgrader would read."""
    from nbgrader.apps.baseapp import NbGrader

    app = NbGrader(log_level="ERROR")
    # nbgrader would say a word and go on with settings of its own, another gradebook among them
    app.raise_config_file_errors = True
    path = list(sys.path)
    try:
        with contextlib.chdir(root):
            app.initialize([], root=str(root))
    except SystemExit:
        raise GradeError(f"nbgrader can't read {root / CONFIG}; its message stands above.") from None
    except Exception as problem:  # whatever a configuration file does wrong
        raise GradeError(f"{root / CONFIG} can't be read: {type(problem).__name__}: {problem}") from problem
    finally:
        sys.path[:] = path
    return app.coursedir
