"""From a solution to what a learner gets, with nbgrader's own command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from backprop_helpers.authoring.problems import LessonError, Problem

CONFIG = "nbgrader_config.py"


def generate(solutions: dict[str, bytes], root: Path, scratch: Path) -> dict[str, bytes]:
    """The released notebook of every given solution: name → bytes in, name → bytes out.

    Runs `nbgrader generate_assignment` in a course folder of its own with this course's configuration, so nothing in
    the repository is half-written when it fails. Raises LessonError with nbgrader's own words when it refuses.
    """
    if not solutions:
        return {}
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="course-") as folder:
        course = Path(folder)
        shutil.copy(root / CONFIG, course / CONFIG)
        for name, content in solutions.items():
            path = course / "solutions" / name / f"{name}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
        # "*" makes one run of all of them: starting nbgrader costs more than a lesson.
        done = run_nbgrader(["generate_assignment", "--assignment=*", "--no-db", "--force"], course)
        released = {name: course / "notebooks" / name / f"{name}.ipynb" for name in solutions}
        missing = [name for name, path in released.items() if not path.exists()]
        if done.returncode or missing:
            said = _last_words(done.stdout + done.stderr)
            raise LessonError(
                Problem(
                    Path("lessons") / f"{name}.py", 1, f"nbgrader can't make the released notebook: {said}"
                )
                for name in missing or solutions
            )
        return {name: path.read_bytes() for name, path in released.items()}


def run_nbgrader(
    arguments: Sequence[str], course: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one of nbgrader's commands in a course folder, as a person would in a terminal; never raises."""
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=nbgrader_environment() | (environment or {}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def nbgrader_environment() -> dict[str, str]:
    """nbgrader calls `alembic` by name to make a gradebook, so this Python's bin folder has to be on PATH."""
    bin_folder = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "")
    if bin_folder not in path.split(os.pathsep):
        path = bin_folder + os.pathsep + path
    return {**os.environ, "PATH": path, "PYTHONIOENCODING": "utf-8"}


def _last_words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "Error" in line or "ERROR" in line]
    return lines[-1] if lines else "it said nothing."
