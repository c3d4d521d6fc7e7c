"""What is wrong with a lesson: a file, a line and a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Problem:
    """One thing an author has to mend before a lesson can be built.

    path: the lesson's text; line: 1-based, where its cell (or the line itself) stands; sentence: what to do.
    """

    path: Path
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


class LessonError(Exception):
    """Raised when lessons can't be built; carries every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))
