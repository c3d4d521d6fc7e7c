"""nbgrader's exchange between an instructor and two learners who are three real users of one machine.

Needs root: only it can become somebody else. Each user runs nbgrader's own commands with their own user id, home and folder.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from grading_class import right_answers

from backprop_helpers.authoring.release import nbgrader_environment
from backprop_helpers.grading.submission import answered
from tests.term import commands

ROOT = Path(__file__).resolve().parent.parent
LESSON = "02_loss"
TEACHER, ANNA, BERT = 54330, 54331, 54332
RAN: list[list[str]] = []
NAMES = {TEACHER: "teacher", ANNA: "anna", BERT: "bert"}

pytestmark = [
    pytest.mark.nbgrader,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("useradd") is None,
        reason="only root can make users and become them; useradd makes them",
    ),
]


@dataclass(frozen=True)
class User:
    """One account. folder: where they work, closed to others."""

    name: str
    uid: int
    folder: Path

    def run(self, *words: str, where: Path | None = None, fails: bool = False) -> str:
        """Run a command as this user; words[0] is a program of the environment, or of the system."""
        RAN.append(list(words))
        program = Path(sys.executable).parent / words[0]
        command = [str(program) if program.exists() else words[0], *words[1:]]
        opener = [sys.executable, str(ROOT / "tests" / "as_user.py"), "--root"]
        setpriv = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "env"]
        environment = {
            **nbgrader_environment(),
            "JUPYTER_NO_CONFIG": "",
            "COLUMNS": "150",
        }
        mine = [f"HOME={self.folder}", f"USER={self.name}", f"LOGNAME={self.name}", f"TMPDIR={self.folder}"]
        done = subprocess.run(
            [*opener, *setpriv, *mine, *command],
            cwd=where or self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{self.name}: {' '.join(words)}: {said}"
        return said


@dataclass(frozen=True)
class Machine:
    """A machine with an exchange and three users. course: the teacher's."""

    exchange: Path
    course: Path
    teacher: User
    anna: User
    bert: User

    def inbound(self) -> list[Path]:
        return sorted((self.exchange / "backprop" / "inbound").iterdir())


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Released, fetched by two, solved, submitted, collected, graded, and feedback given back."""
    # not pytest's own folder, which it keeps closed to others
    folder = Path(tempfile.mkdtemp(prefix="exchange-"))
    folder.chmod(0o755)
    made = []
    try:
        for uid, name in NAMES.items():
            account = f"bp-{name}"
            subprocess.run(
                ["useradd", "--no-create-home", "--user-group", f"--uid={uid}", account], check=True
            )
            made.append(account)
            home = folder / account
            home.mkdir(mode=0o700)
        users = {name: User(f"bp-{name}", uid, folder / f"bp-{name}") for uid, name in NAMES.items()}
        yield _term(folder, users)
    finally:
        for account in made:
            subprocess.run(["userdel", account], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _term(folder: Path, users: dict[str, User]) -> Machine:
    teacher, anna, bert = users["teacher"], users["anna"], users["bert"]
    exchange, course = folder / "exchange", teacher.folder / "course"
    exchange.mkdir()
    exchange.chmod(0o1777)
    course.mkdir()
    setting = f"\nc.Exchange.root = {str(exchange)!r}\n"
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    (course / "nbgrader_config.py").write_text(config + setting, encoding="utf-8")
    source = course / "solutions" / LESSON / f"{LESSON}.ipynb"
    source.parent.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / LESSON / source.name, source)
    for user in (anna, bert):
        (user.folder / "nbgrader_config.py").write_text(
            f"c = get_config()\nc.CourseDirectory.course_id = 'backprop'{setting}", encoding="utf-8"
        )
    for user in users.values():
        for path in (user.folder, *user.folder.rglob("*")):
            os.chown(path, user.uid, user.uid)
    teacher.run("nbgrader", "generate_assignment", LESSON, where=course)
    teacher.run("nbgrader", "release_assignment", LESSON, where=course)
    for user, leave in ((anna, ()), (bert, ("exercise-mse",))):
        user.run("nbgrader", "fetch_assignment", LESSON)
        path = user.folder / LESSON / f"{LESSON}.ipynb"
        answers = {k: v for k, v in right_answers(LESSON).items() if k not in leave}
        text = nbformat.writes(answered(nbformat.read(path, as_version=4), answers))
        path.write_text(text, encoding="utf-8")
        user.run("nbgrader", "submit", LESSON)
    return Machine(exchange, course, teacher, anna, bert)


@pytest.fixture(scope="module")
def graded(machine: Machine) -> Machine:
    machine.teacher.run("nbgrader", "collect", LESSON, where=machine.course)
    machine.teacher.run("backprop", "grade", LESSON, "--workers", "2", where=machine.course)
    machine.teacher.run("backprop", "feedback", LESSON, where=machine.course)
    machine.teacher.run("nbgrader", "release_feedback", LESSON, where=machine.course)
    for user in (machine.anna, machine.bert):
        user.run("nbgrader", "fetch_feedback", LESSON)
    return machine


def test_files_have_the_permissions_that_nbgrader_demands(machine: Machine) -> None:
    root = machine.exchange / "backprop"
    assert (root / "inbound").stat().st_mode & 0o777 == 0o733  # put in, not list
    assert (root / "inbound").stat().st_uid == TEACHER
    released = root / "outbound" / LESSON / f"{LESSON}.ipynb"
    assert stat.S_IMODE(released.stat().st_mode) & 0o222 == 0o200  # its owner alone may change it
    assert {p.stat().st_uid for p in machine.inbound()} == {ANNA, BERT}


def test_a_learner_can_not_reach_what_is_another_s(machine: Machine) -> None:
    anna = machine.anna
    inbound = machine.exchange / "backprop" / "inbound"
    assert "Permission denied" in anna.run("ls", str(inbound), fails=True)
    assert "Permission denied" in anna.run("cat", str(machine.course / "gradebook.db"), fails=True)
    assert "Permission denied" in anna.run("ls", str(machine.bert.folder), fails=True)
    released = machine.exchange / "backprop" / "outbound" / LESSON / f"{LESSON}.ipynb"
    anna.run("sh", "-c", f"echo x >> {released}", fails=True)
    course = machine.exchange / "backprop"  # with the sticky bit the page asks for
    assert "not permitted" in anna.run("mv", str(course), str(machine.exchange / "other"), fails=True)
    assert "BEGIN SOLUTION" not in anna.run("cat", str(released))


def test_what_was_handed_in_is_collected_and_graded_in_the_sandbox(graded: Machine) -> None:
    results = graded.course / ".backprop" / "results" / LESSON
    found = {}
    for path in results.glob("*/*.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        found[result["learner"]] = sum(cell["earned"] or 0 for cell in result["cells"])
        assert result["tier"] in ("strong", "plain")
    assert found == {"bp-anna": 15, "bp-bert": 12}
    assert (graded.course / "gradebook.db").stat().st_uid == TEACHER
    assert stat.S_IMODE((graded.course / ".backprop").stat().st_mode) == 0o700


def test_feedback_reaches_its_learner_and_nobody_else(graded: Machine) -> None:
    for user in (graded.anna, graded.bert):
        (page,) = (user.folder / LESSON / "feedback").glob(f"*/{LESSON}.html")
        assert page.stat().st_uid == user.uid
    feedback = graded.exchange / "backprop" / "feedback"
    assert "Permission denied" in graded.anna.run("ls", str(feedback), fails=True)


def test_these_are_the_commands_of_the_page(graded: Machine) -> None:
    shown = [words for words in commands("Every lesson through the exchange") if words[0] == "nbgrader"]
    assert len(shown) == 7
    assert [words for words in shown if words not in RAN] == []


def test_a_submission_under_another_s_name_is_left_out(graded: Machine) -> None:
    """Whoever may put files into the exchange may choose their names; their owner they can't choose."""
    inbound = graded.exchange / "backprop" / "inbound"
    (theirs,) = (p for p in graded.inbound() if p.stat().st_uid == BERT)
    forged = inbound / theirs.name.replace("bp-bert", "bp-anna").replace("+20", "+21", 1)
    graded.bert.run("cp", "-r", str(theirs), str(forged))
    graded.bert.run("mkdir", str(inbound / f"bp-bert+{LESSON}+soon+x"))
    graded.bert.run("ln", "-s", str(theirs), str(inbound / f"bp-bert+{LESSON}+2199-01-01 00:00:00 UTC+x"))
    path = graded.course / "submitted" / "bp-anna" / LESSON / f"{LESSON}.ipynb"
    before = path.read_bytes()
    said = graded.teacher.run("nbgrader", "collect", "--update", LESSON, where=graded.course)
    assert path.read_bytes() == before, said
    assert "claims to be 'bp-anna''s and was put there by bp-bert; it was not collected" in said
    assert "has no time in its name that can be read" in said
    assert "is no folder" in said


def test_a_newer_submission_of_the_owner_is_collected(graded: Machine) -> None:
    graded.bert.run("nbgrader", "submit", LESSON)
    said = graded.teacher.run("nbgrader", "collect", "--update", LESSON, where=graded.course)
    assert "Updating submission: bp-bert" in said
