"""A whole term in small, with nbgrader's own commands: release, fetch, submit, collect, grade, mark by hand, return.

One course folder, one exchange folder and one learner's folder are made once and shared; each test looks at one step.
"""

from __future__ import annotations

import copy
import csv
import getpass
import html
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from authoring_sample import REPOSITORY, SAMPLE
from formgrader_server import fetch, formgrader
from nbgrader.api import Gradebook

from backprop_helpers import diagnose
from backprop_helpers.authoring.build import serialize
from backprop_helpers.authoring.release import run_nbgrader
from backprop_helpers.authoring.text import read_lesson, to_notebook
from backprop_helpers.grading.seed import VARIABLE, secret_seed
from backprop_helpers.grading.submission import answered, hand_in, solutions_of

pytestmark = [pytest.mark.nbgrader, pytest.mark.slow, pytest.mark.timeout(900)]

LESSON = "90_sample"
ME = getpass.getuser()
RIGHT = "def slope(x):\n    return x + x"
NOSY = (
    f"import os\nprint(dict(os.environ))\nprint('z' * 90_000)\nprint(os.environ.get('{VARIABLE}'))\n{RIGHT}"
)
ENDLESS = f"{RIGHT}\nwhile True:\n    pass"
WORDS = "Its slope is 2x, which grows."


def learnt_by_heart() -> str:
    """Code that is right on the inputs of the visible check alone, which anybody can write down."""
    seen = set()

    def spy(x):
        seen.add(x.tobytes())
        return 2 * x

    diagnose("slope", spy)
    return f"SEEN = {seen!r}\n\ndef slope(x):\n    return 2 * x if x.tobytes() in SEEN else 3 * x"


@dataclass
class Term:
    """Where everything is, and what each command said."""

    course: Path
    learner: Path
    exchange: Path
    environment: dict[str, str]
    said: dict[str, str] = field(default_factory=dict)

    def run(self, where: Path, command: str, *arguments: str) -> None:
        done = run_nbgrader([command, *arguments], where, self.environment)
        self.said[command] = done.stdout + done.stderr
        assert done.returncode == 0, self.said[command]

    @property
    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.course / 'gradebook.db'}", "backprop")

    def submission(self, learner: str):
        """(auto score, manual score, waits for a person) by grade id."""
        with self.gradebook as gradebook:
            grades = gradebook.find_submission_notebook(LESSON, LESSON, learner).grades
            return {g.name: (g.auto_score, g.manual_score, g.needs_manual_grade) for g in grades}

    def feedback(self, learner: str) -> str:
        page = self.course / "feedback" / learner / LESSON / f"{LESSON}.html"
        text = re.sub(r"(?s)<style.*?</style>", "", page.read_text(encoding="utf-8"))
        return html.unescape(re.sub(r"<[^>]+>", "", text))


def write_answers(path: Path, exercise: str, words: str) -> None:
    notebook = nbformat.read(path, as_version=4)
    answers = {"exercise-slope": exercise, "answer-why_steep": words}
    nbformat.write(answered(notebook, answers), path)


@pytest.fixture(scope="session")
def term(tmp_path_factory):
    folder = tmp_path_factory.mktemp("term")
    term = Term(
        *(folder / name for name in ("course", "learner", "exchange")),
        environment={"HOME": str(folder / "home"), "JUPYTER_NO_CONFIG": ""},
    )
    for path in (term.course, term.learner, term.exchange, folder / "home"):
        path.mkdir()
    term.exchange.chmod(0o777)
    exchange = f"\nc.Exchange.root = {str(term.exchange)!r}\nc.Exchange.cache = {str(folder / 'cache')!r}\n"
    config = (REPOSITORY / "nbgrader_config.py").read_text(encoding="utf-8")
    (term.course / "nbgrader_config.py").write_text(config + exchange, encoding="utf-8")
    learners = f"c = get_config()\nc.CourseDirectory.course_id = 'backprop'{exchange}"
    (term.learner / "nbgrader_config.py").write_text(learners, encoding="utf-8")
    solution = term.course / "solutions" / LESSON / f"{LESSON}.ipynb"
    solution.parent.mkdir(parents=True)
    solution.write_bytes(serialize(to_notebook(read_lesson(SAMPLE, Path(f"{LESSON}.py")))))
    return term


@pytest.fixture(scope="session")
def collected(term):
    """Released, fetched by a learner, solved, validated, submitted and collected."""
    term.run(term.course, "generate_assignment", LESSON)
    term.run(term.course, "release_assignment", LESSON)
    term.run(term.learner, "fetch_assignment", LESSON)
    mine = term.learner / LESSON / f"{LESSON}.ipynb"
    write_answers(mine, RIGHT, WORDS)
    term.run(mine.parent, "validate", mine.name)
    term.run(term.learner, "submit", LESSON)
    term.run(term.course, "collect", LESSON)
    return term


@pytest.fixture(scope="session")
def graded(collected):
    """Two more learners hand in, and the class is graded."""
    released = nbformat.read(collected.course / "notebooks" / LESSON / f"{LESSON}.ipynb", as_version=4)
    for learner, code in (("learner-01", learnt_by_heart()), ("learner-02", NOSY), ("learner-03", ENDLESS)):
        hand_in(answered(released, {"exercise-slope": code}), collected.course, learner, LESSON)
    hand_in(_copied(answered(released, {"exercise-slope": RIGHT})), collected.course, "learner-04", LESSON)
    collected.run(collected.course, "autograde", LESSON)
    return collected


def _copied(notebook):
    """The exercise and its check each stand twice, as after copy and paste of cells."""
    twice = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").endswith("-slope")
    ]
    assert twice
    notebook.cells += copy.deepcopy(twice)
    return notebook


@pytest.fixture(scope="session")
def before_marking(graded):
    """What the gradebook said before a person marked the answer in words."""
    return {learner: graded.submission(learner) for learner in (ME, *(f"learner-0{i}" for i in range(1, 5)))}


@pytest.fixture(scope="session")
def returned(graded, before_marking):
    """Marked by hand, feedback written, released and fetched, marks exported."""
    with graded.gradebook as gradebook:
        grade = gradebook.find_grade("answer-why_steep", LESSON, LESSON, ME)
        grade.manual_score, grade.needs_manual_grade = 3, False
        comment = gradebook.find_comment("answer-why_steep", LESSON, LESSON, ME)
        comment.manual_comment = "Says that it grows; say why, too."
        gradebook.db.commit()
    graded.run(graded.course, "generate_feedback", LESSON)
    graded.run(graded.course, "release_feedback", LESSON)
    graded.run(graded.learner, "fetch_feedback", LESSON)
    graded.run(graded.course, "export")
    return graded


@pytest.fixture(scope="session")
def formgrader_page(graded):
    """The page on which a grader marks the submission, from a running formgrader."""
    with graded.gradebook as gradebook:
        submission = gradebook.find_submission_notebook(LESSON, LESSON, ME).id
    with formgrader(graded.course, graded.environment) as address:
        yield fetch(f"{address}/submissions/{submission}/?token=secret")


class TestThroughTheExchange:
    def test_release_goes_out_without_solutions(self, collected):
        outbound = collected.exchange / "backprop" / "outbound" / LESSON / f"{LESSON}.ipynb"
        text = outbound.read_text(encoding="utf-8")
        assert "raise NotImplementedError()" in text
        assert not re.search(r"SOLUTION|HIDDEN|MARK SCHEME|hidden=True|names the slope", text)

    def test_a_learner_can_validate(self, collected):
        assert "Success! Your notebook passes all the tests." in collected.said["validate"]

    def test_what_was_submitted_is_collected(self, collected):
        path = collected.course / "submitted" / ME / LESSON / f"{LESSON}.ipynb"
        assert "return x + x" in path.read_text(encoding="utf-8")
        assert (path.parent / "timestamp.txt").exists()


class TestAutograde:
    def test_right_code_gets_its_points_and_words_wait_for_a_person(self, before_marking):
        assert before_marking[ME]["check-slope"] == (2, None, False)
        assert before_marking[ME]["answer-why_steep"] == (None, None, True)

    def test_an_unchanged_answer_gets_nothing_and_waits_for_nobody(self, before_marking):
        assert before_marking["learner-01"]["answer-why_steep"] == (0, None, False)

    def test_hidden_tests_find_what_visible_ones_can_not(self, graded, before_marking):
        notebook = nbformat.read(graded.course / "autograded" / "learner-01" / LESSON / f"{LESSON}.ipynb", 4)
        cell = next(
            c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "check-slope"
        )
        assert "holds" in str(cell.outputs[0])  # the visible check
        assert cell.outputs[-1].output_type == "error"  # the hidden one
        assert before_marking["learner-01"]["check-slope"] == (0, None, False)

    def test_the_seed_is_made_once_and_is_its_owners(self, graded):
        path = graded.course / ".backprop" / "secret_seed"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(path.read_text().strip()) == 32
        assert secret_seed(path) == path.read_text().strip()

    def test_learner_code_finds_no_seed_and_its_output_is_bounded(self, graded, before_marking):
        assert before_marking["learner-02"]["check-slope"] == (2, None, False)
        seed = (graded.course / ".backprop" / "secret_seed").read_text().strip()
        text = (graded.course / "autograded" / "learner-02" / LESSON / f"{LESSON}.ipynb").read_text()
        assert "PATH" in text  # it printed its environment
        assert seed not in text
        assert len(text) < 150_000

    def test_it_went_through_the_sandbox(self, graded):
        for path in graded.course.glob(f"autograded/*/{LESSON}/*.ipynb"):
            assert nbformat.read(path, as_version=4).metadata.backprop.tier in ("strong", "plain")


class TestMarkingByHand:
    def test_formgrader_shows_the_words_the_scheme_and_a_box_for_points(self, formgrader_page):
        assert WORDS in formgrader_page
        assert "2 points: names the slope" in formgrader_page
        assert "answer-why_steep" in formgrader_page
        assert 'class="score' in formgrader_page

    def test_points_given_by_hand_count(self, returned):
        with returned.gradebook as gradebook:
            submission = gradebook.find_submission(LESSON, ME)
            assert (submission.score, submission.max_score, submission.needs_manual_grade) == (5, 6, False)


class TestComingBack:
    def test_feedback_says_what_was_found_and_what_a_person_wrote(self, returned):
        assert "Says that it grows; say why, too." in returned.feedback(ME)
        assert "✓ slope" in returned.feedback(ME)
        assert "slope" in returned.feedback("learner-01").split("✗")[1]

    def test_a_cell_that_never_ends_is_stopped_and_the_others_count(self, returned, before_marking):
        assert before_marking["learner-03"]["check-slope"] == (2, None, False)
        path = returned.course / "autograded" / "learner-03" / LESSON / f"{LESSON}.ipynb"
        assert "It took longer than 30 s and was stopped." in path.read_text(encoding="utf-8")

    def test_copied_cells_end_nobodys_run_and_count_once(self, before_marking):
        assert before_marking["learner-04"]["check-slope"] == (2, None, False)

    def test_feedback_never_shows_the_seed_or_hidden_numbers(self, returned):
        seed = (returned.course / ".backprop" / "secret_seed").read_text().strip()
        for learner in (ME, "learner-01", "learner-02"):
            assert seed not in returned.feedback(learner)
        hidden = returned.feedback("learner-01").split("✗")[1].split("In [")[0]
        assert not re.search(r"got .*\d\.\d", hidden)

    def test_the_learner_fetches_it(self, returned):
        (page,) = returned.learner.glob(f"{LESSON}/feedback/*/{LESSON}.html")
        assert "Says that it grows" in page.read_text(encoding="utf-8")

    def test_marks_are_exported(self, returned):
        with (returned.course / "grades.csv").open(encoding="utf-8") as stream:
            rows = {row["student_id"]: row for row in csv.DictReader(stream)}
        assert {name: float(rows[name]["score"]) for name in rows} == {
            ME: 5,
            "learner-01": 0,
            "learner-02": 2,
            "learner-03": 2,
            "learner-04": 2,
        }
        assert float(rows[ME]["max_score"]) == 6


class TestSeed:
    def test_an_empty_file_is_refused_with_a_sentence(self, tmp_path):
        (tmp_path / "secret_seed").write_text("\n")
        with pytest.raises(RuntimeError, match=r"is empty\. Put the course's seed back"):
            secret_seed(tmp_path / "secret_seed")

    def test_two_courses_have_two_seeds(self, tmp_path):
        assert secret_seed(tmp_path / "a" / "seed") != secret_seed(tmp_path / "b" / "seed")


def test_solutions_of_a_notebook_have_no_markers():
    answers = solutions_of(to_notebook(read_lesson(SAMPLE, Path("x.py"))))
    assert set(answers) == {"exercise-slope", "answer-why_steep"}
    assert "out = 2 * x" in answers["exercise-slope"]
    assert "SOLUTION" not in "".join(answers.values())
