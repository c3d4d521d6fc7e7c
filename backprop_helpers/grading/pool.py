"""Where submissions are graded: processes of this machine, or the workers of a Dask cluster. One function, mapped."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    ProcessPoolExecutor,
    wait,
)
from pathlib import Path
from typing import Any, Protocol

from backprop_helpers.grading.course import GradeError
from backprop_helpers.grading.early import context
from backprop_helpers.grading.results import GradedSubmission
from backprop_helpers.grading.run import Job, get_warm, grade_submission

TRIES = 3  # of a submission whose worker died under it
SILENCE = 600.0  # seconds without any answer; a submission takes minutes at most


class Workers(Protocol):
    """What grades: `ahead` jobs may be under way at once; `warm` says which lesson comes, and for how many submissions."""

    ahead: int

    def warm(self, lesson: str, master: bytes, submissions: int, unsafe: bool) -> None: ...
    def submit(self, job: Job) -> Future[GradedSubmission]: ...
    def renew(self) -> None: ...
    def alive(self) -> bool: ...
    def close(self) -> None: ...


class LocalWorkers:
    """Processes of this machine, forked from a server that has everything imported once."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.ahead = 2 * count
        self._scratch = _scratch()
        self._executor = self._new()

    def _new(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.count, mp_context=context(), initializer=_begin_worker, initargs=(str(self._scratch),)
        )

    def warm(self, lesson: str, master: bytes, submissions: int, unsafe: bool) -> None:
        """Let the workers make their sandboxes while this process has other things to do."""
        for _ in range(min(self.count, submissions)):
            # what goes wrong here goes wrong again with the first submission, and is told then
            with contextlib.suppress(BrokenExecutor):
                self._executor.submit(get_warm, lesson, master, unsafe)

    def submit(self, job: Job) -> Future[GradedSubmission]:
        return self._executor.submit(grade_submission, job)

    def renew(self) -> None:
        """After the death of a worker, which ends all of a pool."""
        self._end(grace=0.0)
        self._executor = self._new()

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        self._end(grace=5.0)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _end(self, grace: float) -> None:
        """End all workers, within `grace` seconds by their own will.

        `shutdown` alone can wait for ever: for a worker that was started while the pool broke, which nobody tells to end.
        """
        processes = list((self._executor._processes or {}).values())
        self._executor.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + grace
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()


_SCRATCH = "backprop-grade-"


def _scratch() -> Path:
    """A folder for what workers make for their sandboxes; those of runs that were killed are removed."""
    place = Path(tempfile.gettempdir())
    for old in place.glob(f"{_SCRATCH}*-*"):
        owner = old.name.removeprefix(_SCRATCH).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists() and old.lstat().st_uid == os.getuid():
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-"))
    folder.chmod(0o755)  # whoever a sandbox runs as may look into it
    return folder


def _begin_worker(scratch: str) -> None:
    """What each worker does first."""
    # a terminal sends Ctrl+C to every process; the run decides what becomes of its workers
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = scratch
    gc.freeze()  # what all workers share is not looked through again and again, and so not copied
    threading.Thread(target=_end_with_the_run, daemon=True).start()


def _end_with_the_run() -> None:
    """A worker whose run was killed would wait for its next job for ever: the other workers hold the queue open."""
    run = multiprocessing.parent_process()
    if run is not None:
        run.join()
        os._exit(1)


class ClusterWorkers:
    """The workers of a Dask cluster; the course has to be installed on each of them."""

    def __init__(self, address: str) -> None:
        try:
            from dask.distributed import Client
        except ImportError:
            raise GradeError(
                "--cluster needs Dask: install it here and on every worker with `pip install 'backprop-course[cluster]'`."
            ) from None
        try:
            self._client: Any = Client(address, timeout=10, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as problem:
            raise GradeError(
                f"There is no Dask scheduler at {address} ({problem}). Start one with `dask scheduler`, and workers with "
                "`dask worker ADDRESS --nthreads 1`."
            ) from problem
        threads = sum(self._client.nthreads().values())
        if not threads:
            self.close()
            raise GradeError(
                f"The Dask scheduler at {address} has no workers. Start some with `dask worker {address}`."
            )
        self.ahead = 2 * threads
        self._asked: dict[Future[GradedSubmission], Any] = {}

    def warm(self, lesson: str, master: bytes, submissions: int, unsafe: bool) -> None:
        """Each worker of a cluster gets ready when its first submission comes."""

    def submit(self, job: Job) -> Future[GradedSubmission]:
        done: Future[GradedSubmission] = Future()
        asked = self._client.submit(grade_submission, job, pure=False)
        self._asked[done] = asked  # a future that nobody holds is cancelled
        asked.add_done_callback(lambda asked: self._hand_over(asked, done))
        return done

    def _hand_over(self, asked: Any, done: Future[GradedSubmission]) -> None:
        self._asked.pop(done, None)
        if asked.status == "finished":
            try:
                done.set_result(asked.result())
            except Exception as problem:
                done.set_exception(problem)
        elif asked.status == "error":
            done.set_exception(asked.exception() or RuntimeError("no reason given"))
        else:
            done.set_exception(CancelledError())

    def renew(self) -> None:
        """A cluster mends itself."""

    def alive(self) -> bool:
        return bool(self._client.status == "running")

    def close(self) -> None:
        with contextlib.suppress(Exception):  # it may be gone already
            self._client.close(timeout=2)


def graded(
    jobs: Iterator[Job], workers: Workers, say: Callable[[str], None]
) -> Iterator[tuple[Job, GradedSubmission | Exception]]:
    """Grade jobs on workers; yields each with its result as they finish, or with what went wrong.

    Only so many jobs are read ahead as keep the workers busy, so memory does not grow with the class. A submission whose
    worker died is tried again, alone, so that it can't take others with it. Raises GradeError when a cluster is lost.
    """
    suspects: deque[tuple[Job, int]] = deque()
    waiting: dict[Future[GradedSubmission], tuple[Job, int]] = {}
    more = True
    silent = 0.0
    while more or waiting or suspects:
        if suspects and not waiting:
            job, tries = suspects.popleft()
            waiting[_submitted(job, workers, say)] = (job, tries)
        while more and not suspects and len(waiting) < workers.ahead:
            job_or_none = next(jobs, None)
            if job_or_none is None:
                more = False
            else:
                waiting[_submitted(job_or_none, workers, say)] = (job_or_none, 0)
        if not waiting:
            continue
        done, _ = wait(waiting, timeout=1.0, return_when=FIRST_COMPLETED)
        silent = 0.0 if done else silent + 1.0
        if not workers.alive():
            raise GradeError(
                "The Dask cluster is lost. What was graded is kept; run the same command to go on."
            )
        if silent > SILENCE:
            raise GradeError(
                f"No submission was finished for {SILENCE:g} s: the workers are lost, or have no processor to run on. "
                "What was graded is kept; run the same command to go on."
            )
        broken = []
        for future in done:
            job, tries = waiting.pop(future)
            try:
                yield job, future.result()
            except BrokenExecutor:
                broken.append((job, tries + 1))
            except CancelledError:
                raise GradeError(
                    "The Dask cluster is lost. What was graded is kept; run the same command to go on."
                ) from None
            except Exception as problem:
                yield job, problem
        if broken:
            # a pool ends as a whole: all that was under way is under suspicion
            wait(waiting)
            broken += [(job, tries + 1) for job, tries in waiting.values()]
            waiting.clear()
            workers.renew()
            say("A worker process ended in mid-work; its submissions are tried again, one by one.")
            for job, tries in broken:
                if tries >= TRIES:
                    yield job, RuntimeError(f"the process that graded it ended {tries} times")
                else:
                    suspects.append((job, tries))


def _submitted(job: Job, workers: Workers, say: Callable[[str], None]) -> Future[GradedSubmission]:
    """Hand a job to the workers, to others where one of them died before: while it got ready, or waited."""
    try:
        return workers.submit(job)
    except BrokenExecutor:
        workers.renew()
        say("A worker process ended before its submission came; another takes its place.")
        return workers.submit(job)
