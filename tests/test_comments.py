"""Marking by hand: the bank of comments, and a real formgrader in a real browser with the mark scheme beside the answer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from chromium import launched
from formgrader_server import fetch, formgrader
from grading_class import give, make_course, marks, run_grade, solved, sqlite
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from backprop_helpers.authoring.release import run_nbgrader
from backprop_helpers.cli import app
from backprop_helpers.course.comments import BANK, EXAMPLE, Comment, listed, read_bank
from backprop_helpers.course.comments import give as comment
from backprop_helpers.course.folder import begin
from backprop_helpers.grading.course import GradeError

LESSON = "02_loss"
ANSWER = "more_right_more_loss"
WORDS = "Accuracy counts which score is largest, and no more."
EVIL = "<script>alert(1)</script>"
MORE = "\n\n[here](javascript:alert(1)) ![drawing](attachment:drawing.svg)"  # the drawing is not attached


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[a]\npoints = 1", r'a has no text; write \[a\] and below it text = "…"'),
        ("a = 3", "a has no text"),
        ('[a]\ntext = " "', "a has no text"),
        ('[a]\ntext = "x"\npionts = 1', "has an entry 'pionts'; it knows text, points and answer"),
        ('[a]\ntext = "x"\npoints = -1', "points of a is -1; expected a number"),
        ('[a]\ntext = "x"\npoints = true', "points of a is True"),
        ("[a", "can't be read"),
        (f'[a]\ntext = "{"x" * 5000}"', "more than 4000 characters"),
    ],
)
def test_a_bank_that_can_not_be_used_is_said(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "comments.toml"
    path.write_text(text)
    with pytest.raises(GradeError, match=says):
        read_bank(path)


def test_the_example_is_a_bank_and_none_is_none(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(EXAMPLE)
    bank = read_bank(tmp_path / "c.toml")
    assert bank["sign"] == Comment("sign", bank["sign"].text, 1, ANSWER)
    assert read_bank(tmp_path / "absent.toml") == {}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = make_course(tmp_path_factory.mktemp("comments") / "course", LESSON)
    for name, changes in (("anna", {}), ("bert", {"exercise-mse": "def mse(pred, y):\n    return 0.0"})):
        give(course, name, LESSON, solved(LESSON, {**changes, f"answer-{ANSWER}": WORDS + EVIL + MORE}))
    assert run_grade(course, "--workers", "2").returncode == 0
    (course / BANK).parent.mkdir()
    (course / BANK).write_text(EXAMPLE + f"\n[evil]\ntext = '{EVIL}'\n")
    return course


@pytest.fixture
def course(once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(once, tmp_path / "course"))


@pytest.mark.nbgrader
@pytest.mark.slow
class TestBank:
    def test_the_list_has_the_scheme_who_waits_and_the_comments(self, course: Path) -> None:
        said = "\n".join(listed("02", course))
        assert f"{ANSWER}: 4 points; 2 wait: anna, bert" in said
        assert "**1 point** Accuracy: only which class is largest counts" in said
        assert "sign (1): The direction" in said
        assert "MARK SCHEME" not in said
        (course / BANK).unlink()
        assert "[because]" in "\n".join(listed("02", course))

    def test_comments_and_points_go_where_formgrader_puts_them_and_nothing_else_changes(
        self, course: Path
    ) -> None:
        before = marks(sqlite(course), LESSON)
        assert comment("02", "bert", ANSWER, ["because", "evil"], course, points=2.5) == [
            f"bert, {ANSWER}: 2 comments, 2.5 of 4 points."
        ]
        after = marks(sqlite(course), LESSON)
        assert after["anna"] == before["anna"]
        changed = {name for name in before["bert"] if before["bert"][name] != after["bert"][name]}
        assert changed == {f"answer-{ANSWER}", f"answer-{ANSWER} comment"}
        assert after["bert"][f"answer-{ANSWER}"] == (None, 2.5, False)
        given = after["bert"][f"answer-{ANSWER} comment"][1]
        assert given.endswith(f"\n\n{EVIL}")
        # again, with points of the bank: each comment stands there once
        comment("02", "bert", ANSWER, ["because", "sign"], course)
        bert = marks(sqlite(course), LESSON)["bert"]
        assert bert[f"answer-{ANSWER}"] == (None, 1, False)
        assert bert[f"answer-{ANSWER} comment"][1].count("which step of the calculation") == 1

    def test_code_may_be_commented_and_what_tests_gave_stays(self, course: Path) -> None:
        before = marks(sqlite(course), LESSON)["bert"]
        comment("02", "bert", "exercise-mse", ["because"], course)
        after = marks(sqlite(course), LESSON)["bert"]
        assert {name for name in before if before[name] != after[name]} == {"exercise-mse comment"}
        assert before["check-mse"] == after["check-mse"] == (0.0, None, False)
        with pytest.raises(GradeError, match="is no answer of 02_loss that a person marks"):
            comment("02", "bert", "check-mse", [], course, points=3)

    def test_what_does_not_fit_is_refused_and_nothing_is_written(self, course: Path) -> None:
        before = marks(sqlite(course), LESSON)
        for learner, answer, ids, points, says in (
            ("bert", ANSWER, ["becuase"], None, "has no comment 'becuase'; it has because, sign, evil"),
            ("bert", ANSWER, [], 4.5, "4.5 points do not fit"),
            ("bert", ANSWER, [], float("nan"), "do not fit"),
            ("zoe", ANSWER, ["because"], 1, "no answer 'more_right_more_loss' of zoe"),
            ("bert", "why", ["because"], None, "no answer 'why' of bert"),
        ):
            with pytest.raises(GradeError, match=says):
                comment("02", learner, answer, ids, course, points=points)
        assert marks(sqlite(course), LESSON) == before

    def test_the_commands(self, course: Path) -> None:
        run = CliRunner().invoke
        shown = run(app, ["comments", "02", "--course", str(course)])
        assert "2 wait: anna, bert" in shown.output
        done = run(
            app, ["comment", "02", "anna", ANSWER, "because", "--points", "3", "--course", str(course)]
        )
        assert "anna, more_right_more_loss: 1 comment, 3 of 4 points." in done.output
        assert "1 wait: bert" in run(app, ["comments", "02", "--course", str(course)]).output
        assert run(app, ["comment", "02", "anna", "x", "--course", str(course)]).exit_code == 1


@pytest.mark.nbgrader
@pytest.mark.slow
def test_nbgrader_makes_feedback_of_an_answer_whose_picture_is_not_there(course: Path) -> None:
    done = run_nbgrader(["generate_feedback", LESSON], course)
    assert done.returncode == 0, done.stderr
    for name in ("anna", "bert"):
        assert (course / "feedback" / name / LESSON / f"{LESSON}.html").is_file()
    # what was handed in stays as it was
    assert (
        "](javascript:alert(1))" in (course / "submitted" / "bert" / LESSON / f"{LESSON}.ipynb").read_text()
    )


@pytest.mark.nbgrader
@pytest.mark.slow
@pytest.mark.browser
def test_formgrader_shows_the_scheme_below_the_answer_and_takes_points(course: Path, tmp_path: Path) -> None:
    comment("02", "bert", ANSWER, ["evil"], course)
    with Gradebook(sqlite(course), "backprop") as gradebook:
        submission = gradebook.find_submission_notebook(LESSON, LESSON, "bert").id
    with formgrader(course, {"HOME": str(tmp_path), "JUPYTER_NO_CONFIG": ""}) as root:
        address = f"{root}/submissions/{submission}/?token=secret"
        fetch(address)
        with launched() as browser:
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            dialogs: list[str] = []
            page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
            # formulas come from elsewhere; without the network the page must not wait for them
            page.route(
                lambda url: not url.startswith(root.removesuffix("/formgrader")), lambda route: route.abort()
            )
            page.set_default_timeout(90_000)  # other tests run at the same time
            page.set_extra_http_headers({"Authorization": "token secret"})
            page.goto(address)
            answer = page.locator(".nbgrader_cell", has_text=WORDS).last
            answer.wait_for()
            scheme = page.get_by_text("only which class is largest counts, not by how much")
            score = answer.locator("input.score")
            field = answer.locator("textarea.comment")
            page.wait_for_function(
                "() => [...document.querySelectorAll('textarea.comment')].some(t => t.value.includes('script'))"
            )
            assert field.input_value() == EVIL  # the bank's comment stands in formgrader's own field
            above, below = answer.bounding_box(), scheme.bounding_box()
            assert above is not None
            assert below is not None
            # one below the other, on one screen
            assert 0 <= below["y"] - (above["y"] + above["height"]) < 400
            scheme.scroll_into_view_if_needed()
            page.screenshot(path=str(tmp_path / "formgrader.png"))
            score.fill("2")
            with page.expect_response(lambda r: "/api/grade/" in r.url and r.request.method == "PUT"):
                score.press("Tab")
            assert dialogs == []  # neither the answer's script ran nor the comment's
            answer.get_by_text("here").click()
            assert dialogs == []
            assert "< script>alert(1)" in answer.inner_text()
            assert "[here] (javascript:alert(1)) ![drawing] (attachment:drawing.svg)" in answer.inner_text()
    bert = marks(sqlite(course), LESSON)["bert"]
    assert bert[f"answer-{ANSWER}"][:2] == (None, 2)
    assert bert["check-mse"][0] == 0.0


def test_a_new_course_begins_with_a_bank_which_no_update_touches(tmp_path: Path) -> None:
    assert "comments.toml" in begin(tmp_path / "spring").text
    assert "because" in read_bank(tmp_path / "spring" / BANK)
    (tmp_path / "spring" / BANK).write_text("[mine]\ntext = 'x'\n")
    begin(tmp_path / "spring")
    assert list(read_bank(tmp_path / "spring" / BANK)) == ["mine"]
