"""A whole term of a made-up class, by the commands that docs/instructors.md shows, in the order of the page."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from backprop_helpers.authoring.release import nbgrader_environment
from backprop_helpers.course.comments import BANK
from backprop_helpers.grading.course import open_course
from backprop_helpers.grading.submission import points_of
from tests.made_up import Person, Work, canvas_archive, canvas_roster, people, works

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "instructors.md"
PROGRAMS = Path(sys.executable).parent
SHOWN = "02_loss"  # the lesson that the page speaks of
LATE = "2100-01-02 10:00:00.000000 UTC"


def commands(heading: str) -> list[list[str]]:
    """The lines of the first block of commands under a heading of the page, as words."""
    found = re.search(
        rf"^##+ {heading}\n.*?^```\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.M | re.S
    )
    assert found, f"{PAGE.name} has no block of commands under {heading!r}"
    lines = [re.split(r"\s+#", line)[0].strip() for line in found[1].splitlines()]
    return [shlex.split(line) for line in lines if line]


@dataclass
class Term:
    """One course and its class. seconds: of each run of a command; said: what each printed last."""

    folder: Path
    lessons: tuple[str, ...]
    count: int
    seed: int = 1
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    said: dict[str, str] = field(default_factory=dict)
    done: dict[str, Mapping[str, Work]] = field(default_factory=dict)

    @property
    def course(self) -> Path:
        return self.folder / "spring"

    @property
    def group(self) -> list[Person]:
        return people(self.count, self.seed)

    def run(self, where: Path, words: list[str]) -> str:
        """Run a command as a person would; it has to succeed."""
        began = time.perf_counter()
        result = subprocess.run(
            [str(PROGRAMS / words[0]), *words[1:]],
            cwd=where,
            env={**nbgrader_environment(), "COLUMNS": "150"},
            capture_output=True,
            text=True,
            check=False,
            timeout=3600,  # a class of 120 needs minutes; what hangs ends here
        )
        name = " ".join(words[: 3 if words[1:2] == ["lms"] else 2])
        self.seconds[name].append(time.perf_counter() - began)
        self.said[name] = result.stdout + result.stderr
        assert result.returncode == 0, f"{' '.join(words)}: {self.said[name]}"
        return self.said[name]

    def begin(self) -> None:
        """The commands of "Before the term"."""
        for words in commands("Before the term"):
            if words[0] == "cd":
                continue
            where = self.course if self.course.exists() else self.folder
            if words[1] == "course":
                words = [*words[:3], "--lessons", ",".join(name[:2] for name in self.lessons)]
            else:
                canvas_roster(self.course / "roster.csv", self.group, self.points())
            self.run(where, words)
        bank = re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.S)
        assert bank is not None
        (self.course / BANK).parent.mkdir(exist_ok=True)
        (self.course / BANK).write_text(bank[1], encoding="utf-8")
        plan = self.course / "course.toml"
        text = plan.read_text().replace("percent_per_day = 0", "percent_per_day = 10")
        plan.write_text(
            text.replace("[late]", "".join(f"{name} = 2100-01-01\n" for name in self.lessons) + "[late]")
        )
        self.run(self.folder, ["backprop", "course", "spring", "--yes"])

    def points(self) -> dict[str, float]:
        """What each lesson is worth."""
        source = self.course / "source"
        return {
            name: sum(points_of(nbformat.read(source / name / f"{name}.ipynb", as_version=4)).values())
            for name in self.lessons
        }

    def lesson(self, lesson: str) -> None:
        """The commands of "Every lesson", with what learners and a marker do between them."""
        for words in commands("Every lesson"):
            words = [lesson if w == SHOWN else lesson[:2] if w == SHOWN[:2] else w for w in words]
            if words[:3] == ["backprop", "lms", "collect"]:
                self._hand_in(lesson)
            if words[1] == "comment":
                first = self._waiting(lesson)
                if first is None:
                    continue  # a lesson without answers in words
                words[3:5] = first
                words[-1] = "1"
            if words[1] == "feedback":
                self._mark_by_hand(lesson)
            self.run(self.course, words)
            if words[:3] == ["backprop", "lms", "collect"]:
                self._be_late(lesson)

    def _hand_in(self, lesson: str) -> None:
        released = nbformat.read(self.course / "release" / lesson / f"{lesson}.ipynb", as_version=4)
        self.done[lesson] = works(lesson, self.group, self.seed)
        canvas_archive(self.course / "submissions.zip", released, lesson, self.group, self.done[lesson])

    def _be_late(self, lesson: str) -> None:
        for learner, work in self.done[lesson].items():
            if work.late:
                (self.course / "submitted" / learner / lesson / "timestamp.txt").write_text(LATE)

    def _waiting(self, lesson: str) -> list[str] | None:
        with self.gradebook() as gradebook:
            for submission in sorted(gradebook.assignment_submissions(lesson), key=lambda s: s.student_id):
                for grade in submission.notebooks[0].grades:
                    if grade.needs_manual_grade:
                        return [submission.student_id, grade.name.removeprefix("answer-")]
        return None

    def _mark_by_hand(self, lesson: str) -> None:
        """What formgrader writes when a marker types points and a comment."""
        rng = random.Random(f"marks {self.seed} {lesson}")
        with self.gradebook() as gradebook:
            for submission in gradebook.assignment_submissions(lesson):
                (notebook,) = submission.notebooks
                comments = {comment.name: comment for comment in notebook.comments}
                for grade in notebook.grades:
                    if grade.needs_manual_grade:
                        grade.manual_score = rng.randint(0, int(grade.max_score))
                        grade.needs_manual_grade = False
                        comments[grade.name].manual_comment = "<script>alert(1)</script> Say why."
            gradebook.db.commit()

    def gradebook(self) -> Gradebook:
        """nbgrader's, open."""
        course = open_course(self.course)
        return Gradebook(course.db_url, course.course_id)

    def results(self, lesson: str) -> dict[str, dict[str, str]]:
        """Learner → exercise → the misconception that grading named, "" where it named none; of failed checks."""
        found: dict[str, dict[str, str]] = {}
        for path in (self.course / ".backprop" / "results" / lesson).glob("*/*.json"):
            mine = found.setdefault(path.parent.name, {})
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
                for check in cell["checks"]:
                    if not check["passed"]:
                        mine.setdefault(check["exercise"], str(check.get("misconception") or ""))
        return found


def load() -> float:
    """How much else this machine has to do: its load in the last minute."""
    return os.getloadavg()[0]
