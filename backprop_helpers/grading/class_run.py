"""Grades a class: who is to be graded, spread over workers, kept as files, entered into the gradebook by one writer.

Every step may be cut short at any moment: a result file is whole or not there, a learner's marks are one commit, and the
graded notebook is written last. The next run sees how far each submission came and goes on from there.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import msgspec

from backprop_helpers._files import exclusive
from backprop_helpers.grading import intake
from backprop_helpers.grading.course import Course, GradeError
from backprop_helpers.grading.early import start_server
from backprop_helpers.grading.gradebook import Marks, Writer, same_marks
from backprop_helpers.grading.graded import GradedFolder
from backprop_helpers.grading.master import Master, read_master
from backprop_helpers.grading.pool import ClusterWorkers, LocalWorkers, Workers, graded
from backprop_helpers.grading.proof import proven
from backprop_helpers.grading.results import GradedSubmission, Results, environment, key_of
from backprop_helpers.grading.run import Job
from backprop_helpers.grading.seed import secret_seed

What = Literal[
    "graded", "graded with a message", "cannot be graded", "not finished", "unchanged", "to be graded"
]
LOCK_SECONDS = 6 * 3600.0  # how long a second run waits for the first


@dataclass(frozen=True)
class Options:
    """What to grade and how; the command line's options by the same names."""

    lessons: Sequence[str] = ()
    students: Sequence[str] = ("*",)
    excluded: Sequence[str] = ()
    workers: int = 0
    force: bool = False
    dry_run: bool = False
    since: datetime | None = None
    unsafe: bool = False
    cluster: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one submission in this run.

    earned: points given by running tests; points: what the lesson is worth; by_hand: cells that wait for a person;
    text: the reason, or the notes, in sentences.
    """

    lesson: str
    learner: str
    what: What
    earned: float = 0.0
    points: float = 0.0
    by_hand: int = 0
    text: str = ""
    tier: str = ""
    seconds: float = 0.0


@dataclass
class Summary:
    """What became of everybody."""

    outcomes: list[Outcome] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)  # by step of this process; "all" is the whole run

    @property
    def counts(self) -> Counter[str]:
        """How many ended in which way."""
        return Counter(outcome.what for outcome in self.outcomes)


class Watcher:
    """Told what happens while a class is graded; this one keeps quiet."""

    def say(self, sentence: str) -> None:
        """Something a person should know now."""

    def total(self, submissions: int) -> None:
        """So many submissions there are."""

    def done(self, outcome: Outcome) -> None:
        """One more is finished."""


def grade_class(course: Course, options: Options, watcher: Watcher | None = None) -> Summary:
    """Grade what is to be graded.

    Raises GradeError with a sentence when the run can't begin or go on, and OSError when a disk is full; everything
    finished by then is kept and entered.
    """
    started = time.monotonic()
    summary = Summary()
    summary.outcomes += outcomes_of(course, options, watcher or Watcher(), summary.seconds)
    summary.outcomes.sort(key=lambda outcome: (outcome.lesson, outcome.learner))
    summary.seconds["all"] = time.monotonic() - started
    return summary


def outcomes_of(
    course: Course, options: Options, watcher: Watcher, seconds: dict[str, float] | None = None
) -> Iterator[Outcome]:
    """The same, one outcome after the other as they finish; `seconds` by step are added up in the given dict."""
    if sys.platform != "linux":
        raise GradeError(
            "Grading needs Linux, whose kernel keeps learner code apart: use WSL 2 or a virtual machine."
        )
    if not options.dry_run and not options.cluster:
        start_server()
    masters = [read_master(course, lesson) for lesson in chosen_lessons(course, options.lessons)]
    with contextlib.ExitStack() as stack:
        if not options.dry_run:
            stack.enter_context(alone(course, watcher.say))
        run = _Run(course, options, masters, watcher, stack, {} if seconds is None else seconds)
        for outcome in run.outcomes():
            watcher.done(outcome)
            yield outcome


def chosen_lessons(course: Course, wanted: Sequence[str]) -> list[str]:
    """The lessons that were named, by name or a part of it as 04; without any, those that somebody handed in."""
    known = course.lessons()
    if not wanted:
        return [
            lesson for lesson in known if next(intake.learners(course.submitted, lesson), None) is not None
        ]
    found = []
    for name in wanted:
        fitting = [lesson for lesson in known if lesson == name] or [
            lesson for lesson in known if name in lesson
        ]
        if len(fitting) != 1:
            what = f"fits {', '.join(fitting)}" if fitting else "fits no lesson"
            raise GradeError(f"{name!r} {what}; the lessons here are {', '.join(known) or 'none'}.")
        found += fitting
    return list(dict.fromkeys(found))


def wanted_learners(course: Course, lesson: str, options: Options) -> list[str]:
    """Who handed in a lesson and is meant."""
    return [
        name
        for name in intake.learners(course.submitted, lesson)
        if name not in options.excluded and any(fnmatchcase(name, pattern) for pattern in options.students)
    ]


def grading_workers(options: Options) -> Workers:
    """Where submissions are to be graded."""
    if options.cluster:
        return ClusterWorkers(options.cluster)
    return LocalWorkers(options.workers or os.cpu_count() or 1)


@contextlib.contextmanager
def alone(course: Course, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the course's lock; wait for another run, and say so. The system frees it when its holder dies."""
    course.private.mkdir(mode=0o700, exist_ok=True)
    path = course.private / "grade.lock"
    with contextlib.ExitStack() as stack:
        if not stack.enter_context(exclusive(path, 0)):
            say("Another run is grading this course; waiting for it to end …")
            began = time.monotonic()
            if not stack.enter_context(exclusive(path, LOCK_SECONDS)):
                if time.monotonic() - began > 1:
                    raise GradeError("The other run is still at work. Start again when it has ended.")
                say(
                    "This file system knows no locks: make sure that nobody else grades this course meanwhile."
                )
        yield


@dataclass(frozen=True)
class _Submission:
    """One submission on its way: what is known before it is graded."""

    master: Master
    learner: str
    key: str
    timestamp: datetime | None


class _Run:
    """One run over a class."""

    def __init__(
        self,
        course: Course,
        options: Options,
        masters: Sequence[Master],
        watcher: Watcher,
        stack: contextlib.ExitStack,
        seconds: dict[str, float],
    ) -> None:
        self.course, self.options, self.masters, self.watcher = course, options, masters, watcher
        self.stack = stack
        self.results = Results(course.private)
        self.folder = GradedFolder(course)
        self.environment = environment(options.unsafe)
        self.content = {master.lesson: msgspec.json.encode(master) for master in masters}
        self.entered: dict[str, dict[str, Marks]] = {}
        self.ready: list[Outcome] = []
        self.seconds = seconds
        self.under_way: dict[tuple[str, str], _Submission] = {}
        self.read_early: dict[tuple[str, str], tuple[Job | None, _Submission]] = {}

    def outcomes(self) -> Iterator[Outcome]:
        """Every submission's outcome, as they finish."""
        asked = [(master, learner) for master in self.masters for learner in self._learners(master.lesson)]
        self.watcher.total(len(asked))
        if not asked:
            return
        if self.options.dry_run:
            yield from self._only_look(asked)
            return
        self.seed = _seed(self.course)
        workers = self._early_workers(asked)
        self.writer = self.stack.enter_context(Writer(self.course, self.watcher.say))
        for master in self.masters:
            if said := self.writer.prepare(master):
                self.watcher.say(said)
            self.entered[master.lesson] = self.writer.entered(master.lesson)
        jobs = self._jobs(asked)
        first = next(jobs, None)
        yield from self._take_ready()
        if first is None:
            return
        workers = workers or self._workers()
        sound = proven(self.course, self.masters, _chained(first, jobs), workers, self.watcher.say)
        for job, result in graded(sound, workers, self.watcher.say):
            yield from self._take_ready()
            submission = self.under_way.pop((job.lesson, job.learner))
            if isinstance(result, Exception):
                yield self._failed(job, result)
            else:
                with self._timed("result file"):
                    self.results.save(result)
                yield self._enter(submission, result)
        yield from self._take_ready()

    def _workers(self) -> Workers:
        workers = grading_workers(self.options)
        self.stack.callback(workers.close)
        return workers

    def _early_workers(self, asked: Sequence[tuple[Master, str]]) -> Workers | None:
        """Workers that get ready while the gradebook is opened; None where they may not be needed at all.

        What was read of submissions to know that is kept, but for the notebooks of those that have a result.
        """
        for master, learner in asked:
            if intake.name_problem(learner):
                continue
            if not self.options.force:
                job, submission = self._job(master, learner)
                there = self.results.find(master.lesson, learner, job.key) is not None
                self.read_early[master.lesson, learner] = None if there else job, submission
                if there:
                    continue
            workers = self._workers()
            workers.warm(master.lesson, self.content[master.lesson], len(asked), self.options.unsafe)
            return workers
        return None

    def _learners(self, lesson: str) -> list[str]:
        found = wanted_learners(self.course, lesson, self.options)
        since = self.options.since
        return found if since is None else [name for name in found if self._when(name, lesson) >= since]

    def _when(self, learner: str, lesson: str) -> datetime:
        """When it was handed in; where nothing says so, when its folder was last changed."""
        received = intake.receive(self.course.submitted, learner, lesson).timestamp
        if received is not None:
            return received
        return datetime.utcfromtimestamp((self.course.submitted / learner / lesson).lstat().st_mtime)

    def _take_ready(self) -> Iterator[Outcome]:
        while self.ready:
            yield self.ready.pop(0)

    def _jobs(self, asked: Sequence[tuple[Master, str]]) -> Iterator[Job]:
        """What has to be run; whatever needs no run is finished here."""
        for master, learner in asked:
            problem = intake.name_problem(learner)
            if problem:
                self.ready.append(
                    Outcome(
                        master.lesson,
                        ascii(learner),
                        "cannot be graded",
                        points=master.points,
                        text=f"It stands under no name that the gradebook can hold: {problem}. Rename the folder.",
                    )
                )
                continue
            known = self.read_early.pop((master.lesson, learner), None)
            job, submission = known or self._job(master, learner)
            found = None if self.options.force else self.results.find(master.lesson, learner, submission.key)
            if found is None:
                self.under_way[master.lesson, learner] = submission
                yield job or self._job(master, learner)[0]
            elif self._stands(submission, found):
                if self.entered[master.lesson][learner].late:
                    self.writer.punish(master.lesson, learner)
                readable = found.status != "cannot be graded"
                self.ready.append(_outcome(master, found, "unchanged" if readable else found.status))
            else:
                self.ready.append(self._enter(submission, found))

    def _job(self, master: Master, learner: str) -> tuple[Job, _Submission]:
        received = intake.receive(self.course.submitted, learner, master.lesson)
        notes = (*received.notes, received.problem) if received.problem else received.notes
        key = key_of(received.data, notes, master.digest, self.environment, self.seed)
        job = Job(
            lesson=master.lesson,
            learner=learner,
            data=received.data,
            notes=received.notes,
            problem=received.problem,
            master=self.content[master.lesson],
            seed=self.seed,
            key=key,
            unsafe=self.options.unsafe,
        )
        return job, _Submission(master, learner, key, received.timestamp)

    def _stands(self, submission: _Submission, result: GradedSubmission) -> bool:
        """Whether gradebook and graded notebook show this result already."""
        lesson, learner = submission.master.lesson, submission.learner
        marks = self.entered[lesson].get(learner)
        return (
            same_marks(marks, result, submission.timestamp)
            and self.folder.key(lesson, learner) == submission.key
        )

    def _enter(self, submission: _Submission, result: GradedSubmission) -> Outcome:
        """Gradebook first, then the notebook whose key says that it was entered."""
        master = submission.master
        with self._timed("gradebook"):
            self.writer.enter(master, result, submission.timestamp)
        with self._timed("graded notebook"):
            beside = intake.beside(self.course.submitted, submission.learner, master.lesson)
            self.folder.write(master, result, beside)
            self.results.forget_others(result)
        return _outcome(master, result, result.status)

    @contextlib.contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - began

    def _failed(self, job: Job, problem: Exception) -> Outcome:
        from backprop_helpers.grading.sandbox import SandboxUnavailable

        if isinstance(problem, SandboxUnavailable):
            raise GradeError(str(problem)) from problem
        return Outcome(
            job.lesson,
            job.learner,
            "not finished",
            text=f"The grader itself failed: {type(problem).__name__}: {problem}. Nothing was entered; run it again.",
        )

    def _only_look(self, asked: Sequence[tuple[Master, str]]) -> Iterator[Outcome]:
        """What a run would do, with nothing made, locked or changed."""
        self.seed = secret_seed(self.course.seed_file) if self.course.seed_file.exists() else ""
        for master, learner in asked:
            job, _ = self._job(master, learner)
            there = self.results.find(master.lesson, learner, job.key) is not None and not self.options.force
            shown = there and self.folder.key(master.lesson, learner) == job.key
            yield Outcome(
                master.lesson,
                learner,
                "unchanged" if shown else "to be graded",
                points=master.points,
                text=intake.name_problem(learner) or job.problem,
            )


def _seed(course: Course) -> str:
    try:
        return secret_seed(course.seed_file)
    except RuntimeError as problem:
        raise GradeError(str(problem)) from problem


def _chained(first: Job, rest: Iterator[Job]) -> Iterator[Job]:
    yield first
    yield from rest


def _outcome(master: Master, result: GradedSubmission, what: What) -> Outcome:
    return Outcome(
        lesson=result.lesson,
        learner=result.learner,
        what=what,
        earned=sum(cell.earned or 0.0 for cell in result.cells),
        points=master.points,
        by_hand=sum(cell.earned is None for cell in result.cells),
        text=" ".join([result.reason, *result.notes] if result.reason else result.notes),
        tier=result.tier,
        seconds=result.seconds.get("all", 0.0),
    )


def course_at(folder: Path | None) -> Course:
    """The course in a folder, or in this one."""
    from backprop_helpers.grading.course import open_course

    return open_course(folder or Path.cwd())
