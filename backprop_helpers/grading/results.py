"""What grading found, as files: one for each submission, written whole or not at all.

A file's name is a digest of everything the marks depend on, so a run that was stopped goes on where it was, and a
change of the submission, the lesson, the checks or the seed is graded anew by itself.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import msgspec

import backprop_helpers
from backprop_helpers._files import write_atomically

FORMAT = "1"  # of the files; raise it when GradedSubmission changes its meaning
FOLDER = "results"

Status = Literal["graded", "graded with a message", "cannot be graded"]


class GradedCell(msgspec.Struct, frozen=True):
    """One cell of a graded notebook.

    earned: points, or None where a person has to say; touched: whether the learner wrote anything there; note: on how
    the cell was found; message: what a failed check says; outputs: as in nbformat; checks: what each check found.
    """

    grade_id: str
    source: str
    earned: float | None = None
    touched: bool = False
    status: str = ""
    note: str = ""
    message: str = ""
    outputs: list[dict[str, Any]] = []
    attachments: dict[str, dict[str, str]] = {}
    checks: list[dict[str, Any]] = []


class GradedSubmission(msgspec.Struct, frozen=True):
    """What became of one submission.

    reason: why it can't be graded and what to do, else empty; notes: what its learner should know; tier: how learner
    code was kept apart, "unsafe" where it was not; cells: one for each cell of the master, none where it can't be
    graded; seconds: where the time went, the one thing that two runs do not share.
    """

    lesson: str
    learner: str
    key: str
    status: Status
    tier: str
    reason: str = ""
    notes: tuple[str, ...] = ()
    cells: tuple[GradedCell, ...] = ()
    seconds: dict[str, float] = {}

    def marks(self) -> bytes:
        """Everything but the times, as bytes: equal for equal results wherever they were made."""
        return msgspec.json.encode(msgspec.structs.replace(self, seconds={}), order="sorted")


def key_of(submission: bytes, notes: Sequence[str], master: str, environment: str, seed: str) -> str:
    """The digest of all that a result depends on; `notes` as of the intake."""
    digest = hashlib.sha256()
    for part in (
        FORMAT.encode(),
        submission,
        "\n".join(notes).encode(),
        master.encode(),
        environment.encode(),
        seed.encode(),
    ):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:40]


@cache
def environment(unsafe: bool) -> str:
    """What runs here, as far as marks may depend on it: versions, the course's own code, and whether a sandbox is used."""
    packages = ("numpy", "scikit-learn", "ipython", "matplotlib")
    return "\n".join(
        [
            f"python {sys.version.split()[0]}",
            *(f"{name} {_version(name)}" for name in packages),
            f"course {_own_code()}",
            "unsafe" if unsafe else "sandbox",
        ]
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


_NO_MATTER = (
    "experiments",
    "tracing",
    "authoring",
    "demo",
    "learn",
    "lms",
    "feedback",
    "report",
    "course",
    "cli.py",
)  # no mark depends on these


def _own_code() -> str:
    """A digest of the package's own source, as far as marks may depend on it."""
    digest = hashlib.sha256()
    root = Path(backprop_helpers.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if path.relative_to(root).parts[0] in _NO_MATTER:
            continue
        digest.update(f"{path.relative_to(root)}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


class Results:
    """The result files of a course."""

    def __init__(self, private: Path) -> None:
        self.root = private / FOLDER

    def _folder(self, lesson: str, learner: str) -> Path:
        return self.root / lesson / learner

    def find(self, lesson: str, learner: str, key: str) -> GradedSubmission | None:
        """The result of exactly this key; None where there is none, or its file is damaged."""
        path = self._folder(lesson, learner) / f"{key}.json"
        try:
            found = msgspec.json.decode(path.read_bytes(), type=GradedSubmission)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return found if (found.key, found.learner, found.lesson) == (key, learner, lesson) else None

    def save(self, result: GradedSubmission) -> Path:
        """Write a result. Raises OSError when it can't be, and leaves nothing half-written."""
        folder = self._folder(result.lesson, result.learner)
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)  # what hidden tests found is nobody else's
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{result.key}.json"
        write_atomically(path, msgspec.json.encode(result))
        return path

    def forget_others(self, result: GradedSubmission) -> None:
        """Delete earlier results of the same learner and lesson, once this one stands in the gradebook."""
        for path in self._folder(result.lesson, result.learner).iterdir():
            if path.name != f"{result.key}.json" and path.name.endswith((".json", ".part")):
                path.unlink(missing_ok=True)

    def latest(self, lesson: str) -> list[GradedSubmission]:
        """Every learner's newest result of a lesson."""
        found = []
        folder = self.root / lesson
        for learner in sorted(folder.iterdir()) if folder.is_dir() else ():
            files = sorted(learner.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
            if files and (result := self.find(lesson, learner.name, files[-1].stem)) is not None:
                found.append(result)
        return found
