"""Builds the demo course, grades its class and compares every mark with what it must be."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat

from backprop_helpers.authoring.release import CONFIG, nbgrader_environment, run_nbgrader
from backprop_helpers.demo.learners import CLASS, LESSON, Learner
from backprop_helpers.grading.submission import answered, hand_in, points_of, solutions_of

MARK = "this folder is made by `make demo`; it may be deleted at any time\n"


class DemoError(Exception):
    """The demo can't go on; the text is a sentence for a person."""


@dataclass(frozen=True)
class Row:
    """What became of one submission: marks by exercise, and what they had to be."""

    learner: Learner
    marks: dict[str, float]
    expected: dict[str, float]
    by_hand: bool  # an answer in words waits for a person
    seconds: float

    @property
    def right(self) -> bool:
        """Whether every mark is the expected one."""
        return self.marks == self.expected


def prepare(root: Path, course: Path, learners: Sequence[Learner] = CLASS) -> None:
    """Make the course folder and everything handed in, from nothing.

    root: the repository with solutions/; course: the folder to make, replaced only when an earlier demo made it.
    Raises DemoError when the lesson was not built, the folder is somebody's, or nbgrader refuses.
    """
    solution = root / "solutions" / LESSON / f"{LESSON}.ipynb"
    if not solution.exists():
        raise DemoError(f"{solution} is missing; run `make lessons` first.")
    _empty(course)
    shutil.copy(root / CONFIG, course)
    shutil.copytree(solution.parent, course / "solutions" / LESSON, ignore=shutil.ignore_patterns(".*"))
    done = run_nbgrader(["generate_assignment", LESSON], course)
    if done.returncode:
        raise DemoError(f"nbgrader could not make the assignment. {_last_words(done.stderr)}")
    released = nbformat.read(course / "notebooks" / LESSON / f"{LESSON}.ipynb", as_version=4)
    right = solutions_of(nbformat.read(solution, as_version=4))
    for learner in learners:
        hand_in(answered(released, _answers(learner, right)), course, learner.name, LESSON)


def grade(course: Path, learners: Sequence[Learner] = CLASS) -> Iterator[Row]:
    """Grade every submission; yields a row as each is done, in the order they finish.

    With `backprop grade` where there is a sandbox for learner code. Elsewhere with nbgrader's own autograde, two at a time: the
    submissions of the demo are the course's own.
    """
    os.environ["PATH"] = nbgrader_environment()["PATH"]
    points = points_of(nbformat.read(course / "notebooks" / LESSON / f"{LESSON}.ipynb", as_version=4))
    if sys.platform != "linux":
        yield from _with_nbgrader(course, learners, points)
        return
    from backprop_helpers.grading.class_run import Options, Watcher, outcomes_of
    from backprop_helpers.grading.course import GradeError, open_course

    named = {learner.name: learner for learner in learners}
    try:
        for outcome in outcomes_of(open_course(course), Options(lessons=[LESSON], force=True), Watcher()):
            if outcome.what == "not finished":
                raise DemoError(f"{outcome.learner} could not be graded: {outcome.text}")
            yield _row(course, named[outcome.learner], points, outcome.seconds)
    except GradeError as problem:
        raise DemoError(str(problem)) from problem


def _with_nbgrader(course: Path, learners: Sequence[Learner], points: dict[str, float]) -> Iterator[Row]:
    # spawn: a forked process would share the gradebook's connection
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1), mp_context=context) as pool:
        # the one that takes longest first, so that it does not run alone at the end
        order = sorted(learners, key=lambda learner: learner.kind != "infinite loop")
        waiting = {pool.submit(_autograde, str(course), learner.name): learner for learner in order}
        for done in as_completed(waiting):
            learner = waiting[done]
            problem, seconds = done.result()
            if problem:
                raise DemoError(f"nbgrader could not grade {learner.name}: {problem}")
            yield _row(course, learner, points, seconds)


def feedback(course: Path) -> None:
    """Write every learner's feedback page. Raises DemoError when nbgrader refuses."""
    done = run_nbgrader(["generate_feedback", LESSON], course)
    if done.returncode:
        raise DemoError(f"nbgrader could not write the feedback. {_last_words(done.stderr)}")


def _last_words(said: str) -> str:
    lines = said.strip().splitlines()
    return (
        f"Its last line: {lines[-1]}"
        if lines
        else "It said nothing; `backprop doctor` looks at this machine."
    )


def _empty(course: Path) -> None:
    mark = course / ".made-by-demo"
    if course.exists() and not course.is_dir():
        raise DemoError(f"{course} is a file; give a folder with --folder.")
    if course.exists() and any(course.iterdir()) and not mark.exists():
        raise DemoError(
            f"{course} holds something that is not a demo; move it, or give another folder with --folder."
        )
    try:
        if course.exists():
            shutil.rmtree(course)
        course.mkdir(parents=True)
        mark.write_text(MARK, encoding="utf-8")
    except OSError as problem:
        raise DemoError(
            f"{course} can't be used ({problem.strerror}); give another folder with --folder."
        ) from None


def _answers(learner: Learner, right: dict[str, str]) -> dict[str, str]:
    answers = {f"exercise-{name}": right[f"exercise-{name}"] for name in learner.solved}
    answers |= {f"exercise-{name}": source.strip("\n") for name, source in learner.wrote.items()}
    if learner.answer:
        answers |= {grade_id: learner.answer for grade_id in right if grade_id.startswith("answer-")}
    return answers


def _autograde(course: str, learner: str) -> tuple[str, float]:
    """Run in a process of its own: grade one learner. Returns (what went wrong or "", seconds)."""
    import logging
    import time

    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config, PyFileConfigLoader

    os.chdir(course)
    started = time.perf_counter()
    config: Config = PyFileConfigLoader(CONFIG, path=course).load_config()
    config.CourseDirectory.root = course
    # the kernels' and nbgrader's own remarks would tear the progress bar apart
    logging.disable(logging.WARNING)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    result = NbGraderAPI(config=config).autograde(LESSON, learner, force=True)
    problem = "" if result["success"] else str(result.get("error") or result.get("log", "")).strip()
    return problem.splitlines()[-1] if problem else "", time.perf_counter() - started


def _row(course: Path, learner: Learner, points: dict[str, float], seconds: float) -> Row:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission_notebook(LESSON, LESSON, learner.name)
        grades = {grade.name: (grade.auto_score, grade.needs_manual_grade) for grade in submission.grades}
    checks = {
        name.removeprefix("check-"): worth for name, worth in points.items() if name.startswith("check-")
    }
    return Row(
        learner=learner,
        marks={name: float(grades[f"check-{name}"][0] or 0) for name in checks},
        expected={name: worth if name in learner.holds else 0.0 for name, worth in checks.items()},
        by_hand=any(waits for _, waits in grades.values()),
        seconds=seconds,
    )
