"""Whatever is handed in ends in a right result or a clear sentence: file by file, and nothing of it is run here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from damaged_files import CASES, EXERCISES, LESSON, PNG, Damage
from grading_class import give, make_course, right_answers, solved

from backprop_helpers.grading import intake
from backprop_helpers.grading.course import Course, GradeError, open_course
from backprop_helpers.grading.intake import Unreadable
from backprop_helpers.grading.master import Master, read_master
from backprop_helpers.grading.rebuild import Rebuilt, rebuild

pytestmark = pytest.mark.nbgrader


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return open_course(make_course(tmp_path_factory.mktemp("course"), LESSON))


@pytest.fixture(scope="module")
def master(course: Course) -> Master:
    return read_master(course, LESSON)


def taken(course: Course, master: Master, learner: str) -> Rebuilt:
    """What the grader makes of a submission. Raises Unreadable as the grader's worker would."""
    received = intake.receive(course.submitted, learner, LESSON)
    if received.problem:
        raise Unreadable(received.problem)
    found = rebuild(master, intake.parse(received.data))
    return Rebuilt(found.cells, (*received.notes, *found.notes))


def test_there_are_many_cases_and_each_has_its_name():
    assert len({case.name for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_damaged_file(case: Damage, course: Course, master: Master):
    case.make(give(course.root, case.name, LESSON, solved(LESSON)))
    if case.what == "cannot be graded":
        with pytest.raises(Unreadable) as caught:
            taken(course, master, case.name)
        assert re.search(case.says, str(caught.value))
        assert str(caught.value).endswith(".")
        return
    rebuilt = taken(course, master, case.name)
    told = " ".join([*rebuilt.notes, *(cell.note for cell in rebuilt.cells if cell.note)])
    assert bool(told) == (case.what == "graded with a message"), told
    assert re.search(case.says, told)
    assert found_exercises(rebuilt) >= set(EXERCISES) - set(case.lost)
    answer = next(cell for cell in rebuilt.cells if cell.master.kind == "answer")
    assert answer.touched == case.words


def found_exercises(rebuilt: Rebuilt) -> set[str]:
    """The exercises whose right source stands somewhere among the answers."""
    sources = "\n".join(cell.source for cell in rebuilt.cells if cell.master.kind == "solution")
    last_lines = {name: right_answers(LESSON)[f"exercise-{name}"].splitlines()[-2] for name in EXERCISES}
    return {name for name, line in last_lines.items() if line in sources}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_but_answers_is_taken(case: Damage, course: Course, master: Master):
    """Every other cell is the master's, its hidden tests and points included, whatever was done to the file."""
    case.make(give(course.root, f"again-{case.name}", LESSON, solved(LESSON)))
    try:
        rebuilt = taken(course, master, f"again-{case.name}")
    except Unreadable:
        return
    assert [cell.master for cell in rebuilt.cells] == list(master.cells)
    for cell in rebuilt.cells:
        if cell.master.kind not in ("solution", "answer"):
            assert cell.source == cell.master.source


def test_pictures_of_an_answer_are_kept_and_drawings_with_scripts_are_not(course: Course, master: Master):
    case = next(case for case in CASES if case.name == "pictures-in-an-answer")
    case.make(give(course.root, "pictures", LESSON, solved(LESSON)))
    answer = next(c for c in taken(course, master, "pictures").cells if c.master.kind == "answer")
    assert answer.attachments == {"plot.png": {"image/png": PNG}}


def test_an_untouched_submission_is_untouched(master: Master):
    given = intake.parse(_bytes(solved(LESSON, leave=tuple(right_answers(LESSON)))))
    rebuilt = rebuild(master, given)
    assert not any(cell.touched or cell.note for cell in rebuilt.cells)
    assert rebuilt.notes == ()


def test_a_master_holds_hidden_tests_and_no_solutions(master: Master):
    tests = [cell for cell in master.cells if cell.kind == "test"]
    assert all("hidden=True" in cell.source and "hidden=True" not in cell.released for cell in tests)
    assert all("np.mean((pred - y) ** 2)" not in cell.source for cell in master.cells)
    assert {name for cell in master.cells for name in cell.names} == set(EXERCISES)
    assert master.points == 19


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("learner-01", True), ("Ann Lee", True), ("Žofie", True), ("o'neil", True), ("-rf", True), ("a;b", True),
        ("new\nline", False), (" lead", False), ("x" * 129, False), ("\x1b[31m", False), ("\udcff", False),
    ],
)  # fmt: skip
def test_names(name: str, fine: bool):
    assert (intake.name_problem(name) == "") is fine


def test_learners_are_those_with_something_of_the_lesson(tmp_path: Path):
    for name in ("b", "a", ".hidden"):
        (tmp_path / name / LESSON).mkdir(parents=True)
    (tmp_path / "other" / "03_chain_rule").mkdir(parents=True)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / LESSON).symlink_to("/nowhere")
    assert list(intake.learners(tmp_path, LESSON)) == ["a", "b", "linked"]


def test_a_linked_learner_is_not_followed(course: Course):
    mine = give(course.root, "original", LESSON, solved(LESSON)).parent.parent
    (course.submitted / "thief").symlink_to(mine)
    assert "is a link" in intake.receive(course.submitted, "thief", LESSON).problem


@pytest.mark.parametrize("text", ["", "soon", "2026-13-45", "9" * 400, "2026-11-24 10:00:00 " * 9, "\0"])
def test_a_time_that_is_none(text: str):
    assert intake.parse_time(text) is None


def test_the_time_of_a_submission_is_utc(course: Course):
    path = give(course.root, "timed", LESSON, solved(LESSON))
    (path.parent / "timestamp.txt").write_text("2026-11-24T12:30:00+02:00")
    received = intake.receive(course.submitted, "timed", LESSON)
    assert received.timestamp is not None
    assert received.timestamp.isoformat() == "2026-11-24T10:30:00"


def test_a_folder_without_configuration_is_no_course(tmp_path: Path):
    with pytest.raises(GradeError, match="is not a course folder"):
        open_course(tmp_path)


def test_a_broken_configuration_ends_the_run_before_it_begins(tmp_path: Path):
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.db_url = missing_name\n"
    )
    with pytest.raises(GradeError, match=r"nbgrader_config\.py can't be read: NameError: .*missing_name"):
        open_course(tmp_path)


def test_an_unknown_lesson_is_answered_with_those_there_are(course: Course):
    with pytest.raises(GradeError, match="The lessons here: 02_loss"):
        read_master(course, "99_none")


def _bytes(notebook: dict[str, object]) -> bytes:
    return json.dumps(notebook).encode()
