"""What the judge is given and what it says, as plain data that can be written as JSON."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Kind = Literal["code", "solution", "test", "markdown", "answer", "task"]
# not_run: no code, or nothing of it could be reached
Status = Literal["ok", "error", "timeout", "killed", "not_run"]


class JobCell(msgspec.Struct, frozen=True):
    """One cell of a notebook to be judged: everything is the master's, only the source of a solution is the learner's.

    kind: of a solution code or of an answer words are the learner's; a test has its hidden parts; points: what a test
    is worth; names: what the exercise of a solution cell asks for (functions, classes), which are then the learner's,
    whatever else in the notebook has the same name.
    """

    kind: Kind
    grade_id: str
    source: str
    points: float = 0.0
    names: tuple[str, ...] = ()


class CheckRecord(msgspec.Struct, frozen=True):
    """What one check said: the three lines a learner reads, and what a report over a class counts."""

    exercise: str
    passed: bool
    hidden: bool
    message: str
    where: str = ""
    look: str = ""
    misconception: str | None = None
    pattern: str | None = None
    quantity: str | None = None
    remarks: tuple[str, ...] = ()


class CellVerdict(msgspec.Struct, frozen=True):
    """What became of one cell.

    earned, points: 0 but for tests; message: for the learner, plain text that may hold their words (escape it), "" where
    there is nothing to say; outputs: of the graded notebook, in nbformat's form, every text capped; withheld: whether the
    cell shows something of the course that is locked away while a submission is graded.
    """

    grade_id: str
    kind: Kind
    status: Status
    earned: float = 0.0
    points: float = 0.0
    message: str = ""
    outputs: list[dict[str, Any]] = []
    checks: tuple[CheckRecord, ...] = ()
    seconds: float = 0.0
    withheld: bool = False


class Judged(msgspec.Struct, frozen=True):
    """All verdicts in the order of the cells, and where the time went (wall seconds by step)."""

    cells: tuple[CellVerdict, ...]
    seconds: dict[str, float] = {}

    @property
    def earned(self) -> float:
        """Points of all tests together."""
        return sum(cell.earned for cell in self.cells)
