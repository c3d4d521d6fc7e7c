"""`backprop grade` over whole classes: every submission ends in one way, nothing is lost, nothing is doubled."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from damaged_files import CASES, EXERCISES, LESSON, PNG
from grading_class import give, make_course, marks, run_grade, solved, sqlite, total, wait_for, wait_to_hear
from kill_sweep import sweep
from nbgrader.api import Gradebook

from backprop_helpers._files import exclusive
from backprop_helpers.grading import command, intake, pool
from backprop_helpers.grading.class_run import Options, Summary, chosen_lessons, grade_class
from backprop_helpers.grading.course import GradeError, open_course
from backprop_helpers.grading.results import Results

pytestmark = [pytest.mark.nbgrader, pytest.mark.slow]

POINTS = {"mse": 3, "softmax": 3, "log_softmax": 3, "cross_entropy": 4, "accuracy": 2}
WRONG = "def softmax(scores):\n    return scores / scores.sum(axis=1, keepdims=True)  # wrong"


def worth(*lost: str) -> float:
    return float(sum(points for name, points in POINTS.items() if name not in lost))


def said(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What `--json` printed."""
    return json.loads(done.stdout)


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {outcome["learner"]: outcome for outcome in said(done)["submissions"]}


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory):
    """A class in which everybody's file is damaged but for three, graded once: (course, what was printed)."""
    course = make_course(tmp_path_factory.mktemp("damaged"), LESSON)
    for case in CASES:
        case.make(give(course, case.name, LESSON, solved(LESSON)))
    give(course, "Ann Lee's", LESSON, solved(LESSON))
    give(course, "wrong", LESSON, solved(LESSON, {"exercise-softmax": WRONG}))
    give(
        course,
        "untouched",
        LESSON,
        solved(LESSON, leave=(*(f"exercise-{n}" for n in EXERCISES), "answer-more_right_more_loss")),
    )
    give(course, "new\nline", LESSON, solved(LESSON))
    return course, run_grade(course, "--workers", "2", "--json", "02")


class TestDamagedFiles:
    def test_everybody_ends_in_exactly_one_way(self, damaged):
        _, done = damaged
        assert {name: outcome["what"] for name, outcome in outcomes(done).items()} == {
            **{case.name: case.what for case in CASES},
            "Ann Lee's": "graded",
            "wrong": "graded",
            "untouched": "graded",
            "'new\\nline'": "cannot be graded",
        }

    def test_marks_are_right_in_spite_of_the_damage(self, damaged):
        course, _ = damaged
        found = {name: total(mine) for name, mine in marks(sqlite(course), LESSON).items()}
        expected = {
            case.name: 0.0 if case.what == "cannot be graded" else worth(*case.lost) for case in CASES
        }
        assert found == {**expected, "Ann Lee's": worth(), "wrong": worth("softmax"), "untouched": 0.0}

    def test_the_learner_is_told_in_the_feedback(self, damaged):
        course, _ = damaged
        for case in CASES:
            path = course / "autograded" / case.name / LESSON / f"{LESSON}.ipynb"
            notebook = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
            top = re.sub(r"\\(.)", r"\1", notebook.cells[0].source).replace("&lt;", "<")
            if case.what != "graded":
                assert re.search(case.says, top), top

    def test_answers_in_words_wait_for_a_person(self, damaged):
        course, _ = damaged
        found = marks(sqlite(course), LESSON)
        for case in CASES:
            answer = found[case.name]["answer-more_right_more_loss"]
            assert answer == ((None, None, True) if case.words else (0.0, None, False)), case.name
        assert found["untouched"]["exercise-mse comment"] == ("No response.", None)

    def test_each_file_is_read_once_in_a_run(self, damaged, monkeypatch):
        course, _ = damaged
        read = Counter()
        real = intake.receive

        def counted(submitted, learner, lesson):
            read[learner] += 1
            return real(submitted, learner, lesson)

        monkeypatch.setattr(intake, "receive", counted)
        grade_class(open_course(course), Options(workers=2))
        assert read == Counter([*(case.name for case in CASES), "Ann Lee's", "wrong", "untouched"]), (
            "each, and once"
        )

    def test_exit_code_says_that_some_can_not_be_graded(self, damaged):
        assert damaged[1].returncode == said(damaged[1])["exit_code"] == 3

    def test_a_second_run_changes_nothing(self, damaged):
        course, _ = damaged
        before, files = marks(sqlite(course), LESSON), _files(course / "autograded")
        again = run_grade(course, "--workers", "2", "--json")
        found = {name: outcome["what"] for name, outcome in outcomes(again).items()}
        assert {name for name, what in found.items() if what != "unchanged"} == {
            *(case.name for case in CASES if case.what == "cannot be graded"),
            "'new\\nline'",
        }
        assert again.returncode == 3
        assert marks(sqlite(course), LESSON) == before
        assert _files(course / "autograded") == files

    def test_pictures_of_an_answer_reach_the_grader(self, damaged):
        path = damaged[0] / "autograded" / "pictures-in-an-answer" / LESSON / f"{LESSON}.ipynb"
        answer = next(c for c in nbformat.read(path, as_version=4).cells if "attachments" in c)
        assert answer.attachments == {"picture-1": {"image/png": PNG}}
        assert "![plot](attachment:picture-1) ![evil] (attachment:evil.svg)" in answer.source
        assert "onload" not in path.read_text()

    def test_nothing_of_a_neighbouring_file_is_taken(self, damaged):
        folder = damaged[0] / "autograded" / "odd-company" / LESSON
        assert {path.name for path in folder.iterdir()} == {
            f"{LESSON}.ipynb",
            "timestamp.txt",
            "submission_secret.txt",
        }
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o444 for path in folder.iterdir())


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A class of four, not graded yet: right, wrong, right, one exercise left empty."""
    return _class_of_four(tmp_path / "course")


def _class_of_four(folder: Path) -> Path:
    course = make_course(folder, LESSON)
    give(course, "anna", LESSON, solved(LESSON))
    give(course, "bert", LESSON, solved(LESSON, {"exercise-softmax": WRONG}))
    give(course, "cleo", LESSON, solved(LESSON))
    give(course, "dora", LESSON, solved(LESSON, leave=("exercise-mse",)))
    return course


@pytest.fixture(scope="module")
def graded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = _class_of_four(tmp_path_factory.mktemp("once") / "course")
    assert run_grade(course, "--workers", "2").returncode == 0
    return course


@pytest.fixture
def graded(graded_once: Path, tmp_path: Path) -> Path:
    """The class of four, graded: a copy for each test."""
    return Path(shutil.copytree(graded_once, tmp_path / "course"))


SMALL = {"anna": worth(), "bert": worth("softmax"), "cleo": worth(), "dora": worth("mse")}


def sums(course: Path, url: str | None = None) -> dict[str, float]:
    return {name: total(mine) for name, mine in marks(url or sqlite(course), LESSON).items()}


class TestGradebook:
    def test_what_a_person_gave_stays_and_a_resubmission_replaces_only_itself(self, graded):
        with Gradebook(sqlite(graded), "backprop") as gradebook:
            for name in ("anna", "bert"):
                gradebook.find_grade("answer-more_right_more_loss", LESSON, LESSON, name).manual_score = 2.5
                gradebook.find_comment(
                    "answer-more_right_more_loss", LESSON, LESSON, name
                ).manual_comment = "why?"
                gradebook.find_grade(
                    "answer-more_right_more_loss", LESSON, LESSON, name
                ).needs_manual_grade = False
            gradebook.find_grade("check-softmax", LESSON, LESSON, "bert").manual_score = 1
            gradebook.db.commit()
        before, files = marks(sqlite(graded), LESSON), _files(graded / "autograded")
        give(graded, "bert", LESSON, solved(LESSON))
        again = run_grade(graded, "--workers", "2", "--json")
        assert {name: o["what"] for name, o in outcomes(again).items()} == {
            "anna": "unchanged", "bert": "graded", "cleo": "unchanged", "dora": "unchanged",
        }  # fmt: skip
        after = marks(sqlite(graded), LESSON)
        assert total(after["bert"]) == worth()
        assert after["bert"]["check-softmax"] == (3.0, 1.0, True)
        assert after["bert"]["answer-more_right_more_loss"] == (
            None,
            2.5,
            True,
        )  # it may be another answer now
        assert after["bert"]["answer-more_right_more_loss comment"] == (None, "why?")
        assert {name: after[name] for name in SMALL if name != "bert"} == {
            name: before[name] for name in SMALL if name != "bert"
        }
        kept = _files(graded / "autograded")
        assert {n for n in files if files[n] != kept[n]} == {
            f"bert/{LESSON}/{name}" for name in (f"{LESSON}.ipynb", "timestamp.txt", "submission_secret.txt")
        }
        assert len(list((graded / ".backprop" / "results" / LESSON / "bert").iterdir())) == 1

    def test_a_later_time_alone_is_entered_and_lateness_is_punished_as_configured(self, small):
        config = small / "nbgrader_config.py"
        config.write_text(config.read_text() + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
        run_grade(small, "--workers", "1")
        with Gradebook(sqlite(small), "backprop") as gradebook:
            gradebook.update_or_create_assignment(LESSON, duedate="2100-01-01 00:00:00 UTC")
        (small / "submitted" / "anna" / LESSON / "timestamp.txt").write_text("2100-01-02 10:00:00.000000 UTC")
        again = run_grade(small, "--workers", "1", "--json")
        assert outcomes(again)["anna"]["what"] == "graded"
        found = marks(sqlite(small), LESSON)
        assert found["anna"][""] == (datetime(2100, 1, 2, 10), worth(), 1)
        assert found["bert"][""][1] is None
        with Gradebook(sqlite(small), "backprop") as gradebook:
            gradebook.update_or_create_assignment(LESSON, duedate="2100-01-03 00:00:00 UTC")
        assert outcomes(run_grade(small, "--workers", "1", "--json"))["anna"]["what"] == "unchanged"
        assert marks(sqlite(small), LESSON)["anna"][""][1] is None

    def test_a_gradebook_or_a_graded_folder_that_was_deleted_comes_back(self, graded):
        before, files = marks(sqlite(graded), LESSON), _files(graded / "autograded")
        shutil.rmtree(graded / "autograded" / "anna")
        assert outcomes(run_grade(graded, "--json"))["anna"]["what"] == "graded"
        assert _files(graded / "autograded") == files
        (graded / "gradebook.db").unlink()
        again = run_grade(graded, "--json")
        assert {o["what"] for o in outcomes(again).values()} == {"graded"}
        assert marks(sqlite(graded), LESSON) == before

    def test_nbgraders_own_commands_go_on_from_there(self, graded):
        from backprop_helpers.authoring.release import run_nbgrader

        for words in (["generate_feedback", LESSON], ["export"]):
            done = run_nbgrader(words, graded)
            assert done.returncode == 0, done.stderr
        page = (graded / "feedback" / "bert" / LESSON / f"{LESSON}.html").read_text()
        assert "softmax" in page
        rows = (graded / "grades.csv").read_text().splitlines()
        assert any(f"{LESSON}" in row and "bert" in row and f"{SMALL['bert']}" in row for row in rows)

    def test_a_lesson_that_changed_since_is_graded_anew(self, graded):
        path = graded / "solutions" / LESSON / f"{LESSON}.ipynb"
        path.write_text(path.read_text().replace('"points": 3', '"points": 5'))
        again = run_grade(graded, "--workers", "2", "--json")
        assert said(again)["said"] == ["02_loss was brought up to date in the gradebook."]
        assert sums(graded)["anna"] == worth() + 6

    def test_cells_that_came_since_are_refused_with_a_sentence(self, graded):
        path = graded / "solutions" / LESSON / f"{LESSON}.ipynb"
        path.write_text(path.read_text().replace("check-mse", "check-of-mse"))
        again = run_grade(graded, "--workers", "2")
        assert again.returncode == 1
        assert "Graded cells of 02_loss came or went" in again.stdout


class TestNbgradersOwnDoor:
    """`nbgrader autograde` and formgrader's button; test_nbgrader_flow goes the whole way with them."""

    def test_the_command_grades_the_others_and_says_who_can_not_be(self, graded):
        from backprop_helpers.authoring.release import run_nbgrader

        give(graded, "bert", LESSON, solved(LESSON))
        give(graded, "eric", LESSON, b"{")
        (graded / "submitted" / "fred" / LESSON).mkdir(parents=True)
        (graded / "submitted" / "fred" / LESSON / f"{LESSON}.ipynb").symlink_to("/etc/passwd")
        done = run_nbgrader(["autograde", LESSON], graded)
        assert done.returncode == 1
        assert "eric, 02_loss: cannot be graded. The file ends in the middle" in done.stderr
        assert "is a link" in done.stderr
        assert sums(graded) == {**SMALL, "bert": worth(), "eric": 0, "fred": 0}
        assert "root:" not in (graded / "autograded" / "fred" / LESSON / f"{LESSON}.ipynb").read_text()

    def test_the_button_grades_one_learner(self, graded):
        from backprop_helpers.authoring.release import nbgrader_environment

        give(graded, "bert", LESSON, solved(LESSON))
        give(graded, "gerd", LESSON, solved(LESSON))
        code = f"""
            from nbgrader.apps import NbGraderAPI
            from traitlets.config import PyFileConfigLoader
            config = PyFileConfigLoader("nbgrader_config.py", path=".").load_config()
            print(NbGraderAPI(config=config).autograde({LESSON!r}, "bert"))
        """
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            cwd=graded,
            env=nbgrader_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert "'success': True" in done.stdout, done.stdout + done.stderr
        assert sums(graded) == {**SMALL, "bert": worth()}
        notebook = nbformat.read(graded / "autograded" / "bert" / LESSON / f"{LESSON}.ipynb", as_version=4)
        assert notebook.metadata.backprop.tier in ("strong", "plain")


def test_killed_at_random_moments_and_resumed(tmp_path):
    """The small version of `make kill-sweep`."""
    assert sweep(times=3, copies=2, folder=tmp_path, seed=5) == 0


class TestOptions:
    def test_a_dry_run_changes_nothing(self, small):
        before = _files(small)
        done = run_grade(small, "--dry-run", "--json")
        assert {o["what"] for o in outcomes(done).values()} == {"to be graded"}
        assert _files(small) == before

    def test_some_learners_alone(self, small):
        done = run_grade(small, "--student", "a*", "--student", "dora", "--json")
        assert set(outcomes(done)) == {"anna", "dora"}
        assert sums(small) == {"anna": SMALL["anna"], "dora": SMALL["dora"]}

    def test_since(self, small):
        for name, day in (("anna", "2026-01-01"), ("bert", "2026-03-01")):
            (small / "submitted" / name / LESSON / "timestamp.txt").write_text(f"{day} 00:00:00.000000 UTC")
        assert set(outcomes(run_grade(small, "--since", "2026-02-01", "--json", "--dry-run"))) == {
            "bert",
            "cleo",
            "dora",
        }
        assert "Nothing was handed in" in run_grade(small, "--since", "2199-01-01").stdout

    def test_force_grades_again_and_gives_the_same(self, graded):
        before = marks(sqlite(graded), LESSON)
        done = run_grade(graded, "--workers", "2", "--force", "--json")
        assert {o["what"] for o in outcomes(done).values()} == {"graded"}
        assert marks(sqlite(graded), LESSON) == before

    def test_unsafe_marks_every_result(self, small):
        done = run_grade(small, "--unsafe", "--workers", "1")
        assert "Without a sandbox" in done.stdout
        assert done.stdout.count("(no sandbox)") == 4
        for path in (small / ".backprop" / "results" / LESSON).glob("*/*.json"):
            assert json.loads(path.read_bytes())["tier"] == "unsafe"
        notebook = nbformat.read(small / "autograded" / "anna" / LESSON / f"{LESSON}.ipynb", as_version=4)
        assert "without a sandbox" in notebook.cells[0].source
        again = run_grade(small, "--dry-run", "--json")
        assert {o["what"] for o in outcomes(again).values()} == {"to be graded"}

    def test_a_table_for_people(self, small):
        done = run_grade(small, "--workers", "2")
        assert "4 graded." in done.stdout
        assert "4 answers wait for a person" in done.stdout
        assert re.search(r"bert .*02_loss .*12 / 19", done.stdout)

    @pytest.mark.parametrize(
        ("arguments", "code", "says"),
        [
            (["99"], 1, "'99' fits no lesson"),
            (["--since", "soon"], 2, "is no time"),
            (["--workers", "-1"], 2, "workers"),
            (["--course", "nowhere"], 1, "is not a course folder"),
            (["--cluster", "tcp://127.0.0.1:1"], 1, "no Dask scheduler"),
        ],
    )
    def test_what_can_not_begin(self, small, arguments, code, says):
        done = run_grade(small, *arguments)
        assert done.returncode == code
        assert says in " ".join((done.stdout + done.stderr).split())

    def test_an_empty_seed_is_said(self, small):
        (small / ".backprop").mkdir()
        (small / ".backprop" / "secret_seed").write_text("")
        done = run_grade(small)
        assert done.returncode == 1
        assert "is empty. Put the course's seed back" in " ".join(done.stdout.split())

    def test_since_understands_days_hours_and_minutes(self):
        assert command.since_time("3d") < command.since_time("2h") < command.since_time("5m")
        assert command.since_time("2026-11-24T18:00") == datetime(2026, 11, 24, 18)
        with pytest.raises(ValueError, match="is no time"):
            command.since_time("yesterday")

    def test_a_part_of_a_name_that_fits_two_lessons(self, tmp_path):
        course = open_course(make_course(tmp_path, "00_start_here", "01_forward_pass"))
        with pytest.raises(GradeError, match="fits 00_start_here, 01_forward_pass"):
            chosen_lessons(course, ["0"])


def break_tests(course: Path, which: Callable[[dict[str, Any]], bool]) -> None:
    """Make some of a lesson's tests fail whatever is handed in."""
    path = course / "solutions" / LESSON / f"{LESSON}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
        if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("check-") and which(cell):
            cell["source"] += "\nraise AssertionError('this test is broken')"
    path.write_text(json.dumps(notebook), encoding="utf-8")


class TestTrouble:
    def test_a_second_run_waits_and_says_so(self, small):
        (small / ".backprop").mkdir()

        def hold(process: subprocess.Popen[str]) -> None:
            with exclusive(small / ".backprop" / "grade.lock", 0) as held:
                assert held
                assert process.stdout is not None
                line = process.stdout.readline()
                assert "Another run is grading this course" in line
                assert not (small / "gradebook.db").exists()

        done = run_grade(small, "--workers", "1", before=hold)
        assert done.returncode == 0
        assert sums(small) == SMALL

    def test_a_worker_that_is_killed_takes_nothing_with_it(self, small):
        done = run_grade(small, "--workers", "2", "--json", before=kill_a_worker)
        assert any("worker process ended" in sentence for sentence in said(done)["said"])
        assert done.returncode == 0
        assert sums(small) == SMALL

    def test_where_the_own_solution_gets_no_point_nobody_is_graded(self, small):
        break_tests(small, lambda cell: True)
        done = run_grade(small, "--workers", "2")
        assert done.returncode == 1
        assert "own solution" in done.stdout + done.stderr
        assert "Nothing was handed in" not in done.stdout + done.stderr
        assert "Nothing was graded" in " ".join((done.stdout + done.stderr).split())
        assert "this test is broken" in done.stdout + done.stderr
        assert sums(small) == {}

    def test_a_test_that_the_own_solution_fails_is_said_before_its_marks_are_trusted(self, small):
        break_tests(small, lambda cell: "mse" in cell["source"])
        done = run_grade(small, "--workers", "2", "--json")
        assert done.returncode == 0
        assert any("loses points at check-mse:" in sentence for sentence in said(done)["said"])
        assert sums(small)["anna"] == worth("mse")

    def test_a_worker_that_died_before_its_first_submission_is_replaced(self):
        class OnceBroken:
            ahead = 1
            renewed = 0

            def submit(self, job):
                if not self.renewed:
                    raise BrokenExecutor
                done = Future()
                done.set_result(f"result of {job}")
                return done

            def renew(self):
                self.renewed += 1

            def alive(self):
                return True

        heard = []
        assert list(pool.graded(iter(["a", "b"]), OnceBroken(), heard.append)) == [
            ("a", "result of a"),
            ("b", "result of b"),
        ]
        assert len(heard) == 1
        assert "another takes its place" in heard[0]

    def test_a_full_disk_is_said_and_leaves_nothing_half(self, small, tmp_path):
        room = tmp_path / "room"
        room.mkdir()
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=640k", "none", room], capture_output=True
        ).returncode:
            pytest.skip("no right to mount a small file system here")
        try:
            shutil.copytree(small, room / "course")
            done = run_grade(room / "course", "--workers", "1", "--json")
            assert done.returncode == 4
            assert re.search("disk is full.*run the same command", said(done)["said"][-1])
            subprocess.run(["mount", "-o", "remount,size=8m", room], check=True)
            assert run_grade(room / "course", "--workers", "1").returncode == 0
            assert sums(room / "course") == SMALL
        finally:
            subprocess.run(["umount", "-l", room], check=True)

    def test_full_disk_at_every_step(self, small, monkeypatch):
        """Where a result, the gradebook or a notebook can't be written, the next run gives what was to be given."""
        import errno

        from backprop_helpers.grading.gradebook import Writer
        from backprop_helpers.grading.graded import GradedFolder

        course = open_course(small)
        for place, name in ((Results, "save"), (Writer, "enter"), (GradedFolder, "write")):
            calls = []
            real = getattr(place, name)

            def full(self, *arguments, real=real, calls=calls):
                calls.append(1)
                if len(calls) == 2:
                    raise OSError(errno.ENOSPC, "No space left on device", "here")
                return real(self, *arguments)

            monkeypatch.setattr(place, name, full)
            with pytest.raises(OSError, match="No space"):
                grade_class(course, Options(workers=1, unsafe=True))
            monkeypatch.undo()
        summary = grade_class(course, Options(workers=1, unsafe=True))
        assert len(summary.outcomes) == 4
        assert sums(small) == SMALL

    def test_a_damaged_result_file_is_made_again(self, graded):
        (path,) = (graded / ".backprop" / "results" / LESSON / "anna").iterdir()
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        assert outcomes(run_grade(graded, "--json"))["anna"]["what"] == "graded"
        assert json.loads(path.read_bytes())["cells"] == json.loads(whole)["cells"]

    def test_results_are_the_graders_own(self, graded):
        assert stat.S_IMODE((graded / ".backprop" / "results").stat().st_mode) == 0o700

    def test_a_locked_gradebook_is_waited_for(self, graded):
        import sqlite3

        busy = sqlite3.connect(graded / "gradebook.db", isolation_level=None)
        busy.execute("BEGIN EXCLUSIVE")

        def release(process: subprocess.Popen[str]) -> None:
            wait_to_hear(process, "The gradebook is busy or restarting")
            busy.execute("ROLLBACK")

        done = run_grade(graded, "--workers", "2", "--force", "--json", before=release)
        busy.close()
        assert done.returncode == 0
        assert sums(graded) == SMALL

    def test_ctrl_c_keeps_what_is_done(self, small):
        import signal

        others = [f"other{k:02d}" for k in range(30)]  # enough to be under way still when the first is done
        for name in others:
            give(small, name, LESSON, solved(LESSON))

        def stop(process: subprocess.Popen[str]) -> None:
            wait_for(lambda: list((small / ".backprop" / "results").glob("*/*/*.json")))
            process.send_signal(signal.SIGINT)

        done = run_grade(small, "--workers", "1", before=stop)
        assert done.returncode == 130
        assert "the same command goes on" in done.stdout
        assert len(sums(small)) < len(others)
        assert run_grade(small, "--workers", "1").returncode == 0
        assert sums(small) == SMALL | dict.fromkeys(others, worth())

    def test_what_the_summary_counts(self):
        summary = Summary()
        assert command.exit_code(summary.outcomes) == 0


def kill_a_worker(process: subprocess.Popen[str]) -> None:
    """End the first process that works for a run of the grader, as soon as there is one at work."""
    import psutil

    def workers() -> list[Any]:
        """Grandchildren that fork from the fork server: the server itself is a child."""
        servers = [c for c in psutil.Process(process.pid).children() if "forkserver" in " ".join(c.cmdline())]
        return [worker for server in servers for worker in server.children()]

    wait_for(workers)
    os.kill(workers()[0].pid, 9)
