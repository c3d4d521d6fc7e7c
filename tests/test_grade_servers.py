"""Grading beyond one machine's processes and one file: a Dask cluster, and a gradebook in PostgreSQL, both real servers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from grading_class import give, make_course, marks, run_grade, solved, sqlite, wait_for, wait_to_hear
from postgres_server import Server, find_program
from test_grade import LESSON, SMALL, WRONG, said, sums

pytestmark = [pytest.mark.nbgrader, pytest.mark.slow, pytest.mark.timeout(600)]

needs_postgres = pytest.mark.skipif(
    find_program("postgres") is None and "CI" not in os.environ,
    reason="no PostgreSQL here (Debian: apt-get install postgresql)",
)


def fill(course: Path, copies: int = 1) -> Path:
    """The class of four of test_grade, so many times."""
    for i in range(copies):
        give(course, f"anna{i or ''}", LESSON, solved(LESSON))
        give(course, f"bert{i or ''}", LESSON, solved(LESSON, {"exercise-softmax": WRONG}))
        give(course, f"cleo{i or ''}", LESSON, solved(LESSON))
        give(course, f"dora{i or ''}", LESSON, solved(LESSON, leave=("exercise-mse",)))
    return course


class Cluster:
    """A scheduler and its workers, as processes."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.folder = folder
        python = [sys.executable, "-m"]
        quiet = ["--no-dashboard"]
        self.scheduler = self._start(
            [*python, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), *quiet]
        )
        worker = [*python, "distributed.cli.dask_worker", self.address, "--nthreads", "1", *quiet]
        self.workers = [self._start(worker) for _ in range(workers)]

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def ready(self) -> None:
        """Wait until every worker has said that it is there."""
        from distributed import Client

        with Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=60)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    try:
        cluster.ready()
        yield cluster
    finally:
        cluster.close()


def results(course: Path) -> dict[str, object]:
    """Every learner's result but for the times (and its key, which any edit of the course's own code changes)."""
    found = {}
    for path in (course / ".backprop" / "results").glob("*/*/*.json"):
        content = json.loads(path.read_bytes())
        del content["seconds"], content["key"]
        found[path.parent.name] = content
    return found


class TestCluster:
    def test_the_same_bit_for_bit_as_here(self, cluster, tmp_path):
        here, there = (fill(make_course(tmp_path / name, LESSON)) for name in ("here", "there"))
        (here / ".backprop").mkdir()
        (here / ".backprop" / "secret_seed").write_text("5" * 32)
        (there / ".backprop").mkdir()
        (there / ".backprop" / "secret_seed").write_text("5" * 32)
        assert run_grade(here, "--workers", "2").returncode == 0
        done = run_grade(there, "--cluster", cluster.address)
        assert done.returncode == 0, done.stdout + done.stderr
        assert results(there) == results(here)
        assert len(results(here)) == 4
        assert _without_times(marks(sqlite(there), LESSON)) == _without_times(marks(sqlite(here), LESSON))

    def test_a_worker_of_the_cluster_that_is_killed(self, cluster, tmp_path):
        course = fill(make_course(tmp_path / "course", LESSON), 3)

        def kill(process: subprocess.Popen[str]) -> None:
            wait_for(lambda: results(course))
            os.killpg(cluster.workers[0].pid, signal.SIGKILL)

        done = run_grade(course, "--cluster", cluster.address, "--json", before=kill)
        assert done.returncode == 0, done.stdout + done.stderr
        assert {name.rstrip("12"): mark for name, mark in sums(course).items()} == SMALL
        assert len(sums(course)) == 12

    def test_a_scheduler_that_is_killed_is_said_and_the_rest_is_graded_here(self, cluster, tmp_path):
        course = fill(make_course(tmp_path / "course", LESSON), 4)

        def kill(process: subprocess.Popen[str]) -> None:
            wait_for(lambda: results(course))
            os.killpg(cluster.scheduler.pid, signal.SIGKILL)

        done = run_grade(course, "--cluster", cluster.address, "--json", before=kill)
        assert done.returncode == 4
        assert "The Dask cluster is lost. What was graded is kept" in said(done)["said"][-1]
        kept = set(results(course))
        assert kept
        again = run_grade(course, "--workers", "2", "--json")
        assert again.returncode == 0
        assert kept <= set(results(course))
        assert len(sums(course)) == 16


def _without_times(found: dict[str, dict[str, tuple]]) -> dict[str, dict[str, tuple]]:
    return {name: {key: value for key, value in mine.items() if key} for name, mine in found.items()}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def _postgres_course(folder: Path, server: Server, name: str) -> tuple[Path, str]:
    """A course whose gradebook is a database of its own."""
    import psycopg

    with psycopg.connect(f"user=course dbname=postgres host={server.folder}", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = server.url.replace("/postgres?", f"/{name}?")
    return make_course(folder, LESSON, extra=f"\nc.CourseDirectory.db_url = {url!r}\n"), url


@needs_postgres
class TestPostgreSQL:
    def test_the_same_as_in_a_file(self, server, tmp_path):
        (tmp_path / "seed").write_text("5" * 32)
        seed = f"\nc.SeededExecute.seed_file = {str(tmp_path / 'seed')!r}\n"
        course, url = _postgres_course(tmp_path / "there", server, "same")
        with (course / "nbgrader_config.py").open("a") as config:
            config.write(seed)
        here = make_course(tmp_path / "here", LESSON, extra=seed)
        for folder in (course, here):
            assert run_grade(fill(folder), "--workers", "2").returncode == 0
        assert not (course / "gradebook.db").exists()
        assert _without_times(marks(url, LESSON)) == _without_times(marks(sqlite(here), LESSON))
        before = marks(url, LESSON)
        again = run_grade(course, "--workers", "2", "--json")
        assert said(again)["counts"] == {"unchanged": 4}
        assert marks(url, LESSON) == before

    def test_feedback_and_export_read_it(self, server, tmp_path):
        from backprop_helpers.authoring.release import run_nbgrader

        course, _ = _postgres_course(tmp_path / "course", server, "feedback")
        assert run_grade(fill(course), "--workers", "2").returncode == 0
        for words in (["generate_feedback", LESSON], ["export"]):
            done = run_nbgrader(words, course)
            assert done.returncode == 0, done.stderr
        assert "anna" in (course / "grades.csv").read_text()
        assert (course / "feedback" / "anna" / LESSON / f"{LESSON}.html").exists()

    def test_a_restart_in_mid_run_is_waited_for(self, server, tmp_path):
        course, url = _postgres_course(tmp_path / "course", server, "restarted")
        fill(course, 4)

        def restart(process: subprocess.Popen[str]) -> None:
            wait_for(lambda: (course / "autograded").exists())
            server.stop()
            wait_to_hear(process, "busy or restarting")
            server.start()

        done = run_grade(course, "--workers", "2", "--json", before=restart)
        assert done.returncode == 0, done.stdout
        assert {name.rstrip("123"): mark for name, mark in sums(course, url).items()} == SMALL
        assert len(sums(course, url)) == 16

    def test_a_server_that_is_gone_is_said(self, tmp_path):
        gone = "postgresql+psycopg://course@/postgres?host=/nowhere"
        course = fill(make_course(tmp_path, LESSON, extra=f"\nc.CourseDirectory.db_url = {gone!r}\n"))
        from backprop_helpers.grading import gradebook
        from backprop_helpers.grading.class_run import Options, grade_class
        from backprop_helpers.grading.course import GradeError, open_course

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(gradebook, "PATIENCE", 1.0)
            with pytest.raises(GradeError, match=r"The gradebook postgresql.*connection"):
                grade_class(open_course(course), Options(workers=1))
