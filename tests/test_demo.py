"""The demo class: every kind of submission gets the marks it must, and one clear sentence in its feedback."""

from __future__ import annotations

import html
import os
import re
import sys
from pathlib import Path

import pytest
from rich.console import Console

from backprop_helpers.demo import show
from backprop_helpers.demo.learners import CLASS, EXERCISES, LESSON, Learner
from backprop_helpers.demo.run import DemoError, Row, feedback, grade, prepare
from backprop_helpers.demo.show import marks_table, where_to_look

ROOT = Path(__file__).resolve().parent.parent
# What a learner reads of the exercise that went wrong. Each sentence names the function.
SENTENCES = {
    "learner-02": "Nothing is written here yet.",
    "learner-03": "The loss is the sum of the squared errors",
    "learner-04": "SyntaxError: expected ':' (line 1).",
    "learner-05": "accuracy did not come back within 5 seconds and was stopped",
    "learner-06": "Nothing is written here yet.",
    "learner-08": "The rows' maxima have lost their second axis",
    "learner-09": "cross_entropy returned None. Does it end with return",
    "learner-10": "it printed 10,000,001 characters in one call",
    "learner-11": "There is no function softmax here, but there is sofmax",
    "learner-12": "p is right, but the maximum is subtracted from scores itself",
}

# Kinds of bad input that the demo class has no room for.
ODD = Learner(
    "learner-13",
    "odd results",
    "Wrong shape, wrong type, wrong numbers of things.",
    ("cross_entropy", "accuracy"),
    wrote={
        "mse": "def mse(pred, y):\n    if pred.shape != y.shape:\n        raise ValueError('shapes')\n    return (pred - y) ** 2",
        "softmax": "def softmax(scores):\n    return 'probabilities'",
        "log_softmax": "def log_softmax(scores):\n    return scores, scores",
        "cross_entropy": dict(CLASS[7].wrote)["cross_entropy"],
    },
)
ODD_SENTENCES = {
    "mse": r"loss is an array of shape \(.*\); expected a single number",
    "softmax": r"p is a str; expected an array",
    "log_softmax": r"log_p has shape \(2, (\d+), (\d+)\); expected \(N, C\) = \(\1, \2\)",
}


def row(learner, **changed):
    full = dict.fromkeys(EXERCISES, 3.0)
    return Row(learner, {**full, **changed}, full, by_hand=True, seconds=1.0)


class TestTable:
    def test_a_mark_that_is_not_as_expected_is_shown(self):
        rows = [row(CLASS[0]), row(CLASS[1], mse=0.0)]
        assert [r.right for r in rows] == [True, False]
        console = Console(width=80, record=True, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
        console.print(marks_table(rows))
        text = console.export_text()
        assert "15 ✓" in text
        assert "15 ✗" in text
        assert max(map(len, text.splitlines())) <= 80
        assert "Not as expected: learner-02." in where_to_look(Path("demo"), rows)

    def test_the_class_has_twelve_learners_without_names_of_persons(self):
        assert [learner.name for learner in CLASS] == [f"learner-{i:02d}" for i in range(1, 13)]
        assert all(set(learner.holds) <= set(EXERCISES) for learner in CLASS)


def test_what_to_do_next_has_the_report_and_says_what_the_sums_leave_out():
    said = "\n".join(where_to_look(Path("demo"), [row(learner) for learner in CLASS]))
    assert "at most 15; the answer in words has points of its own" in said
    assert ("report 02_loss" in said) == (sys.platform == "linux")


def test_the_bar_counts_learners_and_nothing_else(monkeypatch, tmp_path):
    """It says how many of a class of twelve are graded, not of fourteen steps."""
    monkeypatch.setattr(show, "prepare", lambda root, folder: None)
    monkeypatch.setattr(show, "grade", lambda folder: iter([row(learner) for learner in CLASS]))
    monkeypatch.setattr(show, "feedback", lambda folder: None)
    console = Console(width=100, record=True, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    assert show.run_demo(ROOT, tmp_path, console)
    assert "12/12" in console.export_text()


def test_a_folder_that_is_not_a_demo_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DemoError, match="holds something that is not a demo"):
        prepare(ROOT, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.nbgrader
@pytest.mark.slow
@pytest.mark.timeout(900)  # a class of thirteen is graded before the first test
class TestGraded:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def graded(cls, tmp_path_factory):
        cls.course = tmp_path_factory.mktemp("demo") / "course"
        learners = [*CLASS, ODD]
        prepare(ROOT, cls.course, learners)
        cls.rows = {row.learner.name: row for row in grade(cls.course, learners)}
        feedback(cls.course)

    def page(self, learner: str) -> str:
        text = (self.course / "feedback" / learner / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
        return html.unescape(re.sub(r"<[^>]+>", "", text))

    @pytest.mark.parametrize("learner", [*CLASS, ODD], ids=lambda learner: learner.kind)
    def test_marks(self, learner):
        row = self.rows[learner.name]
        assert row.marks == row.expected
        assert row.by_hand == bool(learner.answer)

    @pytest.mark.parametrize("name", SENTENCES)
    def test_one_clear_sentence_in_the_feedback(self, name):
        assert SENTENCES[name] in self.page(name)

    def test_what_was_printed_is_not_in_the_feedback(self):
        assert len(self.page("learner-10")) < 2 * len(self.page("learner-01"))
        assert "xxxxxxxx" not in self.page("learner-10")

    @pytest.mark.parametrize("exercise", ODD_SENTENCES)
    def test_a_sentence_for_odd_results(self, exercise):
        assert re.search(ODD_SENTENCES[exercise], self.page(ODD.name))
