"""Grades one submission: a pure function of its input, so that it may run here, in another process or on another machine.

Nothing in here knows of the gradebook. A process keeps one warm sandbox for all the submissions it is given.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from backprop_helpers.grading.intake import Unreadable, parse
from backprop_helpers.grading.master import Master
from backprop_helpers.grading.rebuild import Rebuilt, RebuiltCell, rebuild
from backprop_helpers.grading.results import GradedCell, GradedSubmission, Status


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
        sandbox = _sandbox(job.unsafe)
        with sandbox.open() as box:
            opened = time.perf_counter()
            judged = _judge(_job_cells(rebuilt), box, job.seed, job.lesson)
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


def _tier_word(unsafe: bool) -> str:
    return "unsafe" if unsafe else "not run"


@lru_cache(maxsize=8)
def _master(content: bytes) -> Master:
    return msgspec.json.decode(content, type=Master)


# A judge puts the seed into its process's environment, and a sandbox is one user's at a time.
_ONE_AT_A_TIME = threading.Lock()
_warm: dict[bool, Any] = {}


def _sandbox(unsafe: bool) -> Any:
    """This process's warm sandbox, made when first asked for."""
    from backprop_helpers.grading.sandbox import Sandbox, Tier

    if unsafe not in _warm:
        _warm[unsafe] = Sandbox(Tier.UNSAFE if unsafe else None, package=_learner_side())
        atexit.register(close_sandboxes)
    return _warm[unsafe]


def close_sandboxes() -> None:
    """End this process's warm sandboxes."""
    while _warm:
        _warm.popitem()[1].close()


def _learner_side() -> Path:
    from backprop_helpers.grading import learner_side  # type: ignore[attr-defined, unused-ignore]

    return Path(learner_side.__file__).parent


def _judge(cells: Sequence[Any], box: Any, seed: str, lesson: str) -> Any:
    from backprop_helpers.grading.judge import judge_notebook  # type: ignore[attr-defined, unused-ignore]

    return judge_notebook(cells, box, seed=seed, lesson=lesson)


def _job_cells(rebuilt: Rebuilt) -> list[Any]:
    from backprop_helpers.grading.judge import JobCell

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


def _graded(cell: RebuiltCell, verdict: Any) -> GradedCell:
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
