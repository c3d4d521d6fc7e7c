"""Feedback pages: what they say and hide, that learners' words stay text, and that nbgrader's own command writes them."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from chromium import launched, shuts_out
from markupsafe import escape
from pygments.lexers import PythonLexer
from pygments.styles import get_style_by_name
from pygments.token import Token

from backprop_helpers import diagnose
from backprop_helpers.checks.registry import exercises
from backprop_helpers.checks.result import CheckResult
from backprop_helpers.experiments import theme
from backprop_helpers.feedback.content import Feedback, Finding, Hand, feedback_of, names_in, sentence
from backprop_helpers.feedback.listing import STYLES, code, parted
from backprop_helpers.feedback.page import checked as checked_list
from backprop_helpers.feedback.page import page, said
from backprop_helpers.feedback.prose import html_of
from backprop_helpers.feedback.sections import EXPLAINED
from backprop_helpers.grading.course import open_course
from backprop_helpers.grading.master import Master, read_master
from backprop_helpers.grading.results import GradedCell, GradedSubmission

ROOT = Path(__file__).parent.parent
LESSON = "04_backward_pass"
EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def master() -> Master:
    return read_master(open_course(ROOT), LESSON)


def checked(result: CheckResult, hidden: bool = False) -> dict[str, Any]:
    return {
        "exercise": result.name,
        "passed": result.passed,
        "hidden": hidden,
        "message": result.message,
        "where": result.where,
        "look": result.look,
        "remarks": result.remarks,
    }


def result_of(
    master: Master, wrote: dict[str, tuple[str, Any]], learner: str = "ada", **other: Any
) -> GradedSubmission:
    """A result in which each exercise is right but those in `wrote`: name → (source, function)."""
    cells = []
    for cell in master.cells:
        name = re.sub("^(exercise|check)-", "", cell.grade_id)
        source, fn = wrote.get(name, ("def right():\n    return 1\n", None))
        if cell.kind == "solution":
            cells.append(GradedCell(cell.grade_id, source, 0.0, touched=source != cell.source))
        elif cell.kind == "test":
            found = diagnose(name, fn) if fn else CheckResult(name, True, f"{name} holds.")
            cells.append(
                GradedCell(
                    cell.grade_id,
                    cell.source,
                    cell.points if found.passed else 0.0,
                    message="" if found.passed else str(found),
                    checks=[checked(found)],
                )
            )
        else:
            cells.append(GradedCell(cell.grade_id, cell.source))
    return GradedSubmission(LESSON, learner, "key", "graded", "strong", cells=tuple(cells), **other)


def slope_left_out(dout: Any, cache: Any) -> Any:
    return dout


@pytest.fixture(scope="module")
def one_wrong(master: Master) -> GradedSubmission:
    source = f"def relu_backward(dout, cache):\n    return dout  # {EVIL}\n"
    return result_of(master, {"relu_backward": (source, slope_left_out)})


class Reader(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_failed_check_is_told_with_its_hints_in_order_beside_the_code(
    master: Master, one_wrong: GradedSubmission
) -> None:
    found = feedback_of(master, one_wrong)
    (item,) = (i for i in found.items if i.state == "wrong")
    assert item.title == "relu_backward"
    assert item.finding is not None
    assert item.finding.message.startswith("dx is dout everywhere")
    assert [title[:6] for title, _ in item.hints] == ["Hint 1", "Hint 2", "Hint 3"]
    assert found.earned == master.points - item.points
    read = Reader(page(found))
    for words in (
        item.finding.message,
        item.finding.where,
        "return dout",
        "Hint 3",
        f"{found.earned:g} of 20 points",
    ):
        assert " ".join(words.split()) in " ".join(read.words.split())


def all_failed(lesson: str) -> Feedback:
    master = read_master(open_course(ROOT), lesson)
    cells = tuple(GradedCell(cell.grade_id, cell.source, 0.0) for cell in master.cells)
    return feedback_of(master, GradedSubmission(lesson, "ada", "key", "graded", "strong", cells=cells))


@pytest.mark.parametrize("lesson", ["01_forward_pass", "02_loss", "06_training_loop"])
def test_every_exercise_that_fails_shows_the_hints_of_its_page(lesson: str) -> None:
    items = [item for item in all_failed(lesson).items if not item.words]
    assert items
    for item in items:
        assert [title[:6] for title, _ in item.hints] == ["Hint 1", "Hint 2", "Hint 3"], item.title
        assert item.section


def test_what_to_read_again_explains_the_exercise_and_is_said_once() -> None:
    found: dict[str, str] = {}
    for path in sorted((ROOT / "solutions").glob("*/*.ipynb")):
        feedback = all_failed(path.stem)
        items = [item for item in feedback.items if item.section]
        found |= {item.title: item.section for item in items}
        said = [item.section for item in items if feedback.to_read(item)]
        assert len(said) == len(set(said))
        assert {title for item in items for title in feedback.to_read(item)} == {i.title for i in items}
    assert {name: found[name] for name in EXPLAINED} == EXPLAINED  # each heading stands above its exercise
    assert not [h for h in found.values() if h.startswith(("Your turn", "Worked", "The same", "By hand"))]
    for name, heading in {
        "swish_backward": "Where a value is used twice",
        "affine_backward": "The affine layer",
        "sigmoid_backward": "Sigmoid",
        "mlp_backward": "The whole network",
        "train_step": "One step of a whole network",
    }.items():
        assert found[name] == heading
    (item,) = [i for i in all_failed("01_forward_pass").items if i.title == "relu_forward"]
    assert "for relu_forward and tanh_forward" in " ".join(
        Reader(page(all_failed("01_forward_pass"))).words.split()
    )
    assert item.section == "4 · Three activations"


def test_a_first_line_begins_with_a_capital_unless_it_begins_with_a_name() -> None:
    names = names_in("def slope(x):\n    out = np.tanh(x)\n    return out\n")
    assert names == {"slope", "x", "out", "np", "tanh"}
    assert sentence("where x was negative", names_in("np.where(x > 0, 1, 0)")) == "Where x was negative"
    assert sentence("mean is divided", names_in("mean = 2")) == "mean is divided"
    assert sentence("the slope is negative", names) == "The slope is negative"
    assert sentence("a loss stands still", names) == "A loss stands still"
    for kept in (
        "slope is negative",
        "out is 0",
        "tanh is applied",
        "b[i] went to row i",
        "p is a str",
        "μ is missing",
        "dx_1 is",
    ):
        assert sentence(kept, names) == kept


def test_what_a_check_puts_between_backticks_is_code_and_still_text() -> None:
    assert said("use `keepdims`, <b>") == "use <code>keepdims</code>, &lt;b&gt;"
    assert said("one ` alone <b>") == "one ` alone &lt;b&gt;"
    assert said(f"`{EVIL}`") == f"<code>{escape(EVIL)}</code>"


def test_everything_a_learner_wrote_is_text(master: Master, one_wrong: GradedSubmission) -> None:
    nasty = result_of(master, {}, learner=EVIL, notes=(EVIL,))
    for result in (one_wrong, nasty, msgspec.structs.replace(nasty, reason=EVIL, cells=())):
        text = page(feedback_of(master, result, {"check-relu_backward": Hand(0.5, comment=EVIL)}))
        read = Reader(text)
        assert "script" not in read.tags
        assert "img" not in read.tags
        assert "alert(1)" in read.words


def test_nothing_hidden_is_shown(master: Master, one_wrong: GradedSubmission) -> None:
    """Neither the hidden tests' source nor a solution; of a hidden failure only that there was one."""
    text = Reader(page(feedback_of(master, one_wrong))).words
    assert "hidden=True" not in text
    assert "HIDDEN TESTS" not in text
    assert "BEGIN SOLUTION" not in text
    cells = tuple(
        msgspec.structs.replace(
            cell, earned=0.0, checks=[checked(diagnose("mse_backward", slope_left_out, hidden=True), True)]
        )
        if cell.grade_id == "check-mse_backward"
        else cell
        for cell in one_wrong.cells
    )
    hidden = page(feedback_of(master, msgspec.structs.replace(one_wrong, cells=cells)))
    assert "on other inputs, which are not shown" in hidden


def test_a_function_that_calls_a_wrong_one_says_so(master: Master) -> None:
    source = "def mlp_backward(dscores, caches):\n    return relu_backward(dscores, caches)\n"
    result = result_of(
        master,
        {
            "relu_backward": ("def relu_backward(dout, cache):\n    return dout\n", slope_left_out),
            "mlp_backward": (source, slope_left_out),
        },
    )
    item = next(i for i in feedback_of(master, result).items if i.title == "mlp_backward")
    assert item.also == ("relu_backward",)
    assert "Mend that first" in " ".join(Reader(page(feedback_of(master, result))).words.split())


STOPPED = [
    (
        "This cell stopped with SyntaxError: incomplete input (<ipython-input-4-b04>, line 2)",
        "There is no function relu_backward here: run the cell that defines it.",
        Finding(
            "This cell stopped with SyntaxError: incomplete input (line 2).",
            look="The code ends in the middle of something: brackets or quotes that never close, or a def with nothing below it.",
        ),
    ),
    (
        "This cell stopped with NameError: name 'nump' is not defined",
        "There is no function relu_backward here: run the cell that defines it.",
        Finding(
            "This cell stopped with NameError: name 'nump' is not defined.",
            look="Mend that first: what stands below it in the cell was not run.",
        ),
    ),
    (
        "This cell stopped with NameError: name 'nump' is not defined",
        "dx is wrong.",
        Finding("dx is wrong.", remarks=("This cell stopped with NameError: name 'nump' is not defined.",)),
    ),
]


@pytest.mark.parametrize(("message", "says", "shown"), STOPPED)
def test_a_cell_that_stopped_says_so_first(master: Master, message: str, says: str, shown: Finding) -> None:
    failed = {"exercise": "relu_backward", "passed": False, "message": says}
    cells = []
    for cell in result_of(master, {}).cells:
        if cell.grade_id == "exercise-relu_backward":
            cell = GradedCell(
                cell.grade_id, "def relu_backward(dout,", touched=True, status="error", message=message
            )
        elif cell.grade_id == "check-relu_backward":
            cell = GradedCell(cell.grade_id, cell.source, 0.0, message=f"✗ {says}", checks=[failed])
        cells.append(cell)
    result = msgspec.structs.replace(result_of(master, {}), cells=tuple(cells))
    (item,) = [item for item in feedback_of(master, result).items if item.title == "relu_backward"]
    assert item.finding == shown


def test_a_persons_marks_and_comments_stand_first(master: Master, one_wrong: GradedSubmission) -> None:
    found = feedback_of(master, one_wrong, {"check-relu_backward": Hand(0.5, 0.25, "Nearly.")}, penalty=2.0)
    item = next(i for i in found.items if i.title == "relu_backward")
    assert (item.earned, item.comment) == (0.75, "Nearly.")
    assert found.earned == pytest.approx(master.points - 1 + 0.75 - 2)
    assert "2 points off for being late" in Reader(page(found)).words


def test_an_answer_in_words_waits_is_read_or_is_empty() -> None:
    course = open_course(ROOT)
    lesson = read_master(course, "02_loss")
    answer = next(cell for cell in lesson.cells if cell.by_hand)
    for touched, hand, state in (
        (False, Hand(), "empty"),
        (True, Hand(), "unread"),
        (True, Hand(3.0, comment="Good."), "read"),
    ):
        cells = tuple(
            GradedCell(
                c.grade_id,
                "my words" if c is answer else c.source,
                None if touched and c is answer else 0.0,
                touched=touched,
            )
            for c in lesson.cells
        )
        result = GradedSubmission("02_loss", "ada", "k", "graded", "strong", cells=cells)
        item = next(i for i in feedback_of(lesson, result, {answer.grade_id: hand}).items if i.words)
        assert item.state == state
        assert "Explain how that can be" in item.question


def test_code_is_bounded_and_shows_no_invisible_characters() -> None:
    shown = code("x = 1  # \u202e\x00\x1b[31m\n" + "y" * 30_000)
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    assert "more characters" in shown


LONG = """\
import math


def _helper(x):
    if x.ndim < 2:
        raise ValueError("too flat")
    a = 1
    b = 2
    return a + b


# what is asked for
@decorated
def relu_backward(dout, cache):
    y = _helper(dout)

    return y
TABLE = {}
"""


def test_the_exercises_own_function_stands_first_and_the_rest_of_a_long_cell_is_folded() -> None:
    own, rest = parted(LONG, "relu_backward")
    assert own.startswith("# what is asked for\n@decorated\ndef relu_backward")
    assert own.endswith("    return y")
    assert [line for line in rest.splitlines() if line] == [
        line for line in LONG.splitlines() if line and line not in own
    ]
    for source in (LONG[:80], LONG + "(", LONG.replace("relu", "elu")):  # short, no Python, not there
        assert parted(source, "relu_backward") == (source, "")
    assert "<details open><summary>What else is in this cell, 8 lines" in code(LONG, "relu_backward")
    longer = "\n".join(f"x{k} = {k}" for k in range(30)) + "\n" + LONG
    assert "<details><summary>What else is in this cell, 38 lines" in code(longer, "relu_backward")
    marked = str(code(longer, "relu_backward", "y = _helper(dout)"))
    inside = marked[marked.index("<mark") : marked.index("</mark>")]
    assert Reader(inside).words == "    y = _helper(dout)\n"
    for unknown in ("", "y = _help", "x = 5"):
        assert "<mark" not in code(longer, "relu_backward", unknown)
    assert "<details open>" in code(longer, "relu_backward", "x7 = 7")
    assert Reader(str(code(LONG.replace("relu", "elu"), "relu_backward"))).words == LONG.replace(
        "relu", "elu"
    )


def test_the_line_at_which_it_stopped_is_known() -> None:
    said = "it stopped with ValueError: no in its line `y = f(x)`. Inputs: 2 layers."
    assert Finding("Every layer gets x.", said).line == "y = f(x)"
    assert Finding(f"f {said}").line == "y = f(x)"
    assert Finding("dx is wrong.", "dx: got 1, expected 2").line == ""


def test_what_was_checked_is_a_list() -> None:
    shown = checked_list(
        f"Checked: dx; the inputs stay. Inputs: x of shape (2,); {EVIL}. note · it printed 5 characters."
    )
    assert "<li>x of shape (2,)</li><li>&lt;/pre&gt;" in shown
    assert "Note ·</span> it printed 5 characters." in shown
    for exercise in exercises().values():
        cases = exercise.cases(np.random.default_rng(0))
        assert not [case.label for case in cases if ";" in case.label], exercise.name


def contrast(one: str, other: str) -> float:
    """WCAG's contrast of two colours, #rrggbb."""

    def light(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("style", "colours"), list(zip(STYLES, (theme.LIGHT, theme.DARK), strict=True)))
def test_code_can_be_read_and_no_string_looks_like_an_error(style: str, colours: dict[str, str]) -> None:
    used = dict(get_style_by_name(style))
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "backprop_helpers").glob("*.py"))
    for token in {kind for kind, text in PythonLexer().get_tokens(source) if text.strip()}:
        colour = used[token]["color"]
        assert not colour or contrast(f"#{colour}", colours["paper"]) >= 4.5, token
    for token in (Token.Literal.String, Token.Literal.String.Doc, Token.Keyword):
        red, green, blue = (int(str(used[token]["color"])[k : k + 2], 16) for k in (0, 2, 4))
        assert not red > 2 * max(green, blue), token


def test_formulas_need_no_script() -> None:
    shown = html_of(r"Use $\frac{\partial L}{\partial w}$ and <b>no</b> `x @ w`.")
    assert "<math" in shown
    assert "&lt;b&gt;" in shown
    assert "<code>x @ w</code>" in shown
    assert "<code>\\frac{</code>" in html_of(r"$\frac{$")


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_on_paper_a_phone_and_in_both_themes(
    master: Master, one_wrong: GradedSubmission, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    hands = {"check-relu_backward": Hand(comment=f"First.\n\n{'=cmd' * 200}")}
    found: Feedback = feedback_of(master, one_wrong, hands)
    path.write_text(page(replace(found, learner="a" * 120)), encoding="utf-8")
    with launched() as browser:
        for scheme in ("light", "dark"):
            shown = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 800})  # type: ignore[arg-type]
            asked: list[str] = []
            shown.on("request", lambda request, asked=asked: asked.append(request.url))
            shown.goto(path.as_uri())
            assert asked == [path.as_uri()]
            assert shown.evaluate("document.documentElement.scrollWidth <= 390")
            assert shuts_out(shown) == []
        shown.emulate_media(media="print", color_scheme="dark")
        assert not shown.locator("nav").is_visible()
        paper = "getComputedStyle(document.body)"
        assert shown.evaluate(f"[{paper}.color, {paper}.backgroundColor]") == [
            "rgb(26, 26, 26)",
            "rgb(255, 255, 255)",
        ]
        for hint in shown.locator("details > div").all():
            assert hint.is_visible()  # nobody opens a hint on paper
