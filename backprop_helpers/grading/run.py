"""Grades one submission: a pure function of its input, so that it may run here, in another process or on another machine.

Nothing in here knows of the gradebook. A process keeps one warm sandbox for all the submissions it is given.
"""

from __future__ import annotations

import atexit
import hashlib
import threading
import time
from functools import lru_cache

import msgspec

from backprop_helpers.grading.given import PRELOAD, Given, given_for
from backprop_helpers.grading.intake import Unreadable, parse
from backprop_helpers.grading.judge import CellVerdict, JobCell, judge_notebook
from backprop_helpers.grading.judge.names import looked_at
from backprop_helpers.grading.master import Master
from backprop_helpers.grading.rebuild import Rebuilt, RebuiltCell, rebuild
from backprop_helpers.grading.results import GradedCell, GradedSubmission, Status
from backprop_helpers.grading.sandbox import Sandbox, Tier


class Job(msgspec.Struct, frozen=True):
    """All that grading a submission needs.

    data: the notebook's bytes; notes and problem: what the intake said; master: a Master as JSON; seed: of the hidden
    checks; key: the result's name; unsafe: without a sandbox.
    """

    lesson: str
    learner: str
    data: bytes
    notes: tuple[str, ...]
    problem: str
    master: bytes
    seed: str
    key: str
    unsafe: bool = False


def grade_submission(job: Job) -> GradedSubmission:
    """Intake, rebuild, sandbox, judge.

    Never raises for what a learner did. Raises SandboxUnavailable where learner code can't be kept apart, and whatever
    a broken judge raises.
    """
    started = time.perf_counter()
    try:
        if job.problem:
            raise Unreadable(job.problem)
        submitted = parse(job.data)
    except Unreadable as problem:
        return GradedSubmission(
            job.lesson,
            job.learner,
            job.key,
            "cannot be graded",
            _tier_word(job.unsafe),
            str(problem),
            job.notes,
        )
    rebuilt = rebuild(_master(job.master), submitted)
    prepared = time.perf_counter()
    with _ONE_AT_A_TIME:
        given = given_for(job.lesson, tuple(cell.source for cell in _master(job.master).cells))
        sandbox = _sandbox(job.unsafe, given)
        start = _start(job.seed, job.lesson)
        with sandbox.open(given.folder, seed=start) as box:
            opened = time.perf_counter()
            judged = judge_notebook(
                _job_cells(rebuilt),
                box,
                seed=job.seed,
                given=given,
                again=lambda: sandbox.open(given.folder, seed=start),
            )
            done = time.perf_counter()
        closed = time.perf_counter()
    notes = (*job.notes, *rebuilt.notes)
    cells = tuple(_graded(*pair) for pair in zip(rebuilt.cells, judged.cells, strict=True))
    told = bool(notes) or any(cell.note for cell in cells)
    status: Status = "graded with a message" if told else "graded"
    return GradedSubmission(
        lesson=job.lesson,
        learner=job.learner,
        key=job.key,
        status=status,
        tier=str(sandbox.tier),
        notes=(*notes, *(cell.note for cell in cells if cell.note)),
        cells=cells,
        seconds={
            **judged.seconds,
            "read and rebuild": prepared - started,
            "open the sandbox": opened - prepared,
            "run and judge": done - opened,
            "close the sandbox": closed - done,
            "all": closed - started,
        },
    )


def get_warm(lesson: str, master: bytes, unsafe: bool) -> None:
    """Make this process's sandbox for a lesson before its first submission comes."""
    cells = _master(master).cells
    with _ONE_AT_A_TIME:
        _sandbox(unsafe, given_for(lesson, tuple(cell.source for cell in cells)))
    for cell in cells:
        if cell.cell_type == "code":
            looked_at(cell.source)  # kept for all submissions


def _start(seed: str, lesson: str) -> int:
    """Where a submission's global random generators start: the same for everybody, and the seed can't be told from it."""
    return int.from_bytes(hashlib.sha256(f"{seed} {lesson}".encode()).digest()[:4], "big")


def _tier_word(unsafe: bool) -> str:
    return "unsafe" if unsafe else "not run"


@lru_cache(maxsize=8)
def _master(content: bytes) -> Master:
    return msgspec.json.decode(content, type=Master)


# A sandbox is one user's at a time.
_ONE_AT_A_TIME = threading.Lock()
_warm: dict[bool, Sandbox] = {}


def _sandbox(unsafe: bool, given: Given) -> Sandbox:
    """This process's warm sandbox, made when first asked for; it holds a warm process for each lesson."""
    if unsafe not in _warm:
        _warm[unsafe] = Sandbox(Tier.UNSAFE if unsafe else None, package=given.folder, preload=PRELOAD)
        atexit.register(close_sandboxes)
    return _warm[unsafe]


def close_sandboxes() -> None:
    """End this process's warm sandboxes."""
    while _warm:
        _warm.popitem()[1].close()


def _job_cells(rebuilt: Rebuilt) -> list[JobCell]:
    return [
        JobCell(
            kind=cell.master.kind,
            grade_id=cell.master.grade_id,
            source=cell.source,
            points=cell.master.points,
            names=cell.master.names,
        )
        for cell in rebuilt.cells
    ]


def _graded(cell: RebuiltCell, verdict: CellVerdict) -> GradedCell:
    master = cell.master
    if master.kind == "test":
        earned: float | None = float(verdict.earned)
    elif master.by_hand:
        earned = None if cell.touched or master.kind == "task" else 0.0
    else:
        earned = 0.0
    return GradedCell(
        grade_id=master.grade_id,
        source=cell.source,
        earned=earned,
        touched=cell.touched,
        status=str(verdict.status),
        note=cell.note,
        message=verdict.message,
        outputs=list(verdict.outputs),
        attachments=cell.attachments,
        checks=[msgspec.to_builtins(check) for check in verdict.checks],
    )
