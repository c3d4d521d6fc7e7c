"""Grades one exercise again for everybody, after its check was corrected: no other mark changes, and none that a person gave.

What was handed in is run as a whole, as ever, because an exercise may call another; of what that finds only the cell of this
exercise is taken over into the result that stands. The merged result gets the key that `backprop grade` will look for, so the next
run leaves it as it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from backprop_helpers.grading import intake
from backprop_helpers.grading.class_run import (
    Options,
    Outcome,
    Watcher,
    What,
    alone,
    chosen_lessons,
    grading_workers,
    wanted_learners,
)
from backprop_helpers.grading.course import Course, GradeError
from backprop_helpers.grading.early import start_server
from backprop_helpers.grading.gradebook import Standing, Writer
from backprop_helpers.grading.graded import GradedFolder
from backprop_helpers.grading.master import Master, MasterCell, read_master
from backprop_helpers.grading.pool import graded
from backprop_helpers.grading.proof import proven
from backprop_helpers.grading.results import GradedSubmission, Results, environment, key_of
from backprop_helpers.grading.run import Job
from backprop_helpers.grading.sandbox import SandboxUnavailable
from backprop_helpers.grading.seed import secret_seed


class Regraded(msgspec.Struct, frozen=True):
    """What became of one learner's exercise.

    before, after: its automatic marks; by_hand: a person's mark that stands over them, or None; others: exercises that would get
    another mark now and keep theirs; problem: why nothing was done, else empty.
    """

    learner: str
    before: float = 0.0
    after: float = 0.0
    by_hand: float | None = None
    others: tuple[str, ...] = ()
    problem: str = ""

    @property
    def changed(self) -> bool:
        """Whether the automatic mark is another one now."""
        return not self.problem and self.before != self.after


@dataclass(frozen=True)
class Regrading:
    """What became of everybody. points: what the exercise is worth."""

    lesson: str
    exercise: str
    points: float
    learners: tuple[Regraded, ...]

    @property
    def changed(self) -> tuple[Regraded, ...]:
        """Those with another mark."""
        return tuple(learner for learner in self.learners if learner.changed)


@dataclass(frozen=True)
class _Before:
    """What stands: the result that gradebook and graded notebook show."""

    result: GradedSubmission
    standing: Standing


def regrade(
    course: Course, lesson: str, exercise: str, options: Options | None = None, watcher: Watcher | None = None
) -> Regrading:
    """Grade one exercise of a lesson again for everybody who has been graded.

    exercise: its name, as mse, or the id of its cell, as check-mse; options: students, workers, unsafe, cluster and dry_run count.
    Who handed in something else since is left out and told so. Raises GradeError with a sentence when there is no such exercise,
    nobody has been graded, or the lesson's own solution gets no point for it; OSError when a disk is full. What was finished by
    then is kept, and the same command goes on.
    """
    options = options or Options()
    watcher = watcher or Watcher()
    (name,) = chosen_lessons(course, [lesson])
    master = read_master(course, name)
    cell = exercise_cell(master, exercise)
    with contextlib.ExitStack() as stack:
        if not options.cluster:
            start_server()
        if not options.dry_run:
            stack.enter_context(alone(course, watcher.say))
        run = _Regrade(course, master, cell, options, watcher, stack)
        learners = []
        for learner in run.outcomes():
            learners.append(learner)
            what: What = "not finished" if learner.problem else "graded" if learner.changed else "unchanged"
            watcher.done(Outcome(name, learner.learner, what, learner.after, cell.points))
    found = tuple(sorted(learners, key=lambda learner: learner.learner))
    if not found:
        raise GradeError(
            f"Nobody has been graded in {name} yet that was asked for: `backprop grade {name}` comes first."
        )
    return Regrading(name, cell.grade_id.removeprefix("check-"), cell.points, found)


def exercise_cell(master: Master, exercise: str) -> MasterCell:
    """The test cell of an exercise. Raises GradeError naming those there are."""
    tests = [cell for cell in master.cells if cell.kind == "test"]
    for cell in tests:
        if exercise in (cell.grade_id, cell.grade_id.removeprefix("check-")):
            return cell
    known = ", ".join(cell.grade_id.removeprefix("check-") for cell in tests) or "none"
    raise GradeError(f"{exercise!r} is no exercise of {master.lesson} that tests grade; those are {known}.")


class _Regrade:
    """One run over a class."""

    def __init__(
        self,
        course: Course,
        master: Master,
        cell: MasterCell,
        options: Options,
        watcher: Watcher,
        stack: contextlib.ExitStack,
    ) -> None:
        self.course, self.master, self.cell, self.options, self.watcher = (
            course,
            master,
            cell,
            options,
            watcher,
        )
        self.stack = stack
        self.results = Results(course.private)
        self.folder = GradedFolder(course)
        self.content = msgspec.json.encode(master)
        self.ready: list[Regraded] = []
        self.before: dict[str, _Before] = {}

    def outcomes(self) -> Iterator[Regraded]:
        """Everybody, as they finish."""
        lesson = self.master.lesson
        names = wanted_learners(self.course, lesson, self.options)
        self.watcher.total(len(names))
        if not names or not self.course.seed_file.exists():
            return
        self.seed = secret_seed(self.course.seed_file)
        self.writer = self.stack.enter_context(Writer(self.course, self.watcher.say))
        self.standing = self.writer.standing(lesson, self.cell.grade_id)
        jobs = list(self._jobs(names))
        if jobs and not self.options.dry_run and (said := self.writer.prepare(self.master)):
            self.watcher.say(said)
        yield from self.ready
        if not jobs:
            return
        workers = grading_workers(self.options)
        self.stack.callback(workers.close)
        sound = proven(self.course, [self.master], iter(jobs), workers, self.watcher.say, self.cell.grade_id)
        for job, result in graded(sound, workers, self.watcher.say):
            yield self._finish(job, result)

    def _jobs(self, names: list[str]) -> Iterator[Job]:
        for learner in names:
            job = self._job(learner)
            old = self.results.find(job.lesson, learner, self.folder.key(job.lesson, learner))
            standing = self.standing.get(learner)
            if old is None or standing is None:
                self.ready.append(
                    _left(learner, "has not been graded yet, or not with this grader: `backprop grade`")
                )
            elif not old.cells:
                self.ready.append(_left(learner, "could not be graded at all: `backprop grade` tries again"))
            else:
                self.before[learner] = _Before(old, standing)
                yield job

    def _job(self, learner: str) -> Job:
        lesson = self.master.lesson
        received = intake.receive(self.course.submitted, learner, lesson)
        notes = (*received.notes, received.problem) if received.problem else received.notes
        around = environment(self.options.unsafe)
        return Job(
            lesson=lesson,
            learner=learner,
            data=received.data,
            notes=received.notes,
            problem=received.problem,
            master=self.content,
            seed=self.seed,
            key=key_of(received.data, notes, self.master.digest, around, self.seed),
            unsafe=self.options.unsafe,
        )

    def _finish(self, job: Job, new: GradedSubmission | Exception) -> Regraded:
        learner = job.learner
        before = self.before.pop(learner)
        if isinstance(new, SandboxUnavailable):
            raise GradeError(str(new)) from new
        if isinstance(new, Exception):
            return _left(learner, f"the grader itself failed: {type(new).__name__}: {new}; run it again")
        if not new.cells or _sources(new) != _sources(before.result, new):
            return _left(learner, "handed in something else since: `backprop grade` grades all of it")
        merged = merge(before.result, new, self.cell.grade_id)
        after = _earned(merged)[self.cell.grade_id] or 0.0
        if not self.options.dry_run:
            self._enter(merged, after)
        kept, now = _earned(merged), _earned(new)
        others = tuple(name.removeprefix("check-") for name in kept if kept[name] != now[name])
        return Regraded(learner, before.standing.automatic, after, before.standing.by_hand, others)

    def _enter(self, merged: GradedSubmission, after: float) -> None:
        """As a grading run does: the file first, then the gradebook, then the notebook whose key says that it was entered."""
        self.results.save(merged)
        self.writer.enter_one(merged.lesson, merged.learner, self.cell.grade_id, after)
        beside = intake.beside(self.course.submitted, merged.learner, merged.lesson)
        self.folder.write(self.master, merged, beside)
        self.results.forget_others(merged)


def merge(old: GradedSubmission, new: GradedSubmission, grade_id: str) -> GradedSubmission:
    """The old result with one cell, and what has no mark, of the new one; under the new one's key."""
    kept = {cell.grade_id: cell for cell in old.cells if cell.grade_id and cell.grade_id != grade_id}
    cells = tuple(kept.get(cell.grade_id, cell) for cell in new.cells)
    return msgspec.structs.replace(old, key=new.key, tier=new.tier, cells=cells)


def _earned(result: GradedSubmission) -> dict[str, float | None]:
    return {cell.grade_id: cell.earned for cell in result.cells if cell.grade_id}


def _sources(result: GradedSubmission, like: GradedSubmission | None = None) -> dict[str, str]:
    """What the learner wrote, by id; like: only where this one has it, too, and it is the learner's."""
    wrote = {cell.grade_id: cell.source for cell in result.cells if cell.grade_id and cell.touched}
    return wrote if like is None else {name: wrote[name] for name in wrote if name in _earned(like)}


def _left(learner: str, problem: str) -> Regraded:
    return Regraded(learner, problem=problem)
